"""Faults on order: where one strikes (Order, Faults) and the table of their names.

What the faults do stands in faults_*.py, each registered with the stage at which it acts:

    request   fn(request, **params) -> Request     the vendor is asked something else
    answer    fn(request, **params) -> Reply       the vendor is not asked at all
    page      fn(page, memory, **params)           bends a listing before it is encoded
    reply     fn(reply, **params)                  bends status, headers or the encoded body
    write     fn(connection, request, reply, **params)   sends it in its own way
    after     fn(service, **params)                changes the tenant once the answer is made
"""

import dataclasses
import fnmatch
import inspect
import itertools
import threading
from typing import Any, Callable, Optional

from .exchange import Request

STAGES = ("request", "answer", "page", "reply", "write", "after")


class FaultError(ValueError):
    """An order for a fault that does not exist, or with a parameter that it has not."""


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    stage: str
    run: Callable[..., Any]
    params: dict[str, Any]  # name -> default
    summary: str


KINDS: dict[str, Kind] = {}

# Names for several faults at once, without parameters of their own.
COMPOUNDS = {
    "endless_pages": (("ignore_paging", "fresh_rows", "fresh_cursor"),
                      "Full pages of new rows for ever."),
    "endless_repeats": (("ignore_paging", "full_page", "fresh_cursor"),
                        "Full pages of the same rows for ever, with new cursors."),
}


def fault(stage: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function under its name; keyword-only arguments are the fault's parameters."""
    assert stage in STAGES, stage

    def register(run: Callable[..., Any]) -> Callable[..., Any]:
        params = {p.name: p.default for p in inspect.signature(run).parameters.values()
                  if p.kind is p.KEYWORD_ONLY}
        summary = " ".join((run.__doc__ or "").split())
        KINDS[run.__name__] = Kind(run.__name__, stage, run, params, summary)
        return run
    return register


@dataclasses.dataclass
class Order:
    """A fault and the requests it is for. Pages and `nth` count from 1; `times` 0 = always."""

    kind: Kind
    params: dict[str, Any]
    host: Optional[str] = None
    path: Optional[str] = None  # a glob
    method: Optional[str] = None
    page: Optional[int] = None
    from_page: Optional[int] = None
    nth: Optional[int] = None  # strikes at the nth matching request, and on, `times` times
    times: int = 1
    id: int = 0
    seen: int = 0
    hits: int = 0

    def strikes(self, request: Request, page: Optional[int]) -> bool:
        """Whether this request is meant; counts it."""
        if not self._is_for(request, page):
            return False
        self.seen += 1
        if self.nth is not None and self.seen < self.nth:
            return False
        if self.times and self.hits >= self.times:
            return False
        self.hits += 1
        return True

    def _is_for(self, request: Request, page: Optional[int]) -> bool:
        if self.host and request.host != self.host:
            return False
        if self.method and request.method != self.method:
            return False
        if self.path and not fnmatch.fnmatchcase(request.path, self.path):
            return False
        if self.page is not None and page != self.page:
            return False
        return self.from_page is None or (page is not None and page >= self.from_page)

    def describe(self) -> dict[str, Any]:
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {**fields, "kind": self.kind.name}


ADDRESS = ("host", "path", "method", "page", "from_page", "nth", "times")


def make_order(name: str, **arguments: Any) -> Order:
    kind = KINDS.get(name)
    if kind is None:
        raise FaultError(f"unknown fault {name!r}; see --list-faults")
    address = {key: arguments.pop(key) for key in ADDRESS if key in arguments}
    unknown = sorted(set(arguments) - set(kind.params))
    if unknown:
        known = ", ".join(sorted(kind.params)) or "no parameters"
        raise FaultError(f"{name} has no {unknown[0]!r}: it takes {known}")
    return Order(kind, {**kind.params, **arguments}, **address)


class Faults:
    """The orders of one server."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.lock = threading.Lock()
        self.ids = itertools.count(1)

    def add(self, name: str, **arguments: Any) -> int:
        """Puts an order in; its id (that of the last one, for a compound) is in describe()."""
        names, _ = COMPOUNDS.get(name, ((name,), ""))
        orders = [make_order(part, **arguments) for part in names]
        with self.lock:
            for order in orders:
                order.id = next(self.ids)
            self.orders += orders
        return orders[-1].id

    def clear(self) -> None:
        with self.lock:
            self.orders.clear()

    def describe(self) -> list[dict[str, Any]]:
        with self.lock:
            return [order.describe() for order in self.orders]

    def striking(self, request: Request, page: Optional[int]) -> list[Order]:
        with self.lock:
            return [order for order in self.orders if order.strikes(request, page)]


def of_stage(orders: list[Order], stage: str) -> list[Order]:
    return [order for order in orders if order.kind.stage == stage]


def table() -> str:
    """The faults as a Markdown table, in the order of the stages."""
    lines = ["| fault | parameters (default) | what happens |", "|---|---|---|"]
    for kind in sorted(KINDS.values(), key=lambda k: STAGES.index(k.stage)):
        params = ", ".join(f"{name}={default!r}" for name, default in kind.params.items())
        lines.append(f"| `{kind.name}` | {f'`{params}`' if params else ''} | {kind.summary} |")
    for name, (parts, summary) in COMPOUNDS.items():
        lines.append(f"| `{name}` | | {summary} The same as {', '.join(parts)} together. |")
    return "\n".join(lines) + "\n"
