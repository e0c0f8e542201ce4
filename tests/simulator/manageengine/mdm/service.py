"""The API of MDM Cloud: /api/v1/mdm/..., paged by record offset with an absolute link to the next.

    paging       "full": total and link; "skip_token": the link holds a cursor; "no_link"; "bare"
    link_host    where links lead, if not here
    page_max     rows of a page, however many are asked for; "bare" has none
    numbers      ids are numbers
    empty        an empty listing: "envelope", "204", "nothing" (200 without a byte), or by turns
    enforce_rate 429 beyond 120 requests a minute at one endpoint, for five minutes
"""

import itertools
import re
import time
import urllib.parse
from typing import Any, Callable, Iterable, Optional

from ...exchange import Page, Reply, Request, empty_reply, json_reply, page_at
from ...vendor import SpecError
from ..estate import Estate, Machine
from ..product import Product, Refused, number
from . import actions, groups, rows, truth

BASE = "/api/v1/mdm"
PAGE_DEFAULT = 50
PAGINGS = ("full", "skip_token", "no_link", "bare")
EMPTIES = ("envelope", "204", "nothing")
RATE, WINDOW_S, LOCK_S = 120, 60, 300
READ_USERS, READ_INVENTORY, READ_DEVICES = (
    "MDMOnDemand.MDMUser.READ", "MDMOnDemand.MDMInventory.READ", "MDMOnDemand.MDMDeviceMgmt.READ")
ADD_DEVICES, DELETE_DEVICES, DELETE_USERS = (
    "MDMOnDemand.MDMDeviceMgmt.CREATE", "MDMOnDemand.MDMDeviceMgmt.DELETE",
    "MDMOnDemand.MDMUser.DELETE")


class Rate:
    """One window a minute for each endpoint; who breaks it waits five."""

    def __init__(self, enforced: bool):
        self.enforced = enforced
        self.taken: dict[str, list[float]] = {}
        self.locked: dict[str, float] = {}

    def is_over(self, endpoint: str) -> bool:
        now = time.monotonic()
        if self.locked.get(endpoint, 0) > now:
            return True
        recent = [one for one in self.taken.get(endpoint, []) if one > now - WINDOW_S]
        self.taken[endpoint] = recent + [now]
        if self.enforced and len(recent) >= RATE:
            self.locked[endpoint] = now + LOCK_S
        return self.locked.get(endpoint, 0) > now


