"""Listings of v1 and v2: what is asked for, and the page that is given."""

import itertools
from typing import Any, Optional

from ..exchange import Page, Reply, Request, page_at

LIMIT, LIMIT_MAX = 10, 100


def whole(text: Optional[str], otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else otherwise


def asked_limit(request: Request, default: int = LIMIT, most: int = LIMIT_MAX) -> int:
    return min(whole(request.query.get("limit"), default) or default, most)


def asked_page(request: Request, default: int = LIMIT, most: int = LIMIT_MAX) -> int:
    return page_at(whole(request.query.get("skip"), 0), asked_limit(request, default, most))


class Lister:
    """`turns`: a listing in no order asked for comes in another one each time, as it may."""

    def __init__(self) -> None:
        self.turns = itertools.count()

    def in_order(self, found: list[dict], id_key: str, sort: Optional[str]) -> list[dict]:
        name = (sort or "").split()[0].split(",")[0] if sort else ""
        key = name.lstrip("-")
        if key and found and key in found[0]:
            return sorted(found, key=lambda row: str(row[key]), reverse=name.startswith("-"))
        turn = next(self.turns) * 3 % max(1, len(found))
        return found[turn:] + found[:turn]

    def page(self, request: Request, found: list[dict], id_key: str, limit: int) -> Page:
        skip = whole(request.query.get("skip"), 0)
        return Page(rows=found[skip:skip + limit], id_key=id_key, text_key="displayName",
                    time_key="created", identify=lambda row: str(identity(row)),
                    envelope=lambda page: page.rows, number=page_at(skip, limit), size=limit,
                    total=len(found))

    def v1(self, request: Request, found: list[dict]) -> Reply:
        """Fields are separated by blanks; _id is always there."""
        found = self.in_order(found, "_id", request.query.get("sort"))
        fields = request.query.get("fields", "").split()
        if fields:
            found = [{key: row[key] for key in row if key in ("_id", *fields)} for row in found]
        page = self.page(request, found, "_id", asked_limit(request))
        page.envelope = lambda page: {"totalCount": page.total, "results": page.rows}
        return Reply(page=page)

    def v2(self, request: Request, found: list[dict], has_sort: bool = True,
           default: int = LIMIT, most: int = LIMIT_MAX) -> Reply:
        """Routes of the graph have no order to ask for and keep one."""
        if has_sort:
            found = self.in_order(found, "id", request.query.get("sort"))
        page = self.page(request, found, "id", asked_limit(request, default, most))
        return Reply(page=page, headers=[("x-total-count", str(len(found)))])


def identity(row: dict[str, Any]) -> Any:
    return row.get("_id") or row.get("id") or row.get("to", {}).get("id") or row.get("system_id")
