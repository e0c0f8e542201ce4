"""Rows as MDM Cloud serves them: one person in three spellings, numbers that are texts now and then.

No recording of the cloud is public, and the documentation disagrees with itself about types: so all
that it says is served, by turns.
"""

import datetime
from typing import Any, Optional

from ..estate import Estate, Install, Machine, Person

FIRST_USER = 9007199254741001  # beyond 2^53
FIRST_DEVICE = 310000000000130001
FIRST_APP = 310000000000200001
PLATFORMS = {"ios": 1, "ipados": 1, "android": 2, "windows": 3, "macos": 4}
PLATFORM_NAMES = {1: "ios", 2: "android", 3: "windows", 4: "macos"}
KINDS = {"phone": 1, "tablet": 2, "laptop": 3, "desktop": 4}
MANAGED, PENDING, RETIRED, UNHEARD_OF = 2, 1, 4, 99


def user_id(person: Person) -> str:
    return str(FIRST_USER + person.number)


def device_id(machine: Machine) -> str:
    return str(FIRST_DEVICE + machine.number)


def in_mdm(machine: Machine) -> bool:
    """Phones, tablets and Macs, and every other Windows computer; no Linux."""
    platform = machine.model.platform
    return platform != "linux" and (platform != "windows" or machine.number % 2 == 1)


def milliseconds(when: Optional[datetime.datetime]) -> Optional[int]:
    return int(when.timestamp() * 1000) if when else None


def text_or_number(value: int, is_text: bool) -> Any:
    return str(value) if is_text else value


def is_local(estate: Estate, person: Person) -> bool:
    """A user without an address."""
    return not estate.plain and person.number % 13 == 8


def user_row(estate: Estate, person: Person) -> dict[str, Any]:
    row = {"user_id": user_id(person), "name": person.name, "email_address": person.email,
           "phone_number": person.phone, "domain": ("MDM", "ZohoUser")[person.number % 2]}
    if is_local(estate, person):
        row["email_address"] = ("", "--")[person.number // 13 % 2]
    return row


def user_detail(estate: Estate, person: Person) -> dict[str, Any]:
    row = user_row(estate, person)
    owned = sum(1 for one in estate.machines if one.person is person and in_mdm(one))
    return {"user_id": row["user_id"], "user_name": row["name"],
            "user_email": row["email_address"], "phone_number": "", "device_count": owned}


def owner_of(estate: Estate, machine: Machine) -> dict[str, Any]:
    person = machine.person
    if person is None:
        return ({}, {"user": {}}, {"user": None})[machine.number % 3]
    email = "--" if is_local(estate, person) else person.email
    return {"user": {"user_id": user_id(person), "user_name": person.name, "user_email": email}}


def managed_status(estate: Estate, machine: Machine) -> dict[str, Any]:
    if machine.marks.get("retired"):
        return {"managed_status": str(RETIRED)}
    turn = machine.number % 17
    if estate.plain or turn not in (5, 9, 12):
        return {"managed_status": text_or_number(MANAGED, machine.number % 2 == 0)}
    return {5: {}, 9: {"managed_status": str(PENDING)}, 12: {"managed_status": UNHEARD_OF}}[turn]


def imei_of(machine: Machine) -> Any:
    text = f"35000000{machine.number:07}"
    return ([text], text, int(text))[machine.number % 3]


def serial_of(estate: Estate, machine: Machine) -> dict[str, Any]:
    """Android 10 and later tell no serial number of a work profile."""
    if estate.plain or machine.model.platform != "android" or machine.number % 3:
        return {"serial_number": machine.serial}
    return ({"serial_number": "--"}, {"serial_number": ""}, {})[machine.number // 3 % 3]


def device_row(estate: Estate, machine: Machine) -> dict[str, Any]:
    is_text = estate.plain or machine.number % 2 == 0
    platform, model = PLATFORMS[machine.model.platform], machine.model
    has_model = estate.plain or machine.number % 23 != 7
    is_retired = machine.marks.get("retired", False)
    row = {
        "device_id": device_id(machine), "device_name": machine.name,
        "product_name": model.product, "model": model.name if has_model else "",
        "os_version": model.os_version, "platform_type": PLATFORM_NAMES[platform],
        "platform_type_id": text_or_number(platform, is_text),
        "device_type": text_or_number(KINDS[model.kind], is_text),
        "udid": f"00008101-{machine.number:016X}",
        "owned_by": text_or_number(1 + machine.number % 2, is_text),
        "is_removed": str(is_retired).lower() if is_text else is_retired,
        "is_supervised": platform == 1, "is_lost_mode_enabled": False,
        "last_contact_time": text_or_number(milliseconds(machine.seen), is_text),
        "enrolled_time": text_or_number(milliseconds(machine.enrolled), is_text),
        "device_capacity": "126.90", "customer_id": str(estate.customer_id), "customer_name": estate.name,
        "summary": {"profile_count": 2, "app_count": len(machine.installs), "doc_count": 0,
                    "group_count": 1},
        **serial_of(estate, machine), **managed_status(estate, machine),
        **owner_of(estate, machine),
    }
    if model.kind in ("phone", "tablet"):
        row["imei"] = imei_of(machine)
    if not estate.plain and machine.number % 29 == 3:
        row["last_contact_time"] = "--"
    return row


def device_detail(estate: Estate, machine: Machine) -> dict[str, Any]:
    row, model = device_row(estate, machine), machine.model
    return {**row, "model_name": model.name, "asset_tag": machine.asset_tag,
            "os": {"os_version": model.os_version, "build_version": model.os_build},
            "network": {"wifi_mac": machine.mac},
            "security": {"passcode_complaint": True, "passcode_present": True,
                         "device_rooted": False, "storage_encryption": True}, "sims": []}


def app_row(estate: Estate, machine: Machine, install: Install) -> dict[str, Any]:
    title = install.software
    row = {"app_id": str(FIRST_APP + title.number), "app_name": title.name,
           "identifier": title.identifier, "app_version": install.version,
           "platform_type": text_or_number(PLATFORMS[title.platform], machine.number % 2 == 0)}
    if not estate.plain and title.number % 1000 == 1:
        row["identifier"] = ("--", "")[machine.number % 2]
    return row
