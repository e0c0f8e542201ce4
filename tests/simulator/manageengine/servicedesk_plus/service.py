"""The API v3 of ServiceDesk Plus: assets, asked for with JSON in the query (`input_data`).

    portal    the name of the default portal; /app/<portal>/api/v3/... means the same
    end       how the last page is told: "false" or "absent"
    max_rows  rows of a page, however many are asked for
"""

import itertools
import json
import re
import urllib.parse
from typing import Any, Optional

from ...exchange import Page, Reply, Request, html_reply, json_reply, page_at
from ..estate import Estate
from ..product import Product
from . import rows, truth

MEDIA_TYPE = "application/vnd.manageengine.sdp.v3+json"
ROUTE = re.compile(r"(?:/app/(?P<portal>[^/]+))?/api/v3/assets(?:/(?P<id>[^/]+))?")
ROWS_DEFAULT, ROWS_MAX = 10, 100
SUCCESS = {"status_code": 2000, "status": "success"}
READ, WRITE = "SDPOnDemand.assets.READ", "SDPOnDemand.assets.UPDATE"


class ServiceDeskPlus(Product):
    name = "manageengine_servicedesk_plus"

    def configure(self, spec: dict[str, Any]) -> None:
        spec.pop("no_scope", None)
        self.no_scope = itertools.cycle(((401, "OAUTH_SCOPE_MISMATCH"), (401, "INVALID_OAUTHSCOPE")))
        self.portal = spec.pop("portal", "itdesk")
        self.end = spec.pop("end", "false")
        self.max_rows = spec.pop("max_rows", ROWS_MAX)
        self.is_failing = False
        self.failures = itertools.cycle((True, False))
        self.turns = itertools.count()

    # Answers of every kind.

    def error(self, status: int, code: str, text: str) -> Reply:
        """The OAuth layer's words; the product's own failures are `failed`."""
        return json_reply({"error": code}, status)

    @staticmethod
    def failed(status: int, code: int, is_list: bool = False, more: Optional[dict] = None,
               **message: Any) -> Reply:
        """Some messages have a field and a code, and no text."""
        said = {"status_code": 4000, "status": "failed",
                "messages": [{"status_code": code, "type": "failed", **message}]}
        return json_reply({"response_status": [said] if is_list else said, **(more or {})}, status)

    def change_fail(self, is_failing: bool = True) -> None:
        """Listings fail with status 200, in one shape or the other, and an empty list beside it."""
        self.is_failing = is_failing

    def handle(self, request: Request) -> Reply:
        """Without the vendor's media type the service takes the client for a browser."""
        if request.headers.get("accept") != MEDIA_TYPE:
            return html_reply(200, "Sign in")
        return super().handle(request)

    def route(self, request: Request, estate: Estate) -> Reply:
        match = ROUTE.fullmatch(request.path)
        if match is None:
            return self.failed(404, 4007, message="Invalid URL")
        if match["portal"] not in (None, self.portal):
            return html_reply(200, "Portal not found")
        if request.method == "GET":
            self.need(READ)
            return self.get(estate, match["id"]) if match["id"] else self.list_assets(request, estate)
        self.need(WRITE)
        if request.method == "PUT" and match["id"]:
            return self.put(request, estate, match["id"])
        return self.failed(405, 4015, message="Method not allowed")

    # Assets.

    def assets(self, estate: Estate) -> list[dict]:
        found = [rows.asset_row(estate, one) for one in estate.machines
                 if rows.in_desk(one) and not one.marks.get("retired")]
        return found + ([] if estate.plain else rows.other_rows(estate))

    def get(self, estate: Estate, asset: str) -> Reply:
        for row in self.assets(estate):
            if row["id"] == asset:
                return json_reply({"response_status": SUCCESS, "asset": row})
        return self.failed(404, 4007, message="The asset does not exist")

    def put(self, request: Request, estate: Estate, asset: str) -> Reply:
        """Only `asset_tag`; unknown fields are refused by field and code alone."""
        form = dict(urllib.parse.parse_qsl(request.body.decode()))
        wanted = json.loads(form.get("input_data", "{}")).get("asset", {})
        for field in wanted:
            if field != "asset_tag":
                return self.failed(400, 4009, field=field)
        for machine in estate.machines:
            if rows.asset_id(machine) == asset:
                machine.asset_tag = wanted.get("asset_tag", machine.asset_tag)
        return self.get(estate, asset)

    @staticmethod
    def info(request: Request) -> dict[str, Any]:
        try:
            return json.loads(request.query.get("input_data", "{}")).get("list_info", {})
        except (ValueError, AttributeError):
            return {}

    def window(self, request: Request) -> tuple[int, int]:
        info = self.info(request)
        count = min(int(info.get("row_count", ROWS_DEFAULT)), self.max_rows)
        return max(int(info.get("start_index", 1)), 1) - 1, count

    def locate(self, request: Request) -> Optional[int]:
        match = ROUTE.fullmatch(request.path)
        return page_at(*self.window(request)) if match and not match["id"] else None

    def list_assets(self, request: Request, estate: Estate) -> Reply:
        if self.is_failing:
            return self.failed(200, 4001, is_list=next(self.failures), message="Unable to process",
                               more={"assets": [], "list_info": {"has_more_rows": False}})
        found, info = self.assets(estate), self.info(request)
        if not 1 <= int(info.get("row_count", ROWS_DEFAULT)) <= ROWS_MAX:
            return self.failed(400, 4001, field="row_count")
        if info.get("sort_field") is None and found:  # in no order of its own
            turn = next(self.turns) % len(found)
            found = found[turn:] + found[:turn]
        start, count = self.window(request)
        has_more = start + count < len(found)

        def envelope(page: Page) -> dict[str, Any]:
            told = {"row_count": len(page.rows), "start_index": start + 1}
            if has_more or self.end == "false":
                told["has_more_rows"] = has_more
            if info.get("get_total_count"):
                told["total_count"] = page.total
            return {"response_status": [SUCCESS], "list_info": told, "assets": page.rows}

        return Reply(page=Page(
            rows=found[start:start + count], id_key="id", text_key="name",
            time_key="last_updated_time", identify=lambda row: row["id"], envelope=envelope,
            number=page_at(start, count), size=count, total=len(found)))

    def rows(self, estate: Estate) -> dict[str, list[dict]]:
        return truth.canonical_rows(self.assets(estate))
