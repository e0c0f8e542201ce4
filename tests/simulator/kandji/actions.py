"""Writes: device actions, PATCH, deletions. Effects are seen by later reads."""

import random
import uuid
from typing import Any, Callable, Optional

from ..exchange import Reply, empty_reply, json_reply
from .tenant import NOW, Device, Tenant, iso_z

PENDING, COMPLETED = 1, 3
MAC_ONLY = ("restart", "shutdown", "unlockaccount", "remotedesktop", "reinstallagent")
MOBILE_ONLY = ("clearpasscode", "enablelostmode", "disablelostmode", "playlostmodesound",
               "updatelocation")
SIMPLE = MAC_ONLY + MOBILE_ONLY + ("blankpush", "updateinventory", "dailycheckin",
                                   "renewmdmprofile", "deleteuser")
NOT_ALLOWED = "Command is not allowed for current device"
REQUEST_TYPES = {"lock": "DeviceLock", "erase": "EraseDevice", "restart": "RestartDevice"}


def refuse(text: str) -> Reply:
    """Actions are refused with a bare JSON string."""
    return json_reply(text, 400)


def note_command(device: Device, name: str) -> None:
    number = len(device.commands)
    device.commands.append({
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{device.id}/{number}")),
        "command_type": name, "request_type": REQUEST_TYPES.get(name, name), "metadata": {},
        "error_chain": [], "status": PENDING, "attempts": 1, "date_requested": iso_z(NOW),
        "date_completed": None, "last_pushed": iso_z(NOW), "user": None, "priority": 5,
    })


def is_running(device: Device, name: str) -> bool:
    return any(c["command_type"] == name and c["status"] == PENDING for c in device.commands)


def lock(device: Device, body: dict[str, Any]) -> Reply:
    if device.family not in ("Mac", "iPhone", "iPad"):
        return refuse(NOT_ALLOWED)
    if device.locked_pin is not None:
        return refuse("This device is already locked.")
    device.locked_pin = f"{random.Random(device.id).randrange(1000000):06}"
    note_command(device, "lock")
    return json_reply({"PIN": device.locked_pin}) if device.family == "Mac" else empty_reply()


def erase(device: Device, body: dict[str, Any]) -> Reply:
    pin = body.get("PIN")
    if pin is not None and (not isinstance(pin, str) or len(pin) != 6):
        return refuse("PIN must be exactly 6 characters")
    service = body.get("ReturnToService") or {}
    if service.get("Enabled") and service.get("ProfileId") != device.blueprint_id:
        return refuse("The specified profile is not in scope for the device")
    if is_running(device, "erase"):
        return refuse("Command already running")
    device.erased = True
    note_command(device, "erase")
    return empty_reply()


def set_name(device: Device, body: dict[str, Any]) -> Reply:
    if not body.get("DeviceName"):
        return json_reply({"DeviceName": ["This field is required."]}, 400)
    device.name = body["DeviceName"]
    note_command(device, "setname")
    return empty_reply()


def simple(name: str) -> Callable[[Device, dict[str, Any]], Reply]:
    def run(device: Device, body: dict[str, Any]) -> Reply:
        is_mac = device.family == "Mac"
        if (name in MAC_ONLY and not is_mac) or (name in MOBILE_ONLY and is_mac):
            return refuse(NOT_ALLOWED)
        note_command(device, name)
        return empty_reply()
    return run


ACTIONS = {"lock": lock, "erase": erase, "setname": set_name,
           **{name: simple(name) for name in SIMPLE}}


def act(device: Device, name: str, body: Any) -> Optional[Reply]:
    """None: there is no such action."""
    if name not in ACTIONS:
        return None
    if not isinstance(body, dict):
        return json_reply({"detail": "JSON parse error"}, 400)
    return ACTIONS[name](device, body)


def commands(device: Device, limit: int, offset: int) -> Reply:
    """The commands sent so far; each look completes what was pending."""
    page = [dict(command) for command in device.commands[offset:offset + limit]]
    for command in device.commands:
        command.update(status=COMPLETED, date_completed=iso_z(NOW))
    return json_reply({"device_id": device.id, "commands": {
        "count": len(device.commands), "next": None, "previous": None, "results": page}})


def patch_device(tenant: Tenant, device: Device, body: Any) -> Optional[Reply]:
    """None when all was well and the device can be shown."""
    known = {"asset_tag", "blueprint_id", "user", "tags"}
    if not isinstance(body, dict) or set(body) - known:
        return json_reply({"detail": "Unknown field"}, 400)
    if "user" in body:
        person = tenant.person(str(body["user"])) if body["user"] is not None else None
        if body["user"] is not None and person is None:
            return json_reply({"user": ["Invalid user."]}, 400)
        device.person, device.no_user, device.email_as, device.name_as = person, "", None, None
    device.asset_tag = body.get("asset_tag", device.asset_tag)
    device.tags = body.get("tags", device.tags)
    if "blueprint_id" in body:
        names = {identity: name for name, identity in tenant.blueprint_ids.items()}
        if body["blueprint_id"] not in names:
            return json_reply({"blueprint_id": ["Invalid blueprint."]}, 400)
        device.blueprint_id, device.blueprint = body["blueprint_id"], names[body["blueprint_id"]]
    return None


def delete_user(tenant: Tenant, person_id: str) -> Reply:
    person = tenant.person(person_id)
    if person is None:
        return json_reply({"detail": "Not found."}, 404)
    if any(device.person is person for device in tenant.listed()):
        return json_reply({"detail": "User still assigned to one or more devices."}, 400)
    tenant.people.remove(person)
    return empty_reply(204)
