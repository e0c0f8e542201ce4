"""Faults that bend one page of a listing: its rows, its cursor, its total, a value in a row.

`row` counts from 0 within the page. `memory` keeps what was served last at this path.
"""

import base64
import dataclasses
import itertools
import uuid
from typing import Any, Optional

from .exchange import Page, Raw, encode_json
from .faults import fault


@dataclasses.dataclass
class Memory:
    """The last page served at one path, and a counter for things that must be new."""

    last_rows: Any = None
    fresh: itertools.count = dataclasses.field(default_factory=lambda: itertools.count(1))


def row_of(page: Page, row: int) -> dict:
    """A copy of the row that takes its place, free to be spoiled."""
    row = min(row, len(page.rows) - 1)
    page.rows[row] = dict(page.rows[row])
    return page.rows[row]


@fault("page")
def repeated_page(page: Page, memory: Memory) -> None:
    """The rows of the page before, in place of this page's; cursor and totals go on."""
    if memory.last_rows is not None:
        page.rows = list(memory.last_rows)


@fault("page")
def same_cursor(page: Page, memory: Memory) -> None:
    """The next cursor is the one just used (on the first page: a fixed one, from then on the
    same)."""
    page.cursor = page.asked_cursor or page.cursor


@fault("page")
def fresh_cursor(page: Page, memory: Memory) -> None:
    """There is a next cursor, and it is new: never an end."""
    page.cursor = base64.b64encode(b"endless+%d" % next(memory.fresh)).decode()


@fault("page")
def full_page(page: Page, memory: Memory) -> None:
    """The page's own rows again and again until it is full."""
    page.rows = list(itertools.islice(itertools.cycle(page.rows), page.size))


@fault("page")
def fresh_rows(page: Page, memory: Memory) -> None:
    """A full page of rows with ids nobody has seen."""
    rows = list(itertools.islice(itertools.cycle(page.rows), page.size))
    page.rows = [{**row, page.id_key: str(uuid.uuid5(uuid.NAMESPACE_OID, str(next(memory.fresh))))}
                 for row in rows]


@fault("page")
def empty_list(page: Page, memory: Memory) -> None:
    """No rows and no next page, as if the tenant were empty."""
    page.rows, page.cursor = [], None


@fault("page")
def null_list(page: Page, memory: Memory) -> None:
    """null where the list of rows belongs."""
    page.rows = None


@fault("page")
def list_of_wrong_type(page: Page, memory: Memory, *, value: Any = "none") -> None:
    """Any JSON value where the list belongs: a string, a number, an object, [1, 2], [[]]."""
    page.rows = value


@fault("page")
def drop_rows(page: Page, memory: Memory, *, count: int = 1) -> None:
    """The last `count` rows are left out, silently."""
    page.rows = page.rows[:-count]


@fault("page")
def keep_rows(page: Page, memory: Memory, *, count: int = 1) -> None:
    """Only the first `count` rows, and no next page: a listing that ends early."""
    page.rows, page.cursor = page.rows[:count], None


@fault("page")
def wrong_total(page: Page, memory: Memory, *, delta: int = 7) -> None:
    """The total is off by `delta`; where none is given, one is."""
    page.total = (page.total if page.total is not None else len(page.rows)) + delta


@fault("page")
def wrong_field_type(page: Page, memory: Memory, *, field: Optional[str] = None, value: Any = None,
                     row: int = 0) -> None:
    """`field` (default: the id) of one row becomes `value` (default: an object)."""
    wrong = {"unexpected": ["object"]} if value is None else value
    row_of(page, row)[field or page.id_key] = wrong


@fault("page")
def missing_id(page: Page, memory: Memory, *, row: int = 0, rows: int = 1) -> None:
    """`rows` rows, from `row` on, have no id."""
    for i in range(row, min(row + rows, len(page.rows))):
        del row_of(page, i)[page.id_key]


@fault("page")
def empty_id(page: Page, memory: Memory, *, row: int = 0, rows: int = 1) -> None:
    """`rows` rows, from `row` on, have "" as id."""
    for i in range(row, min(row + rows, len(page.rows))):
        row_of(page, i)[page.id_key] = ""


@fault("page")
def null_id(page: Page, memory: Memory, *, row: int = 0, rows: int = 1) -> None:
    """`rows` rows, from `row` on, have null as id."""
    for i in range(row, min(row + rows, len(page.rows))):
        row_of(page, i)[page.id_key] = None


@fault("page")
def duplicate_id_in_page(page: Page, memory: Memory) -> None:
    """The first row comes again at the end of the page."""
    page.rows = page.rows + page.rows[:1]


