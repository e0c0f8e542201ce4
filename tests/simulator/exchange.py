"""What travels between the HTTP connection, the faults and a vendor: requests, replies, pages.

A vendor builds a Reply; one that lists things attaches a Page, so that faults can bend the
listing (repeat it, empty it, spoil one row) without knowing the vendor.
"""

import dataclasses
import json
import urllib.parse
from typing import Any, Callable, Optional


class Raw:
    """Bytes that stand in a JSON text as they are: NaN, invalid UTF-8, a row with a key twice."""

    def __init__(self, data: bytes):
        self.data = data


def encode_json(value: Any) -> bytes:
    """Compact UTF-8 JSON; a Raw anywhere inside is written verbatim."""
    raws: list[bytes] = []

    def hold(part: Any) -> str:
        if not isinstance(part, Raw):
            raise TypeError(f"{type(part).__name__} is no JSON value")
        raws.append(part.data)
        return f"\ue000{len(raws) - 1}\ue000"

    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=hold).encode()
    for i, data in enumerate(raws):
        body = body.replace(f'"\ue000{i}\ue000"'.encode(), data)
    return body


@dataclasses.dataclass
class Request:
    method: str
    host: str  # lower case, without port
    path: str  # percent-decoded, without a trailing slash
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes = b""
    target: str = ""  # as it stood in the request line
    version: str = "HTTP/1.1"
    certificate: str = ""  # the common name of the client's, which was verified; "" = none

    def without(self, *names: str) -> "Request":
        """The same request less some query parameters."""
        query = {k: v for k, v in self.query.items() if k not in names}
        return dataclasses.replace(self, query=query)

    def json(self) -> Any:
        """The body as JSON, {} when empty; raises ValueError when it is none."""
        return json.loads(self.body) if self.body.strip() else {}


def parse_target(target: str) -> tuple[str, dict[str, str]]:
    """Path (decoded, no trailing slash) and query (the last of equal names wins)."""
    path, _, query = target.partition("?")
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    return urllib.parse.unquote(path).rstrip("/") or "/", dict(pairs)


def page_at(offset: int, limit: int) -> int:
    """Which page begins at a row offset; one that overlaps the page before is the next one."""
    return -(-offset // limit) + 1


@dataclasses.dataclass
class Page:
    """One page of a listing before it is encoded. A fault may set `rows` to any JSON value."""

    rows: Any
    id_key: str  # the field that identifies a row
    text_key: str  # a free-text field of a row, where spoiled text goes
    time_key: str  # a time stamp of a row
    identify: Callable[[dict], str]  # what the ledger notes for a row
    envelope: Callable[["Page"], Any]  # page -> JSON value of the whole body
    number: int = 1  # position in the walk
    size: int = 0  # rows a full page has
    asked_cursor: Optional[str] = None
    cursor: Optional[str] = None  # of the next page
    has_cursor: bool = False  # the listing hands out cursors at all
    total: Optional[int] = None
    ids: list[str] = dataclasses.field(default_factory=list)  # of the rows the vendor meant

    def note_ids(self) -> None:
        self.ids = [self.identify(row) for row in self.rows]


@dataclasses.dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    content_type: Optional[str] = "application/json"
    headers: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    page: Optional[Page] = None
    chunked: bool = False
    plain: bool = False  # never gzip
    close: bool = False  # end the connection after it

    def encode(self) -> None:
        """Turns the page, if there is one, into the body."""
        if self.page is not None:
            self.body = encode_json(self.page.envelope(self.page))


def json_reply(value: Any, status: int = 200) -> Reply:
    return Reply(status=status, body=encode_json(value))


def empty_reply(status: int = 200) -> Reply:
    """No body and no content type, as vendors answer to actions."""
    return Reply(status=status, content_type=None)


def html_reply(status: int, text: str) -> Reply:
    head = f"<!DOCTYPE html><html><head><title>{text}</title></head>"
    body = f"{head}<body><h1>{text}</h1></body></html>".encode()
    return Reply(status=status, body=body, content_type="text/html; charset=utf-8")
