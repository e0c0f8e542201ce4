"""The API of one tenant: routes, permissions, the listings beside Prism."""

import base64
import itertools
import re
import threading
import time
from typing import Any, Callable, Optional

from ..exchange import Page, Reply, Request, json_reply, page_at
from ..vendor import Service, SpecError
from . import actions, changes, prism, quirks, rows, truth
from .access import APPLICATIONS, DEVICE_DETAIL, DEVICE_LIST, Access
from .details import device_details
from .prism import asked_offset
from .tenant import Device, Tenant

PAGE_MAX = 300
USERS_PAGE = 25
RATE_SECOND, RATE_HOUR = 50, 10000
HOSTS = {"us": "{}.api.kandji.io", "eu": "{}.api.eu.kandji.io",
         "clients": "{}.clients.us-1.kandji.io"}
UI_HOSTS = {"us": "{}.kandji.io", "eu": "{}.eu.kandji.io", "clients": "{}.kandji.io"}

ORDERINGS = ("asset_tag", "blueprint_id", "device_id", "device_name", "last_check_in", "model",
             "platform", "os_version", "serial_number", "user")
# Query parameter -> (row key, how it is compared); user* look into the row's user object.
FILTERS = {
    "asset_tag": "equal", "blueprint_id": "equal", "device_id": "equal", "device_name": "contains",
    "model": "contains", "os_version": "equal", "platform": "equal", "serial_number": "contains",
}
USER_FILTERS = {"user": ("name", "contains"), "user_email": ("email", "contains"),
                "user_email_exact": ("email", "equal"), "user_id": ("id", "equal"),
                "user_name": ("name", "contains")}


def compare(how: str, value: Any, wanted: str) -> bool:
    if how == "equal":
        return str(value) == wanted
    return wanted.lower() in str(value or "").lower()


def filter_rows(found: list[dict], query: dict[str, str]) -> list[dict]:
    for name, wanted in query.items():
        if name in FILTERS:
            found = [row for row in found if compare(FILTERS[name], row.get(name), wanted)]
        elif name in USER_FILTERS:
            key, how = USER_FILTERS[name]
            found = [row for row in found if isinstance(row.get("user"), dict)
                     and compare(how, row["user"].get(key), wanted)]
        elif name in ("tag_name", "tag_name_in"):
            names = wanted.split(",")
            found = [row for row in found if set(names) & set(row.get("tags", []))]
    return found


def order_rows(found: list[dict], ordering: str) -> list[dict]:
    for name in reversed(ordering.split(",")):
        key = name.lstrip("-")
        if key in ORDERINGS:
            found = sorted(found, key=lambda row: str(row.get(key)), reverse=name.startswith("-"))
    return found


