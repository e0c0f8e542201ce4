"""The canonical rows of Endpoint Central, read from rows as served; written from the fact sheet alone.

    devices        source_id name hostname serial_number asset_tag platform manufacturer model os_name
                   os_version os_build is_managed is_compliant user_email last_seen_at
                   custom.warranty_expires_at custom.shipped_at custom.patch_health
                   custom.patches_missing custom.patches_installed custom.patch_scanned_at
    apps           source_id name publisher platform
    device_apps    device_source_id app_source_id version installed_at
    groups         source_id name kind; group_members group_source_id member_source_id member_kind

Users are none: an owner is an attribute of a computer.
"""

import datetime
from typing import Any, Optional

PLATFORMS = {1: "windows", 2: "macos", 3: "linux"}
COMPLIANT = {1: True, 2: False, 3: False}
HEALTH = ("unknown", "healthy", "vulnerable", "highly vulnerable")
NO_SERIALS = ("to be filled by o.e.m.", "default string", "system serial number", "0")


def usable(value: Any) -> Any:
    return None if value in ("--", "", "NA", -1, None) else value


def instant(value: Any) -> Optional[str]:
    if usable(value) in (None, 0):
        return None
    moment = datetime.datetime.fromtimestamp(value / 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def serial(text: Optional[str]) -> Optional[str]:
    return None if not usable(text) or text.lower() in NO_SERIALS else text


def patches(system: dict, verb: str) -> Optional[int]:
    counts = [int(value) for key, value in system.items()
              if key.startswith(verb + "_") and key.endswith("_patches")]
    return sum(counts) if counts else None


def device(row: dict, hardware: dict, system: dict) -> dict:
    email, health = usable(row["owner_email_id"]), system["resource_health_status"]
    return {
        "source_id": row["resource_id_string"], "name": row["resource_name"],
        "hostname": usable(row["fqdn_name"]), "serial_number": serial(hardware.get("servicetag")),
        "manufacturer": hardware["manufacturer_name"], "model": hardware["model"],
        "platform": PLATFORMS[row["os_platform"]], "os_name": row["os_name"],
        "os_version": row["os_version"],
        "is_managed": row["managed_status"] == 61 and row["installation_status"] == 22,
        "is_compliant": COMPLIANT.get(health), "user_email": email.lower() if email else None,
        "last_seen_at": instant(row["agent_last_contact_time"]),
        "os_build": hardware["build_number"],
        "asset_tag": None if hardware["asset_tag"] == "-" else hardware["asset_tag"],
        "custom.warranty_expires_at": instant(hardware["warranty_expiry_date"]),
        "custom.shipped_at": instant(hardware.get("shipping_date")),
        "custom.patch_health": HEALTH[health],
        "custom.patches_missing": patches(system, "missing"),
        "custom.patches_installed": patches(system, "installed"),
        "custom.patch_scanned_at": instant(system["last_successful_scan"]),
    }


def app(row: dict, platform: str) -> dict:
    return {"source_id": str(row["software_id"]), "name": row["software_name"],
            "publisher": row["manufacturer_name"], "platform": platform}


def install(row: dict, device_id: str) -> dict:
    return {"device_source_id": device_id, "app_source_id": str(row["software_id"]),
            "version": row["software_version"], "installed_at": instant(row["installed_date"])}
