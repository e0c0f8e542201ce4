"""Rows as the vendor's API shows them. Keys and types are those of the vendor's own samples."""

import datetime
import functools
from typing import Any, Optional

from .tenant import NOW, Device, Install, Person, Tenant, iso_offset, iso_z, spaced

PRISM_KEYS = (
    "device_id", "device__name", "device__family", "device__user_id", "device__user_name",
    "device__user_email", "blueprint_id", "blueprint_name", "tags", "asset_tag", "serial_number",
    "model_id", "count", "created_at", "updated_at", "last_changed_at", "last_collected_at", "path",
    "obtained_from", "bundle_size", "bundle_id", "name", "short_version", "signature",
    "ad_hoc_code_signed", "app_store_vendable", "beta_app", "device_based_vpp",
    "download_canceled", "download_failed", "download_paused", "download_waiting", "dynamic_size",
    "external_version_identifier", "has_update_available", "installing", "version", "app_clip",
    "validated", "executable", "bundle_name", "bundle_type", "environment_variables", "compiler",
    "bundle_region", "bundle_display_name", "info", "minimum_system_version", "category",
    "apple_scriptable", "copyright", "developer_name", "team_id",
)
PRISM_BLANK = dict.fromkeys(PRISM_KEYS)
IOS_FLAGS = {"ad_hoc_code_signed": False, "app_store_vendable": True, "beta_app": False,
             "device_based_vpp": True, "has_update_available": False, "installing": False,
             "app_clip": False, "validated": True}


def user_value(device: Device) -> Any:
    """The `user` of a device row: an object, or whatever stands for nobody."""
    person = device.person
    if person is None:
        return device.no_user
    user = {"email": device.email_as or person.email, "name": device.name_as or person.name,
            "id": person.id, "is_archived": person.archived}
    if person.id is None:
        del user["id"]
    return user


def device_row(device: Device, in_list: bool = True) -> dict[str, Any]:
    """A row of GET /devices; GET /devices/{id} has no lost_mode_status."""
    row = {
        "device_id": device.id, "device_name": device.name, "model": device.model,
        "serial_number": device.serial, "platform": device.family,
        "os_version": device.os_version, "supplemental_build_version": device.os_build,
        "supplemental_os_version_extra": device.os_extra, "last_check_in": device.last_check_in,
        "user": user_value(device), "asset_tag": device.asset_tag,
        "blueprint_id": device.blueprint_id, "mdm_enabled": device.mdm_enabled,
        "agent_installed": True, "is_missing": device.is_missing, "is_removed": False,
        "agent_version": "4.6.1 (5300)" if device.family == "Mac" else "",
        "first_enrollment": device.enrolled_at, "last_enrollment": device.enrolled_at,
        "blueprint_name": device.blueprint, "lost_mode_status": "", "tags": device.tags,
    }
    if row["user"] is ...:
        del row["user"]
    hidden = device.without if in_list else device.without + ("lost_mode_status",)
    for key in hidden:
        row.pop(key, None)
    return row


def prism_device_part(device: Device) -> dict[str, Any]:
    """What all Prism categories say about the device; the user's columns can be stale."""
    person = device.person
    nobody: Optional[str] = None if device.seq % 2 else ""
    return {
        "device_id": device.id, "device__name": device.name,
        "device__family": device.prism_family,
        "device__user_id": person.legacy_id if person else "",
        "device__user_name": person.name if person else nobody,
        "device__user_email": person.email if person else nobody,
        "blueprint_id": device.blueprint_id, "blueprint_name": device.blueprint,
        "tags": None, "asset_tag": device.asset_tag, "serial_number": device.serial,
        "model_id": device.model_id, "count": None,
    }


@functools.cache
def days_ago(days: int, seconds: int) -> str:
    return iso_offset(NOW - datetime.timedelta(days=days, seconds=seconds))


def prism_app_part(device: Device, install: Install) -> dict[str, Any]:
    app = install.app
    is_mac = device.family == "Mac"
    made = days_ago(90, install.seq)
    name = app.name.strip()
    part = {
        "created_at": made, "updated_at": made,
        "last_collected_at": days_ago(0, 3600 * (1 + device.seq % 24)),
        "name": app.name, "bundle_id": app.bundle_id, "path": install.path,
        "version": install.version, "short_version": install.short_version,
        "obtained_from": app.obtained_from, "signature": app.signature,
        "developer_name": app.developer, "team_id": app.team,
    }
    if is_mac:
        part |= {"executable": name, "bundle_name": name, "bundle_type": "APPL",
                 "bundle_region": "en", "category": app.category,
                 "minimum_system_version": "10.13",
                 "compiler": "com.apple.compilers.llvm.clang.1_0",
                 "copyright": f"Copyright © {app.developer or 'Apple Inc.'}"}
    else:
        no_path = "" if device.seq % 2 else None
        part |= IOS_FLAGS | {"bundle_size": 9007199254740993, "path": no_path}
    return part


