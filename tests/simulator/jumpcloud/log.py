"""The event log of an organisation, as Directory Insights keeps it: by time of the event, late
arrivals and doublets included.
"""

import datetime
import itertools
import uuid
from typing import Any, Iterator, Optional

KEPT = datetime.timedelta(days=90)  # in the smallest plan 15
PAGE_MAX = 10000
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def in_turn(when: datetime.datetime, number: int) -> str:
    """Times have 0, 3 or 9 digits of a fraction, and no fewer than they need."""
    text = when.strftime("%Y-%m-%dT%H:%M:%S")
    if number % 3 == 0 and when.microsecond == 0:
        return f"{text}Z"
    if number % 3 == 1 and when.microsecond % 1000 == 0:
        return f"{text}.{when.microsecond // 1000:03}Z"
    return f"{text}.{when.microsecond:06}000Z"


def parse_time(text: str) -> datetime.datetime:
    """RFC 3339 with any fraction; raises ValueError."""
    head, dot, tail = text.partition(".")
    if not dot:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    digits = "".join(itertools.takewhile(str.isdigit, tail))
    zone = tail[len(digits):].replace("Z", "+00:00")
    return datetime.datetime.fromisoformat(f"{head}.{digits[:6]:0<6}{zone}")


class Entry:
    """One stored document. Two may hold the same event."""

    def __init__(self, number: int, when: datetime.datetime, row: dict[str, Any]):
        self.number, self.when, self.row = number, when, row

    @property
    def ms(self) -> int:
        return (self.when - EPOCH) // datetime.timedelta(milliseconds=1)

    @property
    def sort(self) -> list[Any]:
        """What X-Search_after says of it: a number and a text."""
        return [self.ms, f"AX{self.number:08}"]


class Log:
    def __init__(self, now: datetime.datetime):
        self.entries: list[Entry] = []
        self.count = 0
        self.organization = ""
        self.kept = KEPT
        self.page_max = PAGE_MAX  # a page is cut to it silently
        self.skew = datetime.datetime.now(datetime.timezone.utc) - now

    def now(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.timezone.utc) - self.skew

    def new_event_id(self) -> str:
        number = self.count
        if number % 4 == 3:
            return str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))).upper()
        return f"66aa{number:020x}"

    def add(self, service: str, event_type: str, at: Optional[datetime.datetime],
            fields: dict[str, Any]) -> Entry:
        self.count += 1
        when = at or self.now()
        row = {"id": self.new_event_id(), "event_type": event_type, "service": service,
               "timestamp": in_turn(when, self.count), "organization": self.organization,
               "provider": None, "@version": "1", **fields}
        entry = Entry(self.count, when, {key: value for key, value in row.items()
                                         if value is not ...})
        self.entries.append(entry)
        return entry

    def software(self, kind: str, on: str, install: dict[str, Any],
                 at: Optional[datetime.datetime] = None, was: Optional[str] = None,
                 **more: Any) -> Entry:
        """`on`: a system's id; `kind`: add, change, remove, or with _request; `more`: other values
        for fields, ... leaves one out."""
        application = {"name": install["name"], "version": install["version"],
                       "path": install["path"], "publisher": install["publisher"],
                       "uninstall_string": ""}
        fields = {
            "system": {"id": on, "type": "system"},
            "resource": {"id": on, "type": "system"},
            "application": {key: value for key, value in application.items() if value is not None},
            "changes": ..., "app_management_source": "JumpCloud App Catalog"}
        if kind == "change":
            fields["changes"] = [{"field": "version", "from": was, "to": install["version"]}]
        elif self.count % 2:
            fields["changes"] = None
        return self.add("software", f"software_{kind}", at, fields | more)

    def login(self, service: str, person: str, username: str, at: datetime.datetime,
              is_success: bool) -> Entry:
        kinds = {"directory": "user_login_attempt", "sso": "sso_auth", "ldap": "ldap_bind",
                 "radius": "radius_auth_attempt", "systems": "login_attempt"}
        return self.add(service, kinds[service], at, {
            "initiated_by": {"id": person, "type": "user", "username": username},
            "success": is_success})

    def found(self, services: list[str], start: datetime.datetime,
              end: Optional[datetime.datetime], is_descending: bool = False) -> list[Entry]:
        oldest = max(start, self.now() - self.kept)
        entries = (entry for entry in self.entries
                   if ("all" in services or entry.row["service"] in services)
                   and oldest <= entry.when and (end is None or entry.when < end))
        return sorted(entries, key=lambda entry: entry.sort, reverse=is_descending)

    def told(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The software events in the order in which they happened, one time each."""
        seen: set[str] = set()
        for entry in sorted(self.entries, key=lambda entry: (entry.when, entry.number)):
            if entry.row["service"] == "software" and entry.row["id"] not in seen:
                seen.add(entry.row["id"])
                yield entry.row["event_type"], entry.row
