"""Directory Insights: one query a request, paged by headers."""

import dataclasses
import datetime
import json
from typing import Any, Callable, Optional

from ..exchange import Page, Reply, Request, json_reply
from .log import EPOCH, Entry, Log, parse_time

LIMIT, LIMIT_MAX = 1000, 10000
SERVICES = ("all", "directory", "sso", "ldap", "radius", "systems", "mdm", "alerts", "alert",
            "notifications", "object_storage", "password_manager", "reports",
            "saas_app_management", "access_management", "asset_management", "software")
FIELDS = ("id", "event_type", "service", "timestamp", "organization", "provider", "system",
          "resource", "application", "changes", "app_management_source", "@version",
          "initiated_by", "success")


class Refused(Exception):
    """The text is the vendor's message."""


@dataclasses.dataclass
class Query:
    services: list[str]
    start: datetime.datetime
    end: Optional[datetime.datetime]
    limit: int
    is_descending: bool
    fields: Optional[list[str]]
    terms: dict[str, Any]
    after: Optional[list[Any]]


def moment(body: dict[str, Any], key: str) -> Optional[datetime.datetime]:
    if body.get(key) is None:
        return None
    try:
        return parse_time(body[key])
    except (TypeError, ValueError, AttributeError) as error:
        raise Refused(f"invalid {key}") from error


def read_services(body: dict[str, Any]) -> list[str]:
    services = body.get("service")
    if not isinstance(services, list) or not services:
        raise Refused("service is required")
    unknown = [one for one in services if one not in SERVICES]
    if unknown:
        raise Refused(f"unknown service {unknown[0]!r}; valid: {', '.join(SERVICES)}")
    return services


def read_after(body: dict[str, Any]) -> Optional[list[Any]]:
    after = body.get("search_after")
    if after is None:
        return None
    if not (isinstance(after, list) and len(after) == 2 and type(after[0]) is int
            and isinstance(after[1], str)):
        raise Refused("search_after: [number, text] as X-Search_after said it")
    return after


def read_query(body: Any, log: Log) -> Query:
    """Raises Refused. Nonsense in limit and sort is corrected silently, as the vendor does."""
    if not isinstance(body, dict):
        raise Refused("a JSON object is wanted")
    start, end = moment(body, "start_time"), moment(body, "end_time")
    if start is None or start > log.now():
        raise Refused("start_time is required and lies in the past")
    if end is not None and end <= start:
        raise Refused("end_time is after start_time")
    fields = body.get("fields")
    if fields is not None and not {str(one).partition(".")[0] for one in fields} & set(FIELDS):
        raise Refused("fields: nothing that is known")
    limit = body.get("limit")
    is_limit = type(limit) is int and 0 < limit <= LIMIT_MAX
    limit = min(limit if is_limit else LIMIT, log.page_max)
    return Query(read_services(body), start, end, limit,
                 body.get("sort") == "DESC", fields, body.get("search_term") or {},
                 read_after(body))


def value_at(row: Any, path: str) -> Any:
    for step in path.split("."):
        row = row.get(step) if isinstance(row, dict) else None
    return row


def meets(row: dict[str, Any], terms: dict[str, Any]) -> bool:
    """search_term: values are stored in lower case and compared as they are given."""
    how: dict[str, Callable[[Any], bool]] = {"and": all, "or": any, "not": lambda found:
                                             not any(found)}
    for name, conditions in terms.items():
        if name not in how:
            raise Refused("search_term: and, or, not")
        if not how[name](meets_one(row, condition) for condition in conditions):
            return False
    return True


def meets_one(row: dict[str, Any], condition: dict[str, Any]) -> bool:
    for field, wanted in condition.items():
        if field in ("and", "or", "not"):
            return meets(row, {field: wanted})
        found = str(value_at(row, field)).lower()
        if found not in [str(one) for one in (wanted if isinstance(wanted, list) else [wanted])]:
            return False
    return True


def projected(row: dict[str, Any], fields: Optional[list[str]]) -> dict[str, Any]:
    if fields is None:
        return dict(row)
    made: dict[str, Any] = {}
    for field in fields:
        head, _, rest = field.partition(".")
        if head in row and not rest:
            made[head] = row[head]
        elif isinstance(row.get(head), dict) and rest in row[head]:
            made.setdefault(head, {})[rest] = row[head][rest]
    return made


def matching(log: Log, query: Query) -> list[Entry]:
    return [entry for entry in
            log.found(query.services, query.start, query.end, query.is_descending)
            if meets(entry.row, query.terms)]


def begin_of(found: list[Entry], query: Query) -> int:
    """How many of the entries lie before the page that is asked for."""
    if query.after is None:
        return 0
    if query.is_descending:
        return sum(1 for entry in found if entry.sort >= query.after)
    return sum(1 for entry in found if entry.sort <= query.after)


def page_number(log: Log, request: Request) -> Optional[int]:
    try:
        query = read_query(request.json(), log)
        return -(-begin_of(matching(log, query), query) // query.limit) + 1
    except (Refused, ValueError):
        return None


def list_events(log: Log, request: Request) -> Reply:
    try:
        query = read_query(request.json(), log)
        found = matching(log, query)
    except (Refused, ValueError) as error:
        return json_reply({"message": str(error)}, 400)
    begin = begin_of(found, query)
    taken = found[begin:begin + query.limit]
    last = taken[-1].sort if taken else query.after or [(query.start - EPOCH) //
                                                       datetime.timedelta(milliseconds=1), ""]
    headers = [("X-Result-Count", str(len(taken))), ("X-Limit", str(query.limit)),
               ("X-Sort", "DESC" if query.is_descending else "ASC"),
               ("X-Search_after", json.dumps(last)), ("X-Request-Id", f"r{len(found)}")]
    return Reply(headers=headers, page=Page(
        rows=[projected(entry.row, query.fields) for entry in taken], id_key="id",
        text_key="event_type", time_key="timestamp", identify=lambda row: row.get("id", ""),
        envelope=lambda page: page.rows, number=-(-begin // query.limit) + 1, size=query.limit))


def count_events(log: Log, request: Request) -> Reply:
    try:
        return json_reply({"count": len(matching(log, read_query(request.json(), log)))})
    except (Refused, ValueError) as error:
        return json_reply({"message": str(error)}, 400)