def prism_rows(device: Device, installs: list[Install]) -> list[dict[str, Any]]:
    shared = PRISM_BLANK | prism_device_part(device)
    rows = [shared | prism_app_part(device, install) for install in installs]
    if rows and device.person and device.seq % 10 == 1:
        rows[-1]["device__user_email"] = f"former.{device.person.email}"
    return rows


def app_row(device: Device, install: Install) -> dict[str, Any]:
    """A row of GET /devices/{id}/apps."""
    app, is_mac = install.app, device.family == "Mac"
    made = iso_z(NOW - datetime.timedelta(days=90, seconds=install.seq))
    return {
        "app_id": str(app.category_id), "app_name": app.name, "bundle_id": app.bundle_id or "",
        "bundle_size": "1" if is_mac else "68390912",
        "app_store_vendable": "" if is_mac else "False",
        "device_based_vpp": "" if is_mac else "True",
        "source": app.obtained_from if is_mac else "",
        "process": app.name if is_mac else "", "signature": (app.signature or "") if is_mac else "",
        "creation_date": made if is_mac else "", "modification_date": made if is_mac else "",
        "path": install.path or "", "version": install.version or "No value",
    }


def information_row(device: Device) -> dict[str, Any]:
    """A row of the Prism category device_information."""
    enrolled = device.enrolled_at.replace(" ", "T")
    collected = days_ago(0, 7200)
    return prism_device_part(device) | {
        "created_at": collected, "updated_at": collected, "last_changed_at": None,
        "last_collected_at": collected, "device_capacity": 128.0, "host_name": None,
        "local_hostname": None, "apple_silicon": device.family == "Mac" or None,
        "model": device.family, "model_name": device.model, "shared_ipad": False,
        "cellular_technology": None, "data_roaming": None, "hotspot": None,
        "first_enrollment_date": enrolled, "last_enrollment_date": enrolled,
        "agent_version": None, "mdm_enabled": device.mdm_enabled, "agent_installed": None,
        "os_version": device.os_version, "os_build": device.os_build, "marketing_name": None,
        "supplemental_build_version": device.os_build, "supplemental_os_version_extra": None,
        "display_os_version": device.os_version, "last_checkin": collected,
        "last_checkin_agent": None, "last_checkin_mdm": collected, "battery_health": None,
        "lost_mode_status": None,
    }


def user_row(person: Person, device_count: int) -> dict[str, Any]:
    """A row of GET /users."""
    return {
        "active": person.active, "archived": person.archived,
        "created_at": iso_z(person.created_at), "department": person.department,
        "deprecated_user_id": person.legacy_id, "email": person.email, "id": person.id,
        "integration": {"id": 634, "name": "Entra", "uuid": "f7461096-4ef9-43aa-88e9-ca1967ba0b38",
                        "type": "office365"},
        "job_title": person.job_title, "name": person.name, "device_count": device_count,
        "updated_at": iso_z(person.created_at),
    }


def blueprint_row(tenant: Tenant, name: str) -> dict[str, Any]:
    count = sum(1 for device in tenant.listed() if device.blueprint == name)
    return {
        "id": tenant.blueprint_ids[name], "name": name, "icon": "ss-files", "color": "aqua-800",
        "description": "", "params": {}, "computers_count": count,
        "enrollment_code": {"code": f"{len(name) * 7919 % 1000000:06}", "is_active": True},
        "type": "map" if name.startswith("_") else "classic",
    }


def spaced_check_in(device: Device) -> str:
    """The check-in in the style of /details.mdm."""
    return device.last_check_in.replace("T", " ").replace("Z", "+00:00")


def enrolled_later(device: Device) -> str:
    """When the MDM profile was installed: a moment after the enrollment."""
    base = datetime.datetime.fromisoformat(device.enrolled_at)
    return spaced(base + datetime.timedelta(seconds=3))
