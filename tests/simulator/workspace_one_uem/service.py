"""The API of one tenant: versions, routes, rights, listings."""

import re
import threading
import time
import uuid
from typing import Any, Callable, Optional

from ..exchange import Page, Reply, Request, json_reply
from ..vendor import Service, SpecError
from . import changes, quirks, rows, truth
from .access import APPS, DEVICES, GROUPS, USERS, Access, refusal
from .tenant import Device, OrgGroup, Person, Tenant, UserGroup

PAGE_MAX = 500
QUOTA, DAY_S = 250000, 86400
VERSIONS = {"devices": (1, 2, 3), "users": (1,), "groups": (1, 2), "other": (1,)}
ACCEPTED_VERSION = re.compile(r"version\s*=\s*(\d+)")

# What a listing may be ordered by, and the key of its rows for that.
DEVICE_ORDERS: dict[str, Callable[[Device], Any]] = {
    "deviceid": lambda device: device.id, "lastseen": lambda device: device.last_seen,
    "model": lambda device: device.model, "ownership": lambda device: device.ownership,
    "platform": lambda device: device.platform.name,
}
USER_ORDERS: dict[str, Callable[[Person], Any]] = {
    "enrollmentuserid": lambda person: person.id, "username": lambda person: person.username,
    "emailaddress": lambda person: person.email, "firstname": lambda person: person.first,
    "lastname": lambda person: person.last, "name": lambda person: person.display,
    "active": lambda person: person.active,
}

Handler = Callable[..., Reply]


