"""One region of JumpCloud: the console's two APIs and Directory Insights, for its organisations.

Options: tenant (name of the one organisation) or organizations (several names), region (us eu in),
devices, apps_per_device, seed, plain, token, portal_key, role, insights (true, or the status that
answers when it is not in the plan), features (false: the organisation does not tell them), kept_days
(by the log), log_page (rows to which a page of the log is cut silently).
"""

import datetime
import re
import threading
from typing import Any, Callable, Optional

from ..exchange import Reply, Request, json_reply
from ..vendor import Service, SpecError
from . import changes, insights, quirks, rows, truth
from .access import UNLICENSED, Access
from .log import KEPT, PAGE_MAX
from .organization import Organization
from .paging import Lister, asked_page

REGIONS = {"us": ("console.jumpcloud.com", "api.jumpcloud.com"),
           "eu": ("console.eu.jumpcloud.com", "api.eu.jumpcloud.com"),
           "in": ("console.in.jumpcloud.com", "api.in.jumpcloud.com")}
EVENTS = "/insights/directory/v1/events"
Route = tuple[str, re.Pattern, Callable[..., Reply]]


def not_found() -> Reply:
    return json_reply({"message": "Not Found"}, 404)


class JumpCloudService(Service):
    def __init__(self, spec: dict[str, Any]):
        spec = dict(spec)
        region = spec.pop("region", "us")
        if region not in REGIONS:
            raise SpecError(f"region is one of {', '.join(REGIONS)}")
        self.hosts = REGIONS[region]
        self.lock = threading.RLock()
        self.organizations = make_organizations(spec)
        self.access = Access(self.organizations, spec)
        self.insights = spec.pop("insights", True)
        self.features = spec.pop("features", True)
        self.lists = Lister()
        self.routes = self.make_routes()
        if spec:
            raise SpecError(f"jumpcloud: unknown option {sorted(spec)[0]!r}")

    def make_routes(self) -> list[Route]:
        table = (
            ("GET", "/api/organizations", self.list_organizations),
            ("GET", "/api/organizations/(?P<key>[^/]+)", self.get_organization),
            ("GET", "/api/users", self.list_admins),
            ("GET", "/api/systemusers", self.list_users),
            ("GET", "/api/systems", self.list_systems),
            ("GET", "/api/applications", self.list_applications),
            ("GET", "/api/v2/(?P<kind>usergroups|systemgroups)", self.list_groups),
            ("GET", "/api/v2/(?P<kind>usergroups|systemgroups)/(?P<key>[^/]+)/members",
             self.list_members),
            ("GET", "/api/v2/users/(?P<key>[^/]+)/systems", self.list_users_systems),
            ("GET", "/api/v2/systems/(?P<key>[^/]+)/users", self.list_systems_users),
            ("GET", "/api/v2/applications/(?P<key>[^/]+)/users", self.list_applications_users),
            ("GET", "/api/v2/softwareapps", self.list_software),
            ("GET", "/api/v2/softwareapps/(?P<key>[^/]+)/systems", self.list_software_systems),
            ("GET", "/api/v2/applemdms", self.list_apple_mdms),
            ("GET", "/api/v2/applemdms/(?P<key>[^/]+)/devices", self.list_apple_devices),
            ("GET", "/api/v2/systeminsights/(?P<table>apps|programs|system_info)", self.list_insights),
            ("POST", EVENTS, self.list_events),
            ("POST", f"{EVENTS}/count", self.count_events),
        )
        return [(method, re.compile(path), run) for method, path, run in table]

    # What the server asks of a service.

    def describe(self) -> dict[str, Any]:
        first = next(iter(self.organizations.values()))
        return {"vendor": "jumpcloud", "token": self.access.keys[first.name],
                "keys": self.access.keys, "portal_key": self.access.portal_key,
                "organizations": {name: org.id for name, org in self.organizations.items()},
                "devices": sum(len(org.systems) for org in self.organizations.values())}

    def locate(self, request: Request) -> Optional[int]:
        with self.lock:
            if request.path == EVENTS:
                org = self.access.admit(request)
                return insights.page_number(org.log, request) if isinstance(org, Organization) \
                    else None
            if request.path == "/api/v2/applemdms":
                return asked_page(request, 1)
            most = 10000 if "/systeminsights/" in request.path else 100
            return asked_page(request, most=most)

    def handle(self, request: Request) -> Reply:
        with self.lock:
            if (request.host == self.hosts[1]) != request.path.startswith("/insights/"):
                return not_found()
            for method, pattern, run in self.routes:
                match = pattern.fullmatch(request.path)
                if match and method == request.method:
                    return self.admitted(request, run, match.groupdict())
        return not_found()

    def admitted(self, request: Request, run: Callable[..., Reply], parts: dict) -> Reply:
        org = self.access.admit(request)
        if isinstance(org, Reply):
            return org
        if request.path.startswith("/insights/") and self.insights is not True:
            return json_reply(UNLICENSED[self.insights], self.insights)
        return run(request, org, **parts)

    def organization(self, name: Optional[str]) -> Organization:
        if name is not None and name not in self.organizations:
            raise SpecError(f"no organisation {name!r}")
        return self.organizations[name] if name else next(iter(self.organizations.values()))

    def truth(self, organization: Optional[str] = None, **options: Any) -> dict[str, list[dict]]:
        with self.lock:
            return truth.canonical_rows(self.organization(organization), **options)

    def change(self, op: str, organization: Optional[str] = None, **args: Any) -> dict[str, Any]:
        with self.lock:
            return changes.apply(self, self.organization(organization), op, args)

    # v1.

    def list_organizations(self, request: Request, org: None) -> Reply:
        return self.lists.v1(request, [rows.organization_row(one)
                                       for one in self.access.visible(request)])

    def get_organization(self, request: Request, org: Organization, key: str) -> Reply:
        if org.id != key:
            return not_found()
        row = rows.organization_row(org)
        if self.features:
            row["settings"] = {"features": {
                "directoryInsights": {"enabled": self.insights is True},
                "systemInsights": {"enabled": True}}}
        return json_reply(row)

    def list_admins(self, request: Request, org: None) -> Reply:
        return self.lists.v1(request, [rows.admin_row(admin)
                                       for one in self.access.visible(request)
                                       for admin in one.admins])

    def list_users(self, request: Request, org: Organization) -> Reply:
        return self.lists.v1(request, [rows.user_row(org, one) for one in org.people])

    def list_systems(self, request: Request, org: Organization) -> Reply:
        return self.lists.v1(request, [rows.system_row(org, one) for one in org.systems])

    def list_applications(self, request: Request, org: Organization) -> Reply:
        return self.lists.v1(request, [rows.application_row(org, one) for one in org.sso])

    # v2.

    def list_groups(self, request: Request, org: Organization, kind: str) -> Reply:
        wanted = {"usergroups": "user_group", "systemgroups": "system_group"}[kind]
        return self.lists.v2(request, [rows.group_row(one) for one in org.groups
                                       if one.kind == wanted])

    def list_members(self, request: Request, org: Organization, kind: str, key: str) -> Reply:
        group = org.group(key)
        if group is None or group.kind != {"usergroups": "user_group"}.get(kind, "system_group"):
            return not_found()
        return self.lists.v2(request, [rows.member_row(group, one) for one in
                                       sorted(group.members)], has_sort=False)

    def graph(self, request: Request, kind: str, found: dict[str, list[list[str]]]) -> Reply:
        listed = [rows.graph_row(kind, one, ways) for one, ways in sorted(found.items())]
        return self.lists.v2(request, listed, has_sort=False)

    def list_users_systems(self, request: Request, org: Organization, key: str) -> Reply:
        if org.person(key) is None:
            return not_found()
        bound = {one.id: org.bound_people(one).get(key) for one in org.systems}
        return self.graph(request, "system", {one: ways for one, ways in bound.items() if ways})

    def list_systems_users(self, request: Request, org: Organization, key: str) -> Reply:
        system = org.system(key)
        return self.graph(request, "user", org.bound_people(system)) if system else not_found()

    def list_applications_users(self, request: Request, org: Organization, key: str) -> Reply:
        app = next((one for one in org.sso if one.id == key), None)
        return self.graph(request, "user", org.assigned_people(app)) if app else not_found()

    def list_software(self, request: Request, org: Organization) -> Reply:
        return self.lists.v2(request, [rows.software_row(one) for one in org.apps])

    def list_software_systems(self, request: Request, org: Organization, key: str) -> Reply:
        app = next((one for one in org.apps if one.id == key), None)
        return self.graph(request, "system", org.linked_systems(app)) if app else not_found()

    def list_apple_mdms(self, request: Request, org: Organization) -> Reply:
        found = [{"id": org.apple_mdm, "name": "", "organization": org.id}] if org.apple else []
        return self.lists.v2(request, found, default=1)

    def list_apple_devices(self, request: Request, org: Organization, key: str) -> Reply:
        if key != org.apple_mdm:
            return not_found()
        return self.lists.v2(request, [rows.apple_row(org, one) for one in org.apple])

    def list_insights(self, request: Request, org: Organization, table: str) -> Reply:
        if table == "system_info":
            found = [rows.system_info_row(one) for one in org.systems if one.insights == "enabled"]
        else:
            wanted = {"apps": "darwin", "programs": "windows"}[table]
            found = [row for system in org.systems if system.family == wanted
                     for row in rows.insights_rows(system)]
        return self.lists.v2(request, found, most=10000)

    # Directory Insights.

    def list_events(self, request: Request, org: Organization) -> Reply:
        return insights.list_events(org.log, request)

    def count_events(self, request: Request, org: Organization) -> Reply:
        return insights.count_events(org.log, request)


def make_organizations(spec: dict[str, Any]) -> dict[str, Organization]:
    names = spec.pop("organizations", None) or [spec.pop("tenant", "acme")]
    spec.pop("tenant", None)
    seed, systems = spec.pop("seed", 1), spec.pop("devices", 12)
    apps, plain = spec.pop("apps_per_device", 4), spec.pop("plain", False)
    log_page = spec.pop("log_page", PAGE_MAX)
    kept = datetime.timedelta(days=spec.pop("kept_days", KEPT.days))
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    made = {name: Organization(name, seed, systems, apps, now) for name in names}
    for org in made.values():
        org.log.organization, org.log.page_max, org.log.kept = org.id, log_page, kept
        if not plain:
            quirks.make_awkward(org)
    return made