class Mdm(Product):
    name = "manageengine_mdm"

    def configure(self, spec: dict[str, Any]) -> None:
        self.paging = spec.pop("paging", "full")
        if self.paging not in PAGINGS:
            raise SpecError(f"paging is one of {', '.join(PAGINGS)}")
        self.page_max = spec.pop("page_max", 10 ** 6 if self.paging == "bare" else 100)
        self.link_host = spec.pop("link_host", self.hosts[0])
        self.numbers = spec.pop("numbers", False)
        empty = spec.pop("empty", None)
        self.empties = itertools.cycle((empty,) if empty else EMPTIES)
        self.codes_are_numbers = itertools.cycle((False, True))
        self.rate = Rate(spec.pop("enforce_rate", False))
        self.groups = {name: groups.make_groups(estate) for name, estate in self.estates.items()}
        self.commands: dict[str, list[dict]] = {}
        self.routes = self.make_routes()

    def make_routes(self) -> list[tuple[str, re.Pattern, str, Callable[..., Reply]]]:
        device, user = r"/devices/(?P<device>[^/]+)", r"/users/(?P<user>[^/]+)"
        group, member = r"/groups/(?P<group>[^/]+)", r"/members/(?P<member>[^/]+)"
        table = (
            ("GET", "/users", READ_USERS, self.list_users),
            ("GET", user, READ_USERS, self.get_user),
            ("DELETE", user, DELETE_USERS, self.delete_user),
            ("GET", "/devices", READ_INVENTORY, self.list_devices),
            ("GET", device, READ_INVENTORY, self.get_device),
            ("GET", device + "/apps", READ_INVENTORY, self.list_apps),
            ("GET", device + "/commandhistory", READ_DEVICES, self.list_commands),
            ("POST", device + "/actions/(?P<action>[^/]+)", ADD_DEVICES, self.post_action),
            ("GET", "/groups", READ_DEVICES, self.list_groups),
            ("GET", group + "/members", READ_DEVICES, self.list_members),
            ("POST", group + "/members", ADD_DEVICES, self.add_members),
            ("POST", group + member, ADD_DEVICES, self.add_member),
            ("DELETE", group + member, DELETE_DEVICES, self.remove_member),
        )
        return [(method, re.compile(BASE + path), scope, run) for method, path, scope, run in table]

    # Answers of every kind.

    def error(self, status: int, code: str, text: str) -> Reply:
        """The code is a text or a number; OAuth's own words are texts."""
        known = {"COM0002": 1002, "COM0008": 1008}
        said: Any = known[code] if code in known and next(self.codes_are_numbers) else code
        return json_reply({"error_code": said, "error_description": text,
                           "localized_error_description": text}, status)

    def not_found(self) -> Reply:
        return self.error(404, "COM0008", "The requested resource is not available")

    def throttled(self) -> Reply:
        return self.error(429, "COM0002", "URL has been locked as the threshold was crossed")

    def route(self, request: Request, estate: Estate) -> Reply:
        if "application/json" not in request.headers.get("accept", ""):
            return self.error(406, "COM0020", "Accept: application/json is mandatory")
        for method, pattern, scope, run in self.routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                if self.rate.is_over(f"{method} {pattern.pattern}"):
                    return self.throttled()
                self.need(scope)
                return run(request, estate, **match.groupdict())
        return self.not_found()

    def change_throttle(self, path: str = "/devices", seconds: int = LOCK_S) -> None:
        """One endpoint's lock has fallen; 0 seconds: it is lifted."""
        self.rate.locked[f"GET {BASE}{path}"] = time.monotonic() + seconds

    def change_forget_rates(self) -> None:
        """Minutes go by: what was asked is forgotten, and every lock is lifted."""
        self.rate = Rate(self.rate.enforced)

    # Paging.

    def start(self, request: Request) -> int:
        if self.paging == "skip_token" and "skip-token" in request.query:
            return int(request.query["skip-token"].removeprefix("st-"))
        return number(request.query.get("offset"), 0)

    def limit(self, request: Request) -> int:
        return min(number(request.query.get("limit"), PAGE_DEFAULT) or PAGE_DEFAULT, self.page_max)

    def locate(self, request: Request) -> Optional[int]:
        if request.method != "GET" or not request.path.startswith(BASE):
            return None
        return page_at(self.start(request), self.limit(request))

    def link(self, request: Request, at: int) -> str:
        """Absolute, with everything that was asked for."""
        query = {**request.query, "offset": str(at), "limit": str(self.limit(request))}
        if self.paging == "skip_token":
            query.pop("offset")
            query["skip-token"] = f"st-{at}"
        return f"https://{self.link_host}{request.path}?{urllib.parse.urlencode(query)}"

    def id_of(self, row: dict, *keys: str) -> dict:
        if not self.numbers:
            return row
        return {key: int(value) if key in keys and value else value for key, value in row.items()}

    def page(self, request: Request, found: list[dict], key: str, id_key: str, text_key: str,
             **more: Any) -> Reply:
        start, limit = self.start(request), self.limit(request)
        shown = [self.id_of(row, id_key) for row in found[start:start + limit]]
        if not found:
            how = next(self.empties)
            if how != "envelope":
                return empty_reply(204 if how == "204" else 200)
        has_link = self.paging in ("full", "skip_token")
        following = self.link(request, start + limit) if start + limit < len(found) else None

        def envelope(page: Page) -> dict[str, Any]:
            body: dict[str, Any] = {key: page.rows, **more}
            if has_link:
                body["paging"] = {"next": page.cursor} if page.cursor else {}
            if self.paging != "bare":
                body["metadata"] = {"total_record_count": page.total}
            return body

        return Reply(page=Page(
            rows=shown, id_key=id_key, text_key=text_key, time_key="last_contact_time",
            identify=lambda row: str(row.get(id_key)), envelope=envelope,
            number=page_at(start, limit), size=limit, cursor=following, has_cursor=has_link,
            total=len(found)))

    # Users.

    def list_users(self, request: Request, estate: Estate) -> Reply:
        found = [rows.user_row(estate, one) for one in estate.people]
        return self.page(request, found, "users", "user_id", "name")

    def get_user(self, request: Request, estate: Estate, user: str) -> Reply:
        person = next((one for one in estate.people if rows.user_id(one) == user), None)
        return json_reply(rows.user_detail(estate, person)) if person else self.not_found()

    def delete_user(self, request: Request, estate: Estate, user: str) -> Reply:
        person = next((one for one in estate.people if rows.user_id(one) == user), None)
        if person is None:
            return self.not_found()
        estate.people.remove(person)
        return empty_reply(204)

    # Devices.

    @staticmethod
    def enrolled(estate: Estate) -> Iterable[Machine]:
        return [one for one in estate.machines if rows.in_mdm(one)]

    def machine(self, estate: Estate, device: str) -> Machine:
        for one in self.enrolled(estate):
            if rows.device_id(one) == device:
                return one
        raise Refused(self.not_found())

    def list_devices(self, request: Request, estate: Estate) -> Reply:
        found = [rows.device_row(estate, one) for one in self.enrolled(estate)
                 if not one.marks.get("retired") or request.query.get("exclude_removed") != "true"]
        return self.page(request, found, "devices", "device_id", "device_name",
                         **{"delta-token": "opaque"})

    def get_device(self, request: Request, estate: Estate, device: str) -> Reply:
        return json_reply(rows.device_detail(estate, self.machine(estate, device)))

    def list_apps(self, request: Request, estate: Estate, device: str) -> Reply:
        """The list's name is `apps` here and `installed_apps` there."""
        machine = self.machine(estate, device)
        found = [rows.app_row(estate, machine, one) for one in machine.installs]
        key = ("apps", "installed_apps")[machine.number % 2]
        return self.page(request, found, key, "app_id", "app_name")

    def list_commands(self, request: Request, estate: Estate, device: str) -> Reply:
        self.machine(estate, device)
        return json_reply({"commands": self.commands.get(device, [])})

    def post_action(self, request: Request, estate: Estate, device: str, action: str) -> Reply:
        machine = self.machine(estate, device)
        fault = actions.refusal(machine, action)
        if fault:
            return self.error(412, *fault)
        self.commands.setdefault(device, []).append(actions.command(action))
        return empty_reply(202)

    # Groups.

    def group(self, estate: Estate, group: str) -> groups.Group:
        for one in self.groups[estate.name]:
            if one.id == group:
                return one
        raise Refused(self.not_found())

    def list_groups(self, request: Request, estate: Estate) -> Reply:
        found = [groups.group_row(estate, one) for one in self.groups[estate.name]]
        return self.page(request, found, "groups", "group_id", "name")

    def list_members(self, request: Request, estate: Estate, group: str) -> Reply:
        chosen = self.group(estate, group)
        there = groups.present(estate, chosen)
        if request.query.get("include") != "memberdetails":
            return json_reply({"member_ids": there})
        found = [groups.member_row(estate, chosen, one) for one in there]
        id_key = "user_id" if chosen.is_of_users else "device_id"
        return self.page(request, found, "members", id_key, "device_name")

    def join(self, estate: Estate, group: str, members: list[str]) -> Reply:
        chosen = self.group(estate, group)
        if chosen.category == groups.DYNAMIC:
            return self.error(400, "GRP0007", "Members of a dynamic group cannot be changed")
        chosen.members += [one for one in members if one not in chosen.members]
        return empty_reply(202)

    def add_members(self, request: Request, estate: Estate, group: str) -> Reply:
        return self.join(estate, group, request.json().get("member_ids", []))

    def add_member(self, request: Request, estate: Estate, group: str, member: str) -> Reply:
        return self.join(estate, group, [member])

    def remove_member(self, request: Request, estate: Estate, group: str, member: str) -> Reply:
        chosen = self.group(estate, group)
        if member not in chosen.members:
            return self.not_found()
        chosen.members.remove(member)
        return empty_reply(204)

    # Truth.

    def rows(self, estate: Estate) -> dict[str, list[dict]]:
        people = [rows.user_row(estate, one) for one in estate.people]
        shown = [one for one in self.enrolled(estate) if not one.marks.get("retired")]
        found = [(rows.device_id(one), rows.app_row(estate, one, install))
                 for one in shown for install in one.installs]
        members = [truth.member(groups.group_row(estate, group),
                                groups.member_row(estate, group, one))
                   for group in self.groups[estate.name] for one in groups.present(estate, group)]
        return {
            "users": [truth.user(row) for row in people],
            "devices": [truth.device(rows.device_row(estate, one)) for one in shown],
            "apps": list({truth.app(row)["source_id"]: truth.app(row) for _, row in found}.values()),
            "device_apps": [{"device_source_id": device, "version": row["app_version"],
                             "app_source_id": truth.app(row)["source_id"]}
                            for device, row in found],
            "groups": [{"source_id": one.id, "name": one.name,
                        "kind": truth.GROUPS.get(one.type)} for one in self.groups[estate.name]],
            "group_members": members, "licenses": [{"name": truth.LICENSE}] if people else [],
            "user_licenses": [{"user_source_id": row["user_id"], "license": truth.LICENSE}
                              for row in people],
        }