class WorkspaceOneService(Service):
    """One tenant under its API host. Options: see README.md, "Workspace ONE UEM"."""

    def __init__(self, spec: dict[str, Any]):
        spec = dict(spec)
        name = spec.pop("tenant", "acme")
        self.access = Access(spec)
        self.oauth = self.access.oauth
        self.hosts = (spec.pop("host", "as1234.awmdm.com"), *self.oauth.hosts)
        self.plain = spec.pop("plain", False)
        self.page_max = spec.pop("page_max", PAGE_MAX)
        self.versions = VERSIONS | {key: tuple(found) for key, found
                                    in spec.pop("versions", {}).items()}
        self.tenant = Tenant(name, spec.pop("seed", 1), spec.pop("users", 30),
                             spec.pop("devices", 40), spec.pop("apps_per_device", 5))
        if not self.plain:
            quirks.make_awkward(self.tenant)
        self.role_group = self.tenant.org_groups[0]
        self.doubles = spec.pop("doubles", False)
        self.remaining = QUOTA
        self.turns = 0
        self.lock = threading.RLock()
        self.routes = self.make_routes()
        if spec:
            raise SpecError(f"workspace_one_uem tenant {name}: unknown option {sorted(spec)[0]!r}")

    def make_routes(self) -> list[tuple[re.Pattern, tuple[str, ...], Handler]]:
        device = r"/mdm/devices/(?P<device_id>[^/]+)"
        group = r"/system/usergroups/(?P<group_id>\d+)"
        table = (
            ("/system/users/search", (USERS,), self.list_users),
            ("/system/users", (USERS,), self.authenticate_user),
            ("/mdm/devices/search", (DEVICES,), self.list_devices),
            (device + "/apps/search", (DEVICES, APPS), self.search_apps),
            (device + "/apps", (DEVICES, APPS), self.list_apps),
            (device, (DEVICES,), self.get_device),
            ("/mam/apps/search", (APPS,), self.list_catalogue),
            ("/system/groups/search", (GROUPS,), self.list_groups),
            (r"/system/groups/(?P<group_id>\d+)/children", (GROUPS,), self.list_children),
            ("/system/usergroups/search", (GROUPS,), self.list_user_groups),
            ("/system/usergroups/custom/search", (GROUPS,), self.list_custom_groups),
            (group + "/users", (GROUPS,), self.list_members),
        )
        return [(re.compile(f"/api(?:/v1)?{path}"), needs, run) for path, needs, run in table]

    # What the server asks of a service.

    def describe(self) -> dict[str, Any]:
        access = self.access
        return {"vendor": "workspace_one_uem", "tenant": self.tenant.name,
                "username": access.username, "password": access.password,
                "tenant_code": access.tenant_code, "token": access.password,
                "client_id": self.oauth.client_id, "client_secret": self.oauth.client_secret,
                "devices": len(self.tenant.devices)}

    def locate(self, request: Request) -> Optional[int]:
        path = request.path.lower()
        return self.asked_page(request) + 1 if path.endswith(("/search", "/apps")) else None

    def handle(self, request: Request) -> Reply:
        with self.lock:
            if request.host in self.oauth.hosts:
                return self.oauth.handle(request)
            self.remaining -= 1
            reply = self.route(request) if self.remaining >= 0 else \
                refusal(429, 429, "The day's calls are used up.")
            headers = [("x-ratelimit-limit", str(QUOTA)),
                       ("x-ratelimit-remaining", str(max(0, self.remaining))),
                       ("x-ratelimit-reset", str(int(time.time()) + DAY_S))]
        reply.headers += headers + [("x-correlation-id", str(uuid.uuid4()))]
        return reply

    def truth(self) -> dict[str, list[dict]]:
        with self.lock:
            visible = self.visible_devices()
            return truth.canonical_rows(
                [rows.user_row(self.tenant, person) for person in self.visible_people()],
                [(rows.device_row(device), [rows.app_row(device, one) for one in device.installs])
                 for device in visible],
                [rows.org_group_row(self.tenant, group, 2) for group in self.visible_groups()],
                [(rows.user_group_row(group), [rows.member_row(one) for one in group.members]
                  if group.is_custom else []) for group in self.tenant.user_groups])

    def change(self, op: str, **args: Any) -> dict[str, Any]:
        with self.lock:
            return changes.apply(self, op, args)

    # Routing.

    def route(self, request: Request) -> Reply:
        if "xml" in request.headers.get("accept", "").lower():
            return Reply(body=b"<?xml version='1.0'?><Result/>", content_type="application/xml")
        path = request.path.lower()
        for pattern, needs, run in self.routes:
            match = pattern.fullmatch(path)
            if match and request.method == "GET":
                return self.access.refuse(request, needs) or run(request, **match.groupdict())
        if any(pattern.fullmatch(path) for pattern, _, _ in self.routes):
            return refusal(405, 405, "The method is not allowed.")
        return self.access.refuse(request, ()) or refusal(404, 404, "Not found.")

    def version(self, request: Request, family: str) -> int:
        """Which version serves: the one asked for, or silently the first."""
        served = self.versions[family]
        asked = ACCEPTED_VERSION.search(request.headers.get("accept", ""))
        return int(asked[1]) if asked and int(asked[1]) in served else served[0]

    def stamped(self, reply: Reply, family: str, version: int) -> Reply:
        served = ", ".join(map(str, self.versions[family]))
        reply.headers += [("x-api-version", f"v{version}"), ("api-supported-versions", served)]
        return reply

    # Paging.

    @staticmethod
    def number(request: Request, names: tuple[str, ...], otherwise: int) -> int:
        """A number of the query; names are case-insensitive."""
        query = {name.lower(): text for name, text in request.query.items()}
        text = next((query[name] for name in names if name in query), "")
        return int(text) if text.isascii() and text.isdigit() else otherwise

    def asked_page(self, request: Request) -> int:
        return self.number(request, ("page",), 0)

    def asked_size(self, request: Request) -> int:
        """More than the maximum is silently cut to it."""
        size = self.number(request, ("pagesize", "page_size"), self.page_max)
        return max(1, min(size, self.page_max))

    def in_order(self, request: Request, found: list, orders: dict[str, Callable]) -> list:
        """Without an order asked for, it is another one each time, as it may be."""
        query = {name.lower(): text for name, text in request.query.items()}
        key = orders.get((query.get("orderby") or query.get("order_by") or "").lower())
        if key is None:
            self.turns += 7
            turn = self.turns % max(1, len(found))
            return found[turn:] + found[:turn]
        down = (query.get("sortorder") or query.get("sort_order") or "").upper() == "DESC"
        return sorted(found, key=key, reverse=down)

    def page(self, request: Request, found: list, show: Callable[[Any], dict], id_key: str,
             text_key: str, envelope: Callable[[Page], Any], is_204: bool = True) -> Reply:
        """One page; past the end, and where there is nothing, 204 without a body as text/plain."""
        number, size = self.asked_page(request), self.asked_size(request)
        start = number * size
        part = found[start:start + size]
        if not part and is_204:
            return Reply(status=204, content_type="text/plain")
        shown = [show(one) for one in part]
        if self.doubles and start and shown:
            shown.insert(0, show(found[start - 1]))  # the last row of the page before, again
        return Reply(page=Page(
            rows=shown, id_key=id_key, text_key=text_key, time_key="LastSeen",
            identify=lambda row: str(truth.unboxed(row[id_key])), number=number + 1, size=size,
            total=len(found), envelope=envelope))

    @staticmethod
    def enveloped(name: str) -> Callable[[Page], Any]:
        return lambda page: {name: page.rows, "Page": page.number - 1, "PageSize": page.size,
                             "Total": page.total}

    # What the role's organization group lets one see.

    def visible_groups(self) -> list[OrgGroup]:
        return [group for group in self.tenant.org_groups if group.is_below(self.role_group)]

    def visible_people(self) -> list[Person]:
        return [person for person in self.tenant.people if person.group.is_below(self.role_group)]

    def visible_devices(self) -> list[Device]:
        return [device for device in self.tenant.devices if device.group.is_below(self.role_group)]

    # Users.

    def list_users(self, request: Request) -> Reply:
        found = self.visible_people()
        status = {"active": True, "inactive": False}.get(request.query.get("status", "").lower())
        if status is not None:
            found = [person for person in found if person.active == status]
        reply = self.page(
            request, self.in_order(request, found, USER_ORDERS),
            lambda person: rows.user_row(self.tenant, person), "Id", "DisplayName",
            self.enveloped("Users"))
        return self.stamped(reply, "users", self.version(request, "users"))

    def authenticate_user(self, request: Request) -> Reply:
        """No list: it tries the credentials as those of an enrollment user, who is not there."""
        return refusal(401, 1005, "The enrollment user could not be authenticated.")

    # Devices.

    def list_devices(self, request: Request) -> Reply:
        version = self.version(request, "devices")
        found = self.in_order(request, self.visible_devices(), DEVICE_ORDERS)
        if version < 3:
            reply = self.page(request, found, rows.device_row, "Id", "DeviceFriendlyName",
                              self.enveloped("Devices"))
        else:
            reply = self.page(
                request, found, rows.device_row_v3, "Id", "device_friendly_name",
                lambda page: {"devices": page.rows, "page": page.number - 1,
                              "page_size": page.size, "total": page.total})
        return self.stamped(reply, "devices", version)

    def with_device(self, device_id: str, run: Callable[[Device], Reply]) -> Reply:
        device = self.tenant.device(device_id)
        seen = device is not None and device.group.is_below(self.role_group)
        return run(device) if seen else refusal(404, 404, "Device not found.")

    def get_device(self, request: Request, device_id: str) -> Reply:
        return self.with_device(device_id, lambda device: json_reply(rows.device_row(device)))

    # Apps.

    def list_apps(self, request: Request, device_id: str) -> Reply:
        """By the integer id. Nobody has recorded a device without apps: both forms are served."""
        if not device_id.isdigit():
            return refusal(400, 400, "The device id is no number.")
        return self.with_device(device_id, lambda device: self.page(
            request, device.installs, lambda one: rows.app_row(device, one), "Id",
            "ApplicationName", self.enveloped("DeviceApps"), is_204=device.id % 2 == 0))

    def search_apps(self, request: Request, device_id: str) -> Reply:
        """By the UUID and by nothing else."""
        if device_id.isdigit():
            return refusal(404, 404, "Device not found.")
        return self.with_device(device_id, lambda device: self.page(
            request, device.installs, rows.app_item, "bundle_id", "name",
            lambda page: {"app_items": page.rows, "TotalResults": page.total}, is_204=False))

    def list_catalogue(self, request: Request) -> Reply:
        known = {one.app: (one, device.platform.number) for device in self.tenant.devices
                 for one in device.installs if one.managed}
        return self.page(
            request, list(known.values()),
            lambda pair: rows.catalogue_row(self.tenant, *pair), "Id", "ApplicationName",
            lambda page: {"Application": page.rows, "Book": [], "Page": page.number - 1,
                          "PageSize": page.size, "Total": page.total})

    # Groups.

    def list_groups(self, request: Request) -> Reply:
        """Past the end: 200 and an empty list. Links are http, never to be followed."""
        version = self.version(request, "groups")
        reply = self.page(
            request, self.visible_groups(),
            lambda group: rows.org_group_row(self.tenant, group, version), "Id", "Name",
            lambda page: {"OrganizationGroups": page.rows, "AdditionalInfo": {"Links": [
                {"Rel": "self-search", "Href": f"http://{self.hosts[0]}{request.target}"}]},
                "TotalResults": page.total}, is_204=False)
        return self.stamped(reply, "groups", version)

    def list_children(self, request: Request, group_id: str) -> Reply:
        """The group itself and everything below; the level counts from it."""
        top = next((one for one in self.visible_groups() if str(one.id) == group_id), None)
        if top is None:
            return refusal(404, 404, "Group not found.")

        def level(group: OrgGroup) -> int:
            return 0 if group is top or group.parent is None else 1 + level(group.parent)
        found = [rows.child_row(self.tenant, group, level(group))
                 for group in self.tenant.org_groups if group.is_below(top)]
        return self.stamped(json_reply(found), "groups", 1)

    def list_user_groups(self, request: Request) -> Reply:
        return self.page(request, self.tenant.user_groups, rows.user_group_row, "id", "groupName",
                         self.enveloped("ResultSet"))

    def list_custom_groups(self, request: Request) -> Reply:
        found = [rows.custom_group_row(group) for group in self.tenant.user_groups
                 if group.is_custom]
        return json_reply({"UserGroup": found})

    def list_members(self, request: Request, group_id: str) -> Reply:
        """Members of custom groups; those of a directory's groups are not told."""
        group: Optional[UserGroup] = self.tenant.user_group(group_id)
        if group is None or not group.is_custom:
            return refusal(404, 404, "Custom user group not found.")
        return json_reply({"EnrollmentUser": [rows.member_row(one) for one in group.members]})


def open_tenant(spec: dict[str, Any]) -> Service:
    return WorkspaceOneService(spec)