class Rate:
    """Counts requests in the running second and hour, and says so in headers as Kong does."""

    def __init__(self, enforced: bool):
        self.enforced = enforced
        self.counts: dict[tuple[str, int], int] = {}

    def take(self) -> tuple[int, int]:
        """Requests left in this second and this hour after this one; below 0 = too many."""
        now = time.time()
        keys = (("second", int(now)), ("hour", int(now) // 3600))
        self.counts = {key: self.counts.get(key, 0) + 1 for key in keys}
        return RATE_SECOND - self.counts[keys[0]], RATE_HOUR - self.counts[keys[1]]

    @staticmethod
    def headers(left: tuple[int, int]) -> list[tuple[str, str]]:
        second, hour = (str(max(0, count)) for count in left)
        return [("RateLimit-Limit", str(RATE_SECOND)), ("RateLimit-Remaining", second),
                ("RateLimit-Reset", "1"), ("X-RateLimit-Limit-Second", str(RATE_SECOND)),
                ("X-RateLimit-Remaining-Second", second),
                ("X-RateLimit-Limit-Hour", str(RATE_HOUR)), ("X-RateLimit-Remaining-Hour", hour)]


Handler = Callable[..., Reply]


class KandjiService(Service):
    """One tenant under its API host. Options: see README.md, "Kandji"."""

    def __init__(self, spec: dict[str, Any]):
        spec = dict(spec)
        name, region = spec.pop("tenant", "acme"), spec.pop("region", "us")
        if region not in HOSTS:
            raise SpecError(f"region is one of {', '.join(HOSTS)}")
        self.hosts = (spec.pop("host", None) or HOSTS[region].format(name),)
        self.ui_host = UI_HOSTS[region].format(name)
        self.access = Access(spec)
        self.rate = Rate(spec.pop("enforce_rate", False))
        self.serial_object = spec.pop("serial_filter_object", True)
        self.tenant = make_tenant(name, spec)
        self.prism = make_prism(self.tenant, spec)
        self.lock = threading.RLock()
        self.turns = itertools.count(1)
        self.routes = self.make_routes()
        if spec:
            raise SpecError(f"kandji tenant {name}: unknown option {sorted(spec)[0]!r}")

    def make_routes(self) -> list[tuple[str, re.Pattern, Optional[str], Handler]]:
        device, user = r"/devices/(?P<device_id>[^/]+)", r"/users/(?P<user_id>[^/]+)"
        table = (
            ("GET", "/devices", DEVICE_LIST, self.list_devices),
            ("GET", device, DEVICE_DETAIL, self.get_device),
            ("PATCH", device, "Update a device", self.patch_device),
            ("DELETE", device, "Delete device", self.delete_device),
            ("GET", device + "/details", DEVICE_DETAIL, self.get_details),
            ("GET", device + "/apps", "Application list", self.get_apps),
            ("GET", device + "/commands", "Device commands", self.get_commands),
            ("GET", device + "/secrets/unlockpin", "Unlock pin", self.get_unlock_pin),
            ("POST", device + "/action/(?P<action>[^/]+)", "Device actions", self.post_action),
            ("GET", "/prism/count", "Count", self.get_count),
            ("GET", "/prism/(?P<category>[^/]+)", APPLICATIONS, self.list_prism),
            ("GET", "/users", "Users list", self.list_users),
            ("GET", user, "Get user", self.get_user),
            ("DELETE", user, "Delete user", self.delete_user),
            ("GET", "/blueprints", "List blueprints", self.list_blueprints),
            ("GET", "/tags", "Tags", self.list_tags),
            ("GET", "/settings/licensing", "Licensing", self.get_licensing),
        )
        return [(method, re.compile(f"/api/v1{path}"), permission, run)
                for method, path, permission, run in table]

    # What the server asks of a service.

    def describe(self) -> dict[str, Any]:
        return {"vendor": "kandji", "tenant": self.tenant.name, "token": self.access.token,
                "admin_token": self.access.admin_token, "devices": len(self.tenant.listed())}

    def locate(self, request: Request) -> Optional[int]:
        if request.path == "/api/v1/devices":
            return page_at(asked_offset(request), self.asked_limit(request))
        if request.path.startswith("/api/v1/prism/"):
            return self.prism.locate(request)
        return None

    def handle(self, request: Request) -> Reply:
        with self.lock:
            left = self.rate.take()
            if self.rate.enforced and min(left) < 0:
                reply = json_reply({"message": "API rate limit exceeded"}, 429)
            else:
                reply = self.route(request)
        reply.headers += Rate.headers(left)
        return reply

    def truth(self, **options: Any) -> dict[str, list[dict]]:
        with self.lock:
            devices = [rows.device_row(device) for device in self.tenant.listed()]
            apps = (row for device in self.tenant.devices
                    for row in rows.prism_rows(device, device.installs))
            return truth.canonical_rows(devices, apps, **options)

    def change(self, op: str, **args: Any) -> dict[str, Any]:
        with self.lock:
            return changes.apply(self, op, args)

    # Routing.

    def route(self, request: Request) -> Reply:
        for method, pattern, permission, run in self.routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                refused = self.access.refuse(request, permission)
                return refused or run(request, **match.groupdict())
        if any(pattern.fullmatch(request.path) for _, pattern, _, _ in self.routes):
            return json_reply({"detail": f'Method "{request.method}" not allowed.'}, 405)
        return self.access.refuse(request, None) or not_found()

    # Devices.

    @staticmethod
    def asked_limit(request: Request) -> int:
        text = request.query.get("limit", "")
        limit = int(text) if text.isascii() and text.isdigit() else PAGE_MAX
        return min(limit or PAGE_MAX, PAGE_MAX)

    def list_devices(self, request: Request) -> Reply:
        found = [rows.device_row(device) for device in self.tenant.listed()]
        found = filter_rows(found, request.query)
        serial = request.query.get("serial_number")
        if self.serial_object and len(found) == 1 and found[0]["serial_number"] == serial:
            return json_reply(found[0])  # as the vendor's sample of this query shows
        found = self.in_order(found, request.query.get("ordering", ""))
        limit, offset = self.asked_limit(request), asked_offset(request)
        page = Page(rows=found[offset:offset + limit], id_key="device_id",
                    text_key="device_name", time_key="last_check_in",
                    identify=lambda row: row["device_id"], envelope=lambda page: page.rows,
                    number=page_at(offset, limit), size=limit)
        return Reply(page=page, headers=self.list_headers(len(found), limit, offset))

    def in_order(self, found: list[dict], ordering: str) -> list[dict]:
        """Without an order asked for, the order is another one each time, as it may be."""
        if any(name.lstrip("-") in ORDERINGS for name in ordering.split(",")):
            return order_rows(found, ordering)
        turn = next(self.turns) * 7 % max(1, len(found))
        return found[turn:] + found[:turn]

    def list_headers(self, total: int, limit: int, offset: int) -> list[tuple[str, str]]:
        """Link with the literal target <None> where there is no page, as recorded."""
        url = f"https://{self.hosts[0]}/api/v1/devices?limit={limit}"
        following = f"{url}&offset={offset + limit}" if offset + limit < total else "None"
        previous = url if offset else "None"
        return [("X-Total-Count", str(total)), ("X-Total-Pages", str(-(-total // limit))),
                ("Link", f'<{following}>; rel="next", <{previous}>; rel="prev"')]

    def with_device(self, device_id: str, run: Callable[[Device], Reply]) -> Reply:
        device = self.tenant.device(device_id)
        return run(device) if device else not_found()

    def get_device(self, request: Request, device_id: str) -> Reply:
        return self.with_device(
            device_id, lambda device: json_reply(rows.device_row(device, in_list=False)))

    def patch_device(self, request: Request, device_id: str) -> Reply:
        def run(device: Device) -> Reply:
            refused = actions.patch_device(self.tenant, device, request.json())
            return refused or json_reply(rows.device_row(device, in_list=False))
        return self.with_device(device_id, run)

    def delete_device(self, request: Request, device_id: str) -> Reply:
        def run(device: Device) -> Reply:
            self.tenant.devices.remove(device)
            return Reply(status=204, content_type=None)
        return self.with_device(device_id, run)

    def get_details(self, request: Request, device_id: str) -> Reply:
        return self.with_device(device_id, lambda device: json_reply(device_details(device)))

    def get_apps(self, request: Request, device_id: str) -> Reply:
        def run(device: Device) -> Reply:
            apps = [rows.app_row(device, install) for install in device.installs]
            reply = json_reply({"device_id": device.id, "apps": apps})
            reply.headers.append(("X-Total-Count", str(len(apps))))
            return reply
        return self.with_device(device_id, run)

    def get_commands(self, request: Request, device_id: str) -> Reply:
        limit, offset = self.asked_limit(request), asked_offset(request)
        return self.with_device(
            device_id, lambda device: actions.commands(device, limit, offset))

    def get_unlock_pin(self, request: Request, device_id: str) -> Reply:
        def run(device: Device) -> Reply:
            return json_reply({"pin": device.locked_pin}) if device.locked_pin else not_found()
        return self.with_device(device_id, run)

    def post_action(self, request: Request, device_id: str, action: str) -> Reply:
        if request.body and "json" not in request.headers.get("content-type", ""):
            return json_reply({"detail": "Unsupported media type"}, 415)
        return self.with_device(
            device_id, lambda device: actions.act(device, action, request.json()) or not_found())

    # Prism.

    def list_prism(self, request: Request, category: str) -> Reply:
        return self.prism.list(category, request)

    def get_count(self, request: Request) -> Reply:
        return self.prism.count(request)

    # Users, blueprints, tags, licensing.

    def device_count(self, person: Any) -> int:
        return sum(1 for device in self.tenant.listed() if device.person is person)

    def list_users(self, request: Request) -> Reply:
        cursor = base64.b64decode(request.query.get("cursor", "")).decode("latin-1")
        after = cursor.removeprefix("p=")
        people = [person for person in self.tenant.people
                  if person.id is not None and person.legacy_id > after
                  and compare("contains", person.email, request.query.get("email", ""))]
        page, rest = people[:USERS_PAGE], people[USERS_PAGE:]
        following = None
        if rest:  # on the host of the UI, as in the vendor's sample: never to be called
            text = base64.b64encode(f"p={page[-1].legacy_id}".encode()).decode()
            following = f"https://{self.ui_host}/api/v1/users?cursor={text.replace('=', '%3D')}"
        found = [rows.user_row(person, self.device_count(person)) for person in page]
        return Reply(page=Page(
            rows=found, id_key="id", text_key="name", time_key="created_at",
            identify=lambda row: str(row["id"]), size=USERS_PAGE, asked_cursor=cursor or None,
            envelope=lambda page: {"next": following, "previous": None, "results": page.rows}))

    def get_user(self, request: Request, user_id: str) -> Reply:
        person = self.tenant.person(user_id)
        return json_reply(rows.user_row(person, self.device_count(person))) if person \
            else not_found()

    def delete_user(self, request: Request, user_id: str) -> Reply:
        return actions.delete_user(self.tenant, user_id)

    def list_blueprints(self, request: Request) -> Reply:
        offset = asked_offset(request)
        names = list(self.tenant.blueprint_ids)
        found = [rows.blueprint_row(self.tenant, name)
                 for name in names[offset:offset + self.asked_limit(request)]]
        return json_reply({"count": len(names), "next": None, "previous": None, "results": found})

    def list_tags(self, request: Request) -> Reply:
        names = sorted({tag for device in self.tenant.listed() for tag in device.tags})
        search = request.query.get("search", "")
        found = [{"id": f"00000000-0000-4000-8000-{i:012}", "name": name}
                 for i, name in enumerate(names) if search in name]
        return json_reply({"count": len(found), "next": None, "previous": None, "results": found})

    def get_licensing(self, request: Request) -> Reply:
        families = [device.family for device in self.tenant.listed()]
        counts = {"computers_count": len(families), "ios_count": families.count("iPhone"),
                  "ipados_count": families.count("iPad"), "macos_count": families.count("Mac"),
                  "tvos_count": families.count("AppleTV")}
        limits = {"plan_type": "single_limit", "max_devices": len(families) + 10,
                  "max_devices_per_platform": {"macos": 0, "ios_ipados": 0}}
        return json_reply({"counts": counts, "limits": limits, "tenantOverLicenseLimit": False})


def not_found() -> Reply:
    return json_reply({"detail": "Not found."}, 404)


def make_tenant(name: str, spec: dict[str, Any]) -> Tenant:
    plain = spec.pop("plain", False)
    tenant = Tenant(name, spec.pop("seed", 1), spec.pop("devices", 50),
                    spec.pop("apps_per_device", 20), plain, spec.pop("user_ids", "uuid"))
    if not plain:
        quirks.make_awkward(tenant)
    return tenant


def make_prism(tenant: Tenant, spec: dict[str, Any]) -> prism.Prism:
    mode, end = spec.pop("prism", "cursor"), spec.pop("cursor_end", "null")
    if mode not in prism.MODES or end not in prism.CURSOR_ENDS:
        raise SpecError(f"prism is one of {', '.join(prism.MODES)}; "
                        f"cursor_end is one of {', '.join(prism.CURSOR_ENDS)}")
    return prism.Prism(tenant, mode, end, spec.pop("short_pages", not tenant.plain),
                       spec.pop("prism_total", False))
