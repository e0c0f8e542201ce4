"""The canonical rows that a correct sync of Kandji must give: the tests' own reading of the rules.

Input are rows as the API serves them, output plain dicts. This file is written from the vendor's
fact sheet and the product's statements alone and shares nothing with the connector; where the two
differ, a test fails and a person decides.

    users          source_id email name status last_used_at
    devices        source_id name serial_number asset_tag platform model os_version os_build
                   is_managed user_source_id user_email enrolled_at last_seen_at
    apps           source_id name publisher identifier identifier_type
    device_apps    device_source_id app_source_id version path, and `key`, the two parts that
                   make an installation
    licenses       name
    user_licenses  user_source_id license
    groups         source_id name kind: the blueprints of the devices shown
    group_members  group_source_id member_source_id member_kind

Times are as the vendor wrote them, but with T, Z and six digits; absent values are None.
"""

import datetime
from typing import Any, Iterable, Optional

PLATFORMS = {"Mac": "macos", "iPhone": "ios", "iPad": "ipados", "AppleTV": "tvos",
             "Windows": "windows"}
LICENSES = ("Mac", "iPhone", "iPad")
DROPPED_WORDS = ("helper", "updater")
ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def lower(text: str) -> str:
    """ASCII letters only, as in the host's field helpers."""
    return text.translate(ASCII_LOWER)


def usable(value: Any) -> bool:
    return value not in (None, "", "No value")


def first(*values: Any) -> Any:
    return next((value for value in values if usable(value)), None)


def instant(text: Optional[str]) -> Optional[str]:
    if not text:
        return None
    when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return when.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def owner_of(device: dict) -> Optional[str]:
    """The source_id of the device's user: the id as text, else the lower-cased e-mail."""
    user = device.get("user")
    if not isinstance(user, dict):
        return None
    if usable(user.get("id")):
        return str(user["id"])
    return lower(user["email"]) if user.get("email") else None


def user_rows(devices: list[dict]) -> list[dict]:
    """One user a source_id; the device seen last tells name, e-mail and status."""
    by_owner: dict[str, list[dict]] = {}
    for device in devices:
        if owner := owner_of(device):
            by_owner.setdefault(owner, []).append(device)
    return [user_row(owner, owned) for owner, owned in by_owner.items()]


def user_row(source_id: str, owned: list[dict]) -> dict:
    latest = max(owned, key=lambda device: instant(device.get("last_check_in")) or "")
    user = latest["user"]
    return {
        "source_id": source_id, "email": lower(user.get("email") or "") or None,
        "name": user.get("name") or None,
        "status": "inactive" if user.get("is_archived") else "active",
        "last_used_at": instant(latest.get("last_check_in")),
    }


def device_row(device: dict) -> dict:
    user = device.get("user")
    email = user.get("email") if isinstance(user, dict) else None
    extra = device.get("supplemental_os_version_extra")
    return {
        "source_id": device["device_id"], "name": device.get("device_name") or None,
        "serial_number": device.get("serial_number") or None,
        "asset_tag": device.get("asset_tag") or None,
        "platform": PLATFORMS.get(device.get("platform"), "unknown"),
        "model": device.get("model") or None,
        "os_version": " ".join(filter(None, (device.get("os_version"), extra))) or None,
        "os_build": device.get("supplemental_build_version") or None,
        "is_managed": bool(device["mdm_enabled"] and not device["is_removed"]),
        "user_source_id": owner_of(device), "user_email": lower(email) if email else None,
        "enrolled_at": instant(device.get("last_enrollment")),
        "last_seen_at": instant(device.get("last_check_in")),
    }


def app_key(row: dict) -> Optional[str]:
    if usable(row.get("bundle_id")):
        return row["bundle_id"]
    return lower(row["name"].strip()) if usable(row.get("name")) else None


def publisher(row: dict) -> Optional[str]:
    """The developer; Apple's own apps name none, but say where they are from."""
    if row.get("developer_name"):
        return row["developer_name"]
    return "Apple" if row.get("obtained_from") == "Apple" else None


def app_entry(row: dict) -> dict:
    has_bundle = usable(row.get("bundle_id"))
    return {
        "source_id": app_key(row), "name": row["name"].strip(), "publisher": publisher(row),
        "identifier": row["bundle_id"] if has_bundle else None,
        "identifier_type": "bundle_id" if has_bundle else "none",
    }


def installation(row: dict) -> dict:
    place = first(row.get("path"), row.get("bundle_id"), row.get("name"))
    return {
        "key": [row["device_id"], place], "device_source_id": row["device_id"],
        "app_source_id": app_key(row), "path": row.get("path") or None,
        "version": first(row.get("version"), row.get("short_version")),
    }


def is_dropped(row: dict, words: Iterable[str]) -> bool:
    return any(word in lower(row.get("name") or "") for word in words)


def license_rows(devices: list[dict]) -> list[dict]:
    held = {(owner_of(device), device.get("platform")) for device in devices}
    return [{"user_source_id": owner, "license": platform}
            for owner, platform in sorted(held, key=str) if owner and platform in LICENSES]


def blueprint_rows(devices: list[dict]) -> dict[str, list[dict]]:
    inside = [device for device in devices if device.get("blueprint_id")]
    names = {device["blueprint_id"]: device.get("blueprint_name") or None for device in inside}
    return {
        "groups": [{"source_id": identity, "name": name, "kind": "device"}
                   for identity, name in names.items()],
        "group_members": [{"group_source_id": device["blueprint_id"], "member_kind": "device",
                           "member_source_id": device["device_id"]} for device in inside],
    }


def canonical_rows(devices: list[dict], apps: Iterable[dict], owned_only: bool = True,
                   drop: Iterable[str] = DROPPED_WORDS) -> dict[str, list[dict]]:
    """owned_only=False keeps devices without a user; drop=() keeps helpers and updaters."""
    drop = tuple(drop)
    shown = [d for d in devices if owner_of(d) or not owned_only]
    known = {device["device_id"] for device in shown}
    entries, installs = {}, {}
    for row in apps:
        if row["device_id"] in known and not is_dropped(row, drop):
            entry = installation(row)
            installs[tuple(entry["key"])] = entry
            entries[entry["app_source_id"]] = app_entry(row)
    licenses = license_rows(devices)
    return {
        "users": user_rows(devices), "devices": [device_row(device) for device in shown],
        "apps": list(entries.values()), "device_apps": list(installs.values()),
        "licenses": [{"name": name} for name in LICENSES
                     if any(row["license"] == name for row in licenses)],
        "user_licenses": licenses, **blueprint_rows(shown),
    }
