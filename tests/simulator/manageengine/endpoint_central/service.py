"""The API 1.4 of Endpoint Central: /api/1.4/<module>/<entity>, JSON that calls itself text/plain.

    page_max            rows of a page, however many are asked for; the answer tells (`limit`)
    keys                "plain", "prefixed", or "turns": from answer to answer
    scan_has_servicetag scancomputers carries serial numbers
    gone                entities that the vendor has removed: 404
"""

import itertools
from typing import Any, Callable, Optional

from ...exchange import Page, Reply, Request, encode_json
from ...vendor import SpecError
from ..estate import OFFICES, Estate, Machine
from ..product import Product, Refused, number
from . import rows, truth

BASE = "/api/1.4/"
PAGE_DEFAULT = 25
KEYS = ("plain", "prefixed", "turns")
TEXT = "text/plain;charset=UTF-8"
SCOPES = {"som": "DesktopCentralCloud.SOM.READ", "inventory": "DesktopCentralCloud.Inventory.READ",
          "patch": "DesktopCentralCloud.PatchMgmt.READ",
          "desktop": "DesktopCentralCloud.Common.READ"}

Listing = Callable[[Request, Estate], list[dict]]


class EndpointCentral(Product):
    name = "manageengine_endpoint_central"

    def configure(self, spec: dict[str, Any]) -> None:
        self.page_max = spec.pop("page_max", 100)
        self.keys = spec.pop("keys", "turns")
        if self.keys not in KEYS:
            raise SpecError(f"keys is one of {', '.join(KEYS)}")
        self.has_servicetag = spec.pop("scan_has_servicetag", False)
        self.gone = set(spec.pop("gone", ()))
        self.failing: set[str] = set()
        self.turns = itertools.count()
        self.error_shapes = itertools.cycle(("error_code", "response_code"))
        self.listings: dict[str, Listing] = {
            "som/computers": self.computers, "som/remoteoffice": self.offices,
            "inventory/scancomputers": self.scans, "inventory/installedsoftware": self.installs,
            "inventory/computers": self.computers_of, "patch/allsystems": self.systems,
        }
        self.objects: dict[str, Callable[[Request, Estate], dict]] = {
            "inventory/compdetailssummary": self.details, "som/summary": self.som_summary,
            "patch/summary": self.patch_summary, "desktop/serverproperties": self.properties,
        }

    # Answers of every kind.

    @staticmethod
    def text(value: Any, status: int = 200) -> Reply:
        return Reply(status=status, body=encode_json(value), content_type=TEXT)

    def error(self, status: int, code: str, text: str) -> Reply:
        if next(self.error_shapes) == "error_code":
            return self.text({"status": "error", "error_code": code, "error_description": text},
                             status)
        return self.text({"message_type": "error", "response_code": code, "message": text}, status)

    def change_fail(self, entity: str) -> None:
        """Failures of this entity come with status 200."""
        self.failing.add(entity)

    def change_heal(self) -> None:
        self.failing.clear()

    def route(self, request: Request, estate: Estate) -> Reply:
        entity = request.path.removeprefix(BASE)
        scope = SCOPES.get(entity.partition("/")[0])
        if not request.path.startswith(BASE) or scope is None or entity in self.gone:
            return self.error(404, "INVALID_URL", "URL not found")
        self.need(scope)
        if entity in self.failing:
            return self.error(200, "INTERNAL_ERROR", "Internal error")
        if entity in self.listings:
            return self.listing(request, estate, entity)
        if entity in self.objects:
            kind = entity.partition("/")[2]
            return self.text(self.envelope(kind, {kind: self.objects[entity](request, estate)}))
        return self.error(404, "INVALID_URL", "URL not found")

    @staticmethod
    def envelope(kind: str, response: dict[str, Any]) -> dict[str, Any]:
        return {"message_type": kind, "message_version": "1.4", "status": "success",
                "message_response": response}

    # Paging.

    def limit(self, request: Request) -> int:
        asked = number(request.query.get("pagelimit"), PAGE_DEFAULT) or PAGE_DEFAULT
        return min(asked, self.page_max)

    def locate(self, request: Request) -> Optional[int]:
        return number(request.query.get("page"), 1) if request.path.startswith(BASE) else None

    def listing(self, request: Request, estate: Estate, entity: str) -> Reply:
        """Without `orderby` the order is another one each time, as it may be."""
        found = self.listings[entity](request, estate)
        turn = next(self.turns)
        if self.keys == "prefixed" or (self.keys == "turns" and turn % 2):
            found = [rows.prefixed(row) for row in found]
        if "orderby" not in request.query and found:
            found = found[turn % len(found):] + found[:turn % len(found)]
        kind, at, limit = entity.partition("/")[2], number(request.query.get("page"), 1), \
            self.limit(request)
        id_key = "branch_office_id" if kind == "remoteoffice" else \
            "software_id" if kind == "installedsoftware" else "resource_id"

        def envelope(page: Page) -> dict[str, Any]:
            return self.envelope(kind, {"total": page.total, "limit": limit, "page": at,
                                        kind: page.rows})

        return Reply(content_type=TEXT, page=Page(
            rows=found[(at - 1) * limit:at * limit], id_key=id_key, text_key="resource_name",
            time_key="agent_last_contact_time", identify=lambda row: str(row.get(id_key)),
            envelope=envelope, number=at, size=limit, total=len(found)))

    # What is listed.

    @staticmethod
    def managed(estate: Estate) -> list[Machine]:
        return [one for one in estate.machines if one.is_computer]

    def machine(self, request: Request, estate: Estate) -> Machine:
        for one in self.managed(estate):
            if str(rows.resource_id(one)) == request.query.get("resid"):
                return one
        raise Refused(self.error(404, "RESOURCE_NOT_FOUND", "No such resource"))

    def computers(self, request: Request, estate: Estate) -> list[dict]:
        office = request.query.get("branchofficefilter")
        return [rows.computer_row(estate, one) for one in self.managed(estate)
                if office in (None, one.office)]

    def offices(self, request: Request, estate: Estate) -> list[dict]:
        return [rows.office_row(estate, name) for name in OFFICES]

    def scans(self, request: Request, estate: Estate) -> list[dict]:
        return [rows.scan_row(estate, one, self.has_servicetag) for one in self.managed(estate)]

    def installs(self, request: Request, estate: Estate) -> list[dict]:
        machine = self.machine(request, estate)
        return [rows.software_row(machine, one) for one in machine.installs]

    def computers_of(self, request: Request, estate: Estate) -> list[dict]:
        wanted = request.query.get("swid")
        return [{**rows.scan_row(estate, one, True), "software_version": install.version}
                for one in self.managed(estate) for install in one.installs
                if str(rows.software_row(one, install)["software_id"]) == wanted]

    def systems(self, request: Request, estate: Estate) -> list[dict]:
        wanted = request.query.get("healthfilter")
        return [rows.system_row(one) for one in self.managed(estate)
                if wanted in (None, str(rows.health(one)))]

    # Single objects.

    def details(self, request: Request, estate: Estate) -> dict:
        return rows.summary(estate, self.machine(request, estate))

    def som_summary(self, request: Request, estate: Estate) -> dict:
        return {"total_computers": len(self.managed(estate))}

    def patch_summary(self, request: Request, estate: Estate) -> dict:
        counts = [rows.health(one) for one in self.managed(estate)]
        names = ("health_unknown_systems", "healthy_systems", "moderately_vulnerable_systems",
                 "highly_vulnerable_systems")
        return {"system_summary": {"total_systems": len(counts),
                                   **{name: counts.count(at) for at, name in enumerate(names)}}}

    def properties(self, request: Request, estate: Estate) -> dict:
        return {"branch_offices": list(OFFICES), "domains": [estate.name.upper()],
                "custom_groups": []}

    # Truth.

    def rows(self, estate: Estate) -> dict[str, list[dict]]:
        shown = self.managed(estate)
        devices = [truth.device(rows.computer_row(estate, one), rows.scan_row(estate, one, True),
                                rows.system_row(one)) for one in shown]
        found = [(str(rows.resource_id(one)), one.model.platform, rows.software_row(one, install))
                 for one in shown for install in one.installs]
        offices = {name: str(rows.office_row(estate, name)["branch_office_id"]) for name in OFFICES}
        return {
            "devices": devices,
            "apps": list({row["software_id"]: truth.app(row, platform)
                          for _, platform, row in found}.values()),
            "device_apps": [truth.install(row, device) for device, _, row in found],
            "groups": [{"source_id": key, "name": name, "kind": "device"}
                       for name, key in offices.items()],
            "group_members": [{"group_source_id": offices[one.office], "member_kind": "device",
                               "member_source_id": str(rows.resource_id(one))} for one in shown],
        }
