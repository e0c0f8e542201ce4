"""One tenant of Fleet: devices, their apps (asked for one device at a time), and the log of both.

GET /v1/devices?offset=&limit=            {"devices": [{id, name, apps_revision}], "total"}
GET /v1/devices/{id}/apps?offset=&limit=  {"apps": [{name, version}], "total"}; 404 for no device
GET /v1/owners                            {"owners": [{device, email, asset_tag}]}
GET /v1/events?after=&limit=              {"events": [{id, at, kind, device, app, version}], "next"}

The log repeats the last `overlap` events before `after`; what change("late") adds appears in it last
but happened long before. Bearer token, JSON errors {"error": text}.
"""

import copy
import datetime
import re
import secrets
import threading
from typing import Any, Optional

from ..exchange import Page, Reply, Request, json_reply, page_at
from ..vendor import Service, SpecError

DEVICE = re.compile(r"/v1/devices/(?P<id>[^/]+)/apps")
PAGE_MAX = 50
CENTURIES_S = 20_000_000_000


def number(text: Optional[str], otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else otherwise


class FleetService(Service):
    """Options: tenant, devices, apps_per_device, overlap, token."""

    def __init__(self, spec: dict[str, Any]):
        spec = dict(spec)
        name = spec.pop("tenant", "acme")
        self.hosts = (f"{name}.fleet.example",)
        self.token = spec.pop("token", None) or secrets.token_hex(16)
        self.overlap = spec.pop("overlap", 2)
        self.lock = threading.RLock()
        self.devices: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.owners: dict[str, dict[str, Any]] = {}
        self.began = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)
        self.clock = 0  # seconds since then
        count, apps = spec.pop("devices", 12), spec.pop("apps_per_device", 4)
        if spec:
            raise SpecError(f"fleet tenant {name}: unknown option {sorted(spec)[0]!r}")
        for index in range(count):
            self.add_device(f"d-{index:03}")
            for app in range(apps):
                self.install(f"d-{index:03}", f"App {(index + app) % (apps + 3)}", "1.0")

    # What the server asks of a service.

    def describe(self) -> dict[str, Any]:
        return {"vendor": "fleet", "token": self.token, "devices": len(self.devices)}

    def locate(self, request: Request) -> Optional[int]:
        if request.path == "/v1/events":
            return number(request.query.get("after"), 0) // PAGE_MAX + 1
        return page_at(number(request.query.get("offset"), 0), PAGE_MAX)

    def handle(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return json_reply({"error": "unknown token"}, 401)
        if request.method != "GET":
            return json_reply({"error": "method not allowed"}, 405)
        with self.lock:
            match = DEVICE.fullmatch(request.path)
            if match:
                return self.list_apps(request, match["id"])
            if request.path == "/v1/devices":
                return self.list_devices(request)
            if request.path == "/v1/events":
                return self.list_events(request)
            if request.path == "/v1/owners":
                return json_reply({"owners": list(self.owners.values())})
        return json_reply({"error": "not found"}, 404)

    # Lists.

    @staticmethod
    def page_of(request: Request, rows: list[dict], name: str, key: str) -> Reply:
        offset = number(request.query.get("offset"), 0)
        limit = min(number(request.query.get("limit"), PAGE_MAX), PAGE_MAX)
        return Reply(page=Page(
            rows=copy.deepcopy(rows[offset:offset + limit]), id_key=key, text_key="name",
            time_key="seen", identify=lambda row: str(row[key]), number=page_at(offset, limit),
            size=limit, total=len(rows), envelope=lambda page: {name: page.rows, "total": page.total}))

    def list_devices(self, request: Request) -> Reply:
        rows = [{"id": key, "name": device["name"], "apps_revision": device["revision"]}
                for key, device in sorted(self.devices.items())]
        return self.page_of(request, rows, "devices", "id")

    def list_apps(self, request: Request, device_id: str) -> Reply:
        if device_id not in self.devices:
            return json_reply({"error": "no such device"}, 404)
        rows = [{"name": name, "version": version}
                for name, version in sorted(self.devices[device_id]["apps"].items())]
        return self.page_of(request, rows, "apps", "name")

    def list_events(self, request: Request) -> Reply:
        after = number(request.query.get("after"), 0)
        limit = min(number(request.query.get("limit"), PAGE_MAX), PAGE_MAX)
        start = max(0, after - self.overlap)
        found = self.events[start:after + limit]
        more = after + limit < len(self.events)
        following = str(min(after + limit, len(self.events)))
        return Reply(page=Page(
            rows=copy.deepcopy(found), id_key="id", text_key="app", time_key="at",
            identify=lambda row: row["id"], number=after // PAGE_MAX + 1, size=limit,
            envelope=lambda page: {"events": page.rows, "next": following, "more": more}))

    # Truth and changes.

    def truth(self, after: Optional[int] = None) -> dict[str, list[dict]]:
        """What there is; or what the first `after` events of the log say."""
        with self.lock:
            if after is not None:
                return {"device_apps": self.told(after)}
            return {
                "devices": [{"source_id": key, "name": device["name"]}
                            for key, device in sorted(self.devices.items())],
                "device_apps": [
                    {"device_source_id": key, "app_source_id": name, "version": version}
                    for key, device in sorted(self.devices.items())
                    for name, version in sorted(device["apps"].items())],
            }

    def told(self, after: int) -> list[dict]:
        apps: dict[tuple[str, str], dict] = {}
        for event in sorted(self.events[:after], key=lambda event: (event["at"], event["id"])):
            key = event["device"], event["app"]
            if event["kind"] == "removed":
                apps.pop(key, None)
            elif event["kind"] != "moved":
                apps[key] = {"device_source_id": event["device"], "app_source_id": event["app"],
                             "version": event["version"]}
        return list(apps.values())

    def change(self, op: str, **args: Any) -> dict[str, Any]:
        with self.lock:
            return getattr(self, f"change_{op}")(**args) or {}

    def note(self, kind: str, device: str, app: str, version: Optional[str], second: int,
             **more: Any) -> None:
        when = self.began + datetime.timedelta(seconds=second)
        event = {"id": f"e{len(self.events) + 1:06}", "kind": kind, "device": device, "app": app,
                 "at": when.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
        if version is not None:
            event["version"] = version
        event.update(more)
        self.events.append(event)

    def add_device(self, device: str) -> None:
        self.devices[device] = {"name": f"Laptop {device}", "apps": {}, "revision": 1}

    def install(self, device: str, app: str, version: str, **more: Any) -> None:
        held = self.devices[device]
        kind = "changed" if app in held["apps"] else "added"
        held["apps"][app] = version
        held["revision"] += 1
        self.clock += 1
        self.note(kind, device, app, version, self.clock, **more)

    def change_install(self, device: str, app: str, version: str = "1.0", **more: Any) -> None:
        """`more`: what the log tells of it besides."""
        self.install(device, app, version, **more)

    def change_uninstall(self, device: str, app: str) -> None:
        del self.devices[device]["apps"][app]
        self.devices[device]["revision"] += 1
        self.clock += 1
        self.note("removed", device, app, None, self.clock)

    def change_late(self, kind: str, device: str, app: str, version: str = "0.1") -> None:
        """An event that is told now and happened before all others: it changes no truth."""
        self.note(kind, device, app, None if kind == "removed" else version, 0)

    def change_early(self, kind: str, device: str, app: str, version: str = "9") -> None:
        """An event that claims to happen in some hundred years: it changes no truth."""
        self.note(kind, device, app, None if kind == "removed" else version, CENTURIES_S)

    def change_move(self, device: str, app: str, path: str) -> None:
        """An event that tells one field only."""
        self.clock += 1
        self.note("moved", device, app, None, self.clock, path=path)

    def change_own(self, device: str, **facts: Any) -> None:
        """What the register of owners says of a device; nothing = it forgets the device."""
        self.owners.pop(device, None)
        if facts:
            self.owners[device] = {"device": device, **facts}

    def change_rename(self, device: str, name: str) -> None:
        self.devices[device]["name"] = name

    def change_add_device(self, device: str) -> None:
        self.add_device(device)

    def change_remove_device(self, device: str) -> None:
        del self.devices[device]
