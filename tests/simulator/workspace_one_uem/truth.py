"""The canonical rows that a correct sync must give: the tests' own reading of the rules.

Input are rows as the API serves them, output plain dicts. This file is written from the vendor's
fact sheet and the product's statements alone and shares nothing with the connector.

    users          source_id username email name status role
    devices        source_id name serial_number platform model os_version os_build ownership
                   is_managed is_supervised is_compliant status imei user_source_id user_email
                   enrolled_at last_seen_at
    apps           source_id name identifier identifier_type platform
    device_apps    device_source_id app_source_id version origins
    groups         source_id name kind
    group_members  group_source_id member_source_id member_kind
    licenses       name
    user_licenses  user_source_id license

Ids of groups: "og:570" is an organization group, "ug:570" a user group, since both count from the
same numbers. An app's id is its platform and its identifier, "macos/org.mozilla.firefox"; without an
identifier its name in lower case. Times have T, Z and six digits; absent values are None.
"""

from typing import Any, Iterable, Optional

PLATFORMS = {2: "ios", 5: "android", 10: "macos", 11: "windows", 12: "windows", 14: "tvos"}
NAMES = {"ChromeOS": "chromeos"}
IDENTIFIER_TYPES = {"android": "package_name", "windows": "product_code"}
OWNERSHIPS = {"C": "corporate", "S": "corporate", "E": "personal"}
COMPLIANCE = {"Compliant": True, "NonCompliant": False}
NO_SERIALS = ("", "HUBNOSERIAL")
LICENSE = "Workspace One"
NOT_THERE = (0, 3)  # pending install, removed
ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def lower(text: str) -> str:
    """ASCII letters only, as in the host's field helpers."""
    return text.translate(ASCII_LOWER)


def unboxed(value: Any) -> Any:
    return value["Value"] if isinstance(value, dict) else value


def instant(text: str) -> Optional[str]:
    return None if text.startswith("0001-01-01") else f"{text}000Z"


def email_of(row: dict) -> Optional[str]:
    """A local user may have none; EmailUserName counts only when it is an address."""
    user_name = row.get("EmailUserName") or ""
    return lower(row["Email"] or (user_name if "@" in user_name else "")) or None


def user_entry(row: dict) -> dict:
    name = row["DisplayName"] or f"{row['FirstName']} {row['LastName']}".strip() or row["UserName"]
    return {
        "source_id": str(unboxed(row["Id"])), "username": row["UserName"], "email": email_of(row),
        "name": name, "status": "active" if row["Status"] in (True, "true") else "inactive",
        "role": row["Role"],
    }


def platform_of(row: dict) -> str:
    number = unboxed(row["PlatformId"]["Id"])
    if number == 2 and "iPad" in row["Model"]:
        return "ipados"
    return PLATFORMS.get(number) or NAMES.get(row["Platform"], "unknown")


def compliance_of(row: dict) -> Optional[bool]:
    return False if row["CompromisedStatus"] else COMPLIANCE.get(row["ComplianceStatus"])


def device_entry(row: dict) -> dict:
    user = row.get("UserId")
    serial = row["SerialNumber"]
    return {
        "source_id": str(unboxed(row["Id"])), "name": row["DeviceFriendlyName"],
        "serial_number": None if serial in NO_SERIALS else serial, "platform": platform_of(row),
        "model": row["Model"], "os_version": row["OperatingSystem"],
        "os_build": row["OSBuildVersion"] or None,
        "ownership": OWNERSHIPS.get(row["Ownership"], "unknown"),
        "is_managed": row["EnrollmentStatus"] == "Enrolled", "status": row["EnrollmentStatus"],
        "is_supervised": row["IsSupervised"], "is_compliant": compliance_of(row),
        "imei": row["Imei"] or None,
        "user_source_id": str(unboxed(user["Id"])) if user else None,
        "user_email": lower(row["UserEmailAddress"]) or None,
        "enrolled_at": instant(row["LastEnrolledOn"]), "last_seen_at": instant(row["LastSeen"]),
    }


def app_entry(device: dict, row: dict) -> dict:
    """Apps of an iPad are those of an iPhone."""
    platform = {"ipados": "ios"}.get(platform_of(device), platform_of(device))
    identifier = row["ApplicationIdentifier"] or None
    name = row["ApplicationName"].strip()
    return {
        "source_id": f"{platform}/{identifier or lower(name)}", "name": name,
        "identifier": identifier, "platform": platform,
        "identifier_type": IDENTIFIER_TYPES.get(platform, "bundle_id") if identifier else "none",
    }


def install_entry(device: dict, row: dict) -> dict:
    return {
        "device_source_id": str(unboxed(device["Id"])),
        "app_source_id": app_entry(device, row)["source_id"], "version": row["Version"],
        "origins": ["managed" if row["IsManaged"] else "discovered"],
    }


def app_rows(devices: list[tuple[dict, list[dict]]]) -> tuple[list[dict], list[dict]]:
    """Apps and installations; what is there in two versions is there in the later one."""
    entries: dict[str, dict] = {}
    installs: dict[tuple, dict] = {}
    for device, apps in devices:
        for row in sorted(apps, key=lambda row: row["Version"]):
            if row["Status"] in NOT_THERE:
                continue
            install = install_entry(device, row)
            installs[install["device_source_id"], install["app_source_id"]] = install
            entries[install["app_source_id"]] = app_entry(device, row)
    return list(entries.values()), list(installs.values())


def member(group: str, source_id: Any, kind: str) -> dict:
    return {"group_source_id": group, "member_source_id": str(unboxed(source_id)),
            "member_kind": kind}


def custom_members(users: list[dict], group: dict, members: Iterable[dict]) -> list[dict]:
    """Members have no id: user name and organization group tell them apart. Where two users have
    both in common, neither is taken for the member."""
    found = []
    for row in members:
        fitting = [user for user in users if (user["UserName"], user["Group"])
                   == (row["UserName"], row["OrganizationGroup"])]
        if len(fitting) == 1:
            found.append(member(f"ug:{group['id']}", fitting[0]["Id"], "user"))
    return found


def group_entries(org_groups: list[dict], user_groups: list[dict]) -> list[dict]:
    return [{"source_id": f"og:{unboxed(row['Id'])}", "name": row["Name"], "kind": None}
            for row in org_groups] + \
        [{"source_id": f"ug:{row['id']}", "name": row["groupName"], "kind": "user"}
         for row in user_groups]


def canonical_rows(users: list[dict], devices: list[tuple[dict, list[dict]]],
                   org_groups: list[dict],
                   user_groups: list[tuple[dict, list[dict]]]) -> dict[str, list[dict]]:
    """`devices` with their apps, `user_groups` with their members."""
    apps, installs = app_rows(devices)
    members = [member(f"og:{row['LocationGroupId']}", row["Id"], "user") for row in users]
    members += [member(f"og:{unboxed(row['LocationGroupId']['Id'])}", row["Id"], "device")
                for row, _ in devices]
    for group, found in user_groups:
        members += custom_members(users, group, found)
    entries = [user_entry(row) for row in users]
    return {
        "users": entries, "devices": [device_entry(row) for row, _ in devices],
        "apps": apps, "device_apps": installs,
        "groups": group_entries(org_groups, [group for group, _ in user_groups]),
        "group_members": members, "licenses": [{"name": LICENSE}] if users else [],
        "user_licenses": [{"user_source_id": row["source_id"], "license": LICENSE}
                          for row in entries],
    }
