"""Rows as Endpoint Central serves them: "--" and -1 for nothing, ids beyond 2^53 as numbers, and keys
that have a table's name before them on one day and none on the next.
"""

import datetime
from typing import Any, Optional

from ..estate import NOW, OFFICES, Estate, Install, Machine

FIRST_RESOURCE = 90071000000001001
FIRST_OFFICE = 90071000000000301
FIRST_SOFTWARE = 90071000000050001
PLATFORMS = {"windows": (1, "Windows"), "macos": (2, "Mac"), "linux": (3, "Linux")}
INSTALLED, YET_TO_INSTALL, UNINSTALLED = 22, 21, 23
MANAGED, WAITING = 61, 62
YEAR = datetime.timedelta(days=365)
HEALTH_UNKNOWN, HEALTHY, VULNERABLE, HIGHLY_VULNERABLE = range(4)
PLACEHOLDERS = ("To be filled by O.E.M.", "Default string", "System Serial Number", "0")

# How keys were spelled on one day of the recordings; two days later most came without the prefix.
PREFIXES = {
    "computer": ("os_platform", "os_name", "os_version", "service_pack"),
    "managedcomputer": ("full_name", "fqdn_name", "agent_version", "installation_status",
                        "managed_status", "remarks", "agent_installed_on", "agent_executed_on",
                        "agent_upgraded_on"),
    "managedcomputerextn": ("owner", "owner_email_id", "location", "description", "search_tag"),
    "branchofficedetails": ("branch_office_name",),
    "osplatformtype": ("os_platform_name",),
}
RENAMED = {"computer_live_status": "resourcelivestatus.status",
           "computer_status_update_time": "resourcelivestatus.status_update_time"}


def resource_id(machine: Machine) -> int:
    return FIRST_RESOURCE + 2 * machine.number


def milliseconds(when: Optional[datetime.datetime]) -> int:
    return int(when.timestamp() * 1000) if when else -1


def prefixed(row: dict[str, Any]) -> dict[str, Any]:
    spelled = {key: f"{table}.{key}" for table, keys in PREFIXES.items() for key in keys}
    spelled.update(RENAMED)
    return {spelled.get(key, key): value for key, value in row.items()}


def computer_row(estate: Estate, machine: Machine) -> dict[str, Any]:
    """There is no serial number here."""
    number, model, person = machine.number, machine.model, machine.person
    platform, platform_name = PLATFORMS[model.platform]
    is_odd = not estate.plain
    row = {
        "resource_id": resource_id(machine), "resource_id_string": str(resource_id(machine)),
        "resource_name": machine.name, "full_name": machine.name.upper(),
        "fqdn_name": "--" if is_odd and number % 5 == 2 else f"{machine.name}.{estate.name}.example",
        "domain_netbios_name": estate.name.upper(), "os_name": model.os_name,
        "os_version": model.os_version, "service_pack": "--", "os_platform": platform,
        "os_platform_name": platform_name, "mac_address": f"{machine.mac},66:77:88:99:AA:BB",
        "ip_address": f"{machine.ip},fe80::1", "owner": person.name if person else "--",
        "owner_email_id": person.email if person else "--", "agent_logged_on_users": "--",
        "agent_version": "11.2.2400.01", "agent_last_contact_time": milliseconds(machine.seen),
        "agent_last_bootup_time": "--", "agent_installed_on": milliseconds(machine.enrolled),
        "agent_executed_on": -1, "agent_upgraded_on": -1, "installation_status": INSTALLED,
        "managed_status": MANAGED, "computer_live_status": 1 + number % 3,
        "computer_status_update_time": milliseconds(machine.seen),
        "branch_office_name": machine.office, "customer_id": estate.customer_id,
        "customer_name": estate.name, "description": "--", "location": "--", "search_tag": "--",
        "remarks": "", "status_label": "dc.some.i18n.key",
        "managedcomputer.friendly_name": machine.name, "modernappdetails.status": "--",
        "modernappdetails.remarks": "not ours", "modernappdetails.last_contact_time": 1,
    }
    if machine.marks.get("retired"):
        row["installation_status"] = UNINSTALLED
    elif is_odd and number % 9 == 2:
        row.update(installation_status=YET_TO_INSTALL, agent_last_contact_time="--",
                   agent_installed_on=-1)
    elif is_odd and number % 9 == 5:
        row["managed_status"] = WAITING
    return row


