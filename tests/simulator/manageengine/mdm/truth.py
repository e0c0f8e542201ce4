"""The canonical rows of MDM Cloud, read from rows as served; written from the fact sheet alone.

    users          source_id email name status
    devices        source_id name serial_number platform type model os_version ownership is_managed
                   is_supervised imei user_source_id user_email enrolled_at last_seen_at
    apps           source_id name identifier platform
    device_apps    device_source_id app_source_id version
    groups         source_id name kind; group_members group_source_id member_source_id member_kind
    licenses name, user_licenses user_source_id license

An app is (platform, identifier), and where there is no identifier (platform, name in lower case).
"""

import datetime
from typing import Any, Optional

LICENSE = "ManageEngine MDM"
PLATFORMS = {1: "ios", 2: "android", 3: "windows", 4: "macos", 5: "chromeos", 6: "tvos"}
KINDS = {1: "phone", 2: "tablet", 3: "laptop", 4: "desktop", 5: "tv"}
OWNERSHIP = {1: "corporate", 2: "personal"}
GROUPS = {6: "device", 7: "user"}
NOTHING = ("--", "", "N/A", -1, "-1", None)


def usable(value: Any) -> Any:
    return None if value in NOTHING else value


def integer(value: Any) -> Optional[int]:
    return None if usable(value) is None else int(value)


def truthy(value: Any) -> bool:
    return value in (True, "true", 1, "1")


def instant(value: Any) -> Optional[str]:
    when = integer(value)
    if when is None:
        return None
    moment = datetime.datetime.fromtimestamp(when / 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def lower(text: Any) -> Optional[str]:
    text = usable(text)
    return text.lower() if text else None


def user(row: dict) -> dict:
    """Whoever is listed is active."""
    return {"source_id": str(row["user_id"]), "name": usable(row.get("name")),
            "email": lower(row.get("email_address")), "status": "active"}


def is_managed(row: dict) -> bool:
    status = integer(row.get("managed_status"))
    return status == 2 if status is not None else not truthy(row["is_removed"])


def platform(row: dict) -> str:
    name = PLATFORMS.get(integer(row["platform_type_id"]), "unknown")
    is_tablet = integer(row["device_type"]) == 2
    return "ipados" if name == "ios" and is_tablet else name


def device(row: dict) -> dict:
    owner, imei = row.get("user") or {}, row.get("imei")
    return {
        "source_id": str(row["device_id"]), "name": row["device_name"],
        "serial_number": usable(row.get("serial_number")), "platform": platform(row),
        "type": KINDS.get(integer(row["device_type"]), "unknown"),
        "model": usable(row["model"]) or row["product_name"], "os_version": row["os_version"],
        "ownership": OWNERSHIP.get(integer(row["owned_by"]), "unknown"),
        "is_managed": is_managed(row), "is_supervised": row["is_supervised"],
        "imei": str(imei[0] if isinstance(imei, list) else imei) if imei else None,
        "user_source_id": owner.get("user_id"), "user_email": lower(owner.get("user_email")),
        "enrolled_at": instant(row["enrolled_time"]),
        "last_seen_at": instant(row["last_contact_time"]),
    }


def app(row: dict) -> dict:
    family = PLATFORMS[integer(row["platform_type"])]
    key = usable(row["identifier"]) or row["app_name"].lower()
    return {"source_id": f"{family}:{key}", "name": row["app_name"],
            "identifier": usable(row["identifier"]), "platform": family}


def member(group: dict, row: dict) -> dict:
    """A device's row may name its owner as well."""
    kind = "device" if row.get("device_id") else "user"
    return {"group_source_id": group["group_id"], "member_source_id": row[f"{kind}_id"],
            "member_kind": kind}
