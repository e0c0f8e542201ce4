"""Prism: the bulk listings with cursors, /prism/{category}, and its count and export."""

import base64
import fnmatch
import hashlib
import itertools
import json
from typing import Any, Callable, Iterator, Optional

from ..exchange import Page, Reply, Request, json_reply, page_at
from . import rows
from .tenant import Device, Tenant

LIMIT_DEFAULT, LIMIT_MAX = 25, 300
CURSOR_ENDS = ("null", "empty", "absent", "empty_page")
MODES = ("cursor", "offset")  # offset: the service before cursors, where offset works
Position = tuple[int, int]  # of a row: device's seq, row's seq
START: Position = (-1, -1)
Row = tuple[Position, dict[str, Any]]

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, operand: value == operand,
    "in": lambda value, operands: value in operands,
    "not_in": lambda value, operands: value not in operands,
    "like": lambda value, operands: any(is_like(value, text) for text in operands),
    "not_like": lambda value, operands: not any(is_like(value, text) for text in operands),
}


def is_like(value: Any, text: str) -> bool:
    return fnmatch.fnmatch(str(value or "").lower(), f"*{text.lower()}*")


def bad_request(detail: str) -> Reply:
    return json_reply({"detail": detail}, 400)


def scope_hash(request: Request) -> str:
    """A cursor is good only with the parameters it was made for."""
    same = sorted(request.without("cursor").query.items())
    return hashlib.sha256(repr(same).encode()).hexdigest()[:8]


def make_cursor(position: Position, number: int, request: Request) -> str:
    text = json.dumps([*position, number, scope_hash(request), "?>"])
    return base64.b64encode(text.encode()).decode()  # has +, / and = in it, as cursors may


def read_cursor(request: Request) -> Optional[tuple[Position, int]]:
    """Position after which to go on and the page's number; None if the cursor is no good."""
    text = request.query.get("cursor", "")
    if not text:
        return START, 1
    try:
        device, row, number, scope, _ = json.loads(base64.b64decode(text, validate=True))
    except ValueError:
        return None
    return ((device, row), number) if scope == scope_hash(request) else None


def asked_limit(request: Request) -> int:
    text = request.query.get("limit", "")
    limit = int(text) if text.isascii() and text.isdigit() else LIMIT_DEFAULT
    return min(limit or LIMIT_DEFAULT, LIMIT_MAX)


def asked_offset(request: Request) -> int:
    text = request.query.get("offset", "")
    return int(text) if text.isascii() and text.isdigit() else 0


def app_rows(device: Device, after: int) -> list[tuple[int, dict[str, Any]]]:
    installs = [install for install in device.installs if install.seq > after]
    return list(zip((install.seq for install in installs), rows.prism_rows(device, installs)))


def information_rows(device: Device, after: int) -> list[tuple[int, dict[str, Any]]]:
    return [(0, rows.information_row(device))] if after < 0 and device.listed else []


CATEGORIES = {"apps": app_rows, "device_information": information_rows}


def identify(row: dict[str, Any]) -> str:
    place = row.get("path") or row.get("bundle_id") or row.get("name") or ""
    return f"{row['device_id']} {place}".rstrip()


class Prism:
    """The Prism part of one tenant's service. the options are those of README.md."""

    def __init__(self, tenant: Tenant, mode: str, cursor_end: str, short_pages: bool,
                 tells_total: bool):
        self.tenant = tenant
        self.mode = mode
        self.cursor_end = cursor_end
        self.short_pages = short_pages
        self.tells_total = tells_total

    def locate(self, request: Request) -> int:
        if self.mode == "offset":
            return page_at(asked_offset(request), asked_limit(request))
        place = read_cursor(request)
        return place[1] if place else 1

    def walk(self, category: str, request: Request, after: Position) -> Iterator[Row]:
        """The rows after a position that the request's parameters let through."""
        families = split(request.query.get("device_families"))
        blueprints = split(request.query.get("blueprint_ids"))
        wanted = json.loads(request.query.get("filter") or "{}")
        devices = self.tenant.devices
        for device in itertools.islice(devices, self.tenant.first_device_from(after[0]), None):
            if families and device.prism_family not in families:
                continue
            if blueprints and device.blueprint_id not in blueprints:
                continue
            after_row = after[1] if device.seq == after[0] else -1
            for seq, row in CATEGORIES[category](device, after_row):
                if all(passes(row, field, test) for field, test in wanted.items()):
                    yield (device.seq, seq), row

    def total(self, category: str) -> int:
        if category == "apps":
            return self.tenant.install_count()
        return len(self.tenant.listed())

    def list(self, category: str, request: Request) -> Reply:
        if category not in CATEGORIES:
            return bad_request(f"Invalid category: {category}")
        try:
            if self.mode == "offset":
                return Reply(page=self.offset_page(category, request))
            return self.cursor_reply(category, request)
        except (ValueError, AttributeError, TypeError):
            return bad_request("Invalid filter")

    def offset_page(self, category: str, request: Request) -> Page:
        offset, limit = asked_offset(request), asked_limit(request)
        found = itertools.islice(self.walk(category, request, START), offset, offset + limit)
        page = new_page([row for _, row in found], limit, page_at(offset, limit))
        page.total, page.has_cursor = self.total(category), True
        if offset:
            page.envelope = envelope_from(offset)
        return page

    def cursor_reply(self, category: str, request: Request) -> Reply:
        if asked_offset(request) > 0:
            return bad_request("Offset pagination is not supported. Use cursor.")
        if request.query.get("cursor") and request.query.get("sort_by"):
            return bad_request("sort_by is not supported with cursor")
        place = read_cursor(request)
        if place is None:
            return bad_request("Invalid cursor")
        return Reply(page=self.cursor_page(category, request, *place))

    def cursor_page(self, category: str, request: Request, after: Position, number: int) -> Page:
        limit = asked_limit(request)
        count = limit
        if self.short_pages and number % 3 == 2:
            count = max(1, limit - 1 - number % 7)
        found = list(itertools.islice(self.walk(category, request, after), count + 1))
        page = new_page([row for _, row in found[:count]], limit, number)
        page.has_cursor = True
        page.total = self.total(category) if self.tells_total else None
        page.asked_cursor = request.query.get("cursor")
        is_last = len(found) <= count
        if found and (not is_last or self.cursor_end == "empty_page"):
            page.cursor = make_cursor(found[:count][-1][0], number + 1, request)
        elif self.cursor_end == "empty":
            page.cursor = ""
        elif self.cursor_end == "absent":
            page.has_cursor = False
        return page

    def count(self, request: Request) -> Reply:
        category = request.query.get("category", "")
        if category not in CATEGORIES:
            return bad_request(f"Invalid category: {category}")
        return json_reply({"count": self.total(category), "approximate": False})


def split(text: Optional[str]) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def passes(row: dict[str, Any], field: str, test: dict[str, Any]) -> bool:
    return all(OPERATORS[name](row.get(field), operand) if name in OPERATORS else True
               for name, operand in test.items())


def new_page(found: list[dict[str, Any]], limit: int, number: int) -> Page:
    return Page(rows=found, id_key="device_id", text_key="name", time_key="last_collected_at",
                identify=identify, envelope=envelope_from(None), number=number, size=limit)


def envelope_from(offset: Optional[int]) -> Callable[[Page], dict[str, Any]]:
    def envelope(page: Page) -> dict[str, Any]:
        body = {"offset": offset, "limit": page.size, "total": page.total, "data": page.rows}
        # The last page of some categories has no such key at all.
        if page.has_cursor or page.cursor:
            body["cursor"] = page.cursor
        return body
    return envelope