def serial_of(estate: Estate, machine: Machine) -> str:
    if not estate.plain and machine.model.platform == "linux":
        return PLACEHOLDERS[machine.number // 8 % len(PLACEHOLDERS)]
    return machine.serial


def asset_tag(machine: Machine) -> str:
    return "-" if machine.number % 3 == 0 else machine.asset_tag


def warranty(machine: Machine) -> dict[str, Any]:
    """Nobody knows of every other machine."""
    if machine.number % 2:
        return {"warranty_expiry_date": "--"}
    return {"shipping_date": milliseconds(machine.enrolled),
            "warranty_expiry_date": milliseconds(machine.enrolled + 3 * YEAR)}


def scan_time(machine: Machine) -> int:
    """Of the inventory: with the contact after which something was installed, else long before."""
    return milliseconds(machine.seen if machine.seen > NOW else machine.enrolled)


def scan_row(estate: Estate, machine: Machine, has_serial: bool) -> dict[str, Any]:
    model = machine.model
    row = {"resource_id": resource_id(machine), "resource_name": machine.name,
           "os_platform": PLATFORMS[model.platform][0], "os_name": model.os_name,
           "os_version": model.os_version, "build_number": model.os_build, "scan_status": 2,
           "last_successful_scan": scan_time(machine), "branch_office_name": machine.office}
    if has_serial:
        row.update(servicetag=serial_of(estate, machine), model=model.name,
                   manufacturer_name=model.maker, asset_tag=asset_tag(machine),
                   **warranty(machine))
    return row


def summary(estate: Estate, machine: Machine) -> dict[str, Any]:
    """Groups whose keys are spelled in one of two ways."""
    keys = (("servicetag", "model"), ("serial_number", "device_model"))[machine.number % 2]
    return {"computer_summary": {"resource_name": machine.name, "resource_id": resource_id(machine),
                                 "asset_tag": asset_tag(machine)},
            "computer_hardware_summary": {keys[0]: serial_of(estate, machine),
                                          keys[1]: machine.model.name,
                                          "manufacturer_name": machine.model.maker,
                                          **warranty(machine)},
            "computer_os_summary": {"os_name": machine.model.os_name}}


def software_row(machine: Machine, install: Install) -> dict[str, Any]:
    title = install.software
    return {"software_id": FIRST_SOFTWARE + title.number, "software_name": title.name,
            "software_version": install.version, "manufacturer_name": title.maker,
            "installed_date": 0 if title.number % 4 == 0 else milliseconds(install.at),
            "architecture": "64-bit", "location": "--", "installed_users_login": "--"}


def office_row(estate: Estate, name: str) -> dict[str, Any]:
    held = [one for one in estate.machines if one.office == name and one.is_computer]
    return {"branch_office_id": FIRST_OFFICE + OFFICES.index(name), "branch_office_name": name,
            "managed_computers": len(held), "is_https": True, "is_proxy": False,
            "ds_name": "--", "resource_id": "--", "customer_id": estate.customer_id,
            "customer_name": estate.name}


def health(machine: Machine) -> int:
    return machine.number // 2 % 4


def patch_counts(machine: Machine) -> dict[str, Any]:
    """Numbers, or texts; some kinds are told on some systems alone."""
    counts = {"missing_ms_patches": machine.number % 5, "missing_tp_patches": machine.number % 3,
              "installed_ms_patches": 40 + machine.number, "installed_tp_patches": 7}
    if machine.number % 4 == 0:
        counts["missing_driver_patches"] = 2
    if machine.number % 7 == 0:
        return {key: str(value) for key, value in counts.items()}
    return counts if machine.number % 11 else {}


def system_row(machine: Machine) -> dict[str, Any]:
    return {"resource_id": resource_id(machine), "resource_id_string": str(resource_id(machine)),
            "resource_name": machine.name, "resource_health_status": health(machine),
            "severity_name": "dc.common.IMPORTANT", "last_patched_time": -1,
            "last_successful_scan": milliseconds(machine.seen) if health(machine) else "--",
            **patch_counts(machine)}