@fault("page")
def duplicate_id_across_pages(page: Page, memory: Memory) -> None:
    """The first row of the page before comes again at the end of this one."""
    page.rows = page.rows + (memory.last_rows or [])[:1]


@fault("page")
def duplicate_keys(page: Page, memory: Memory, *, row: int = 0) -> None:
    """One row has its id key twice, with two values."""
    text = encode_json(page.rows[row])
    extra = encode_json({page.id_key: "the-other-one"})
    page.rows[row] = Raw(extra[:-1] + b"," + text[1:])


@fault("page")
def bad_number(page: Page, memory: Memory, *, token: str = "NaN", field: str = "count",
               row: int = 0) -> None:
    """`token` stands unquoted as the value of `field`: NaN, Infinity, -0, 1e999, or any digits."""
    row_of(page, row)[field] = Raw(token.encode())


@fault("page")
def huge_integer(page: Page, memory: Memory, *, field: Optional[str] = None,
                 digits: str = "123456789012345678901234567890", row: int = 0) -> None:
    """A number beyond 64 bit as `field` (default: the id)."""
    row_of(page, row)[field or page.id_key] = Raw(digits.encode())


def spoil_text(page: Page, field: Optional[str], row: int, text: bytes) -> None:
    row_of(page, row)[field or page.text_key] = Raw(b'"' + text + b'"')


@fault("page")
def invalid_utf8(page: Page, memory: Memory, *, field: Optional[str] = None, row: int = 0) -> None:
    """Bytes that are no UTF-8 in a text (default: the name)."""
    spoil_text(page, field, row, b"caf\xe9 \xff\xfe")


@fault("page")
def overlong_utf8(page: Page, memory: Memory, *, field: Optional[str] = None, row: int = 0) -> None:
    """An overlong encoding of "/" in a text."""
    spoil_text(page, field, row, b"a\xc0\xafb")


@fault("page")
def lone_surrogate(page: Page, memory: Memory, *, field: Optional[str] = None,
                   row: int = 0) -> None:
    r"""The escape \ud800 without its other half in a text."""
    spoil_text(page, field, row, b"half \\ud800 pair")


@fault("page")
def nul_escape(page: Page, memory: Memory, *, field: Optional[str] = None, row: int = 0) -> None:
    r"""The escape \u0000 in a text."""
    spoil_text(page, field, row, b"before\\u0000after")


@fault("page")
def nul_byte(page: Page, memory: Memory, *, field: Optional[str] = None, row: int = 0) -> None:
    """A NUL byte as it is in a text."""
    spoil_text(page, field, row, b"before\x00after")


@fault("page")
def control_bytes(page: Page, memory: Memory, *, field: Optional[str] = None,
                  row: int = 0) -> None:
    r"""Valid JSON with terminal escapes in a text: \u001b[2J, a bell, a line break."""
    spoil_text(page, field, row, b"red \\u001b[31m\\u001b[2J\\u0007\\r\\nforged line")


@fault("page")
def long_string(page: Page, memory: Memory, *, field: Optional[str] = None,
                size: int = 2 << 20, row: int = 0) -> None:
    """A text of `size` bytes."""
    spoil_text(page, field, row, b"x" * size)


@fault("page")
def bad_timestamp(page: Page, memory: Memory, *, field: Optional[str] = None,
                  value: str = "yesterday", row: int = 0) -> None:
    """`value` as a time stamp: "yesterday", "0001-01-01T00:00:00Z", "9999-...", without a zone."""
    row_of(page, row)[field or page.time_key] = value


@fault("page")
def depth_bomb(page: Page, memory: Memory, *, depth: int = 100_000, row: int = 0) -> None:
    """A row is `depth` lists deep."""
    page.rows[row] = Raw(b"[" * depth + b"]" * depth)


@fault("page")
def many_elements(page: Page, memory: Memory, *, count: int = 1_100_000) -> None:
    """The list has `count` elements, all {}."""
    page.rows = Raw(b"[" + b"{}," * (count - 1) + b"{}]")


@fault("page")
def many_keys(page: Page, memory: Memory, *, count: int = 1_000_000, is_equal: bool = False,
              row: int = 0) -> None:
    """One row has `count` keys; `is_equal`: all alike for simple hash functions ("Aa" is "BB")."""
    width = max(count - 1, 1).bit_length()
    names = (b"".join((b"BB", b"Aa")[i >> bit & 1] for bit in range(width)) if is_equal else b"k%d" % i
             for i in range(count))
    keys = b",".join(b'"%b":0' % name for name in names)
    page.rows[row] = Raw(b"{" + keys + b"}")
