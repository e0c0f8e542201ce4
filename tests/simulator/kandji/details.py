"""GET /devices/{id}/details: sections differ by family, booleans are text, a third date style."""

from typing import Any

from .rows import enrolled_later, spaced_check_in, user_value
from .tenant import Device


def general(device: Device) -> dict[str, Any]:
    is_mac = device.family == "Mac"
    user = user_value(device)
    return {
        "device_id": device.id, "device_name": device.name,
        "last_enrollment": device.enrolled_at, "first_enrollment": device.enrolled_at,
        "model": device.model, "platform": device.family, "os_version": device.os_version,
        "supplemental_build_version": device.os_build,
        "supplemental_os_version_extra": device.os_extra,
        "system_version": f"{device.os_version} ({device.os_build})" if is_mac else "",
        "boot_volume": "Macintosh HD" if is_mac else "",
        "time_since_boot": "1 month ago" if is_mac else "", "last_user": "root" if is_mac else "",
        "asset_tag": device.asset_tag, "assigned_user": user if isinstance(user, dict) else "",
        "blueprint_name": device.blueprint, "blueprint_uuid": device.blueprint_id,
    }


def mdm(device: Device) -> dict[str, Any]:
    section = {
        "mdm_enabled": str(device.mdm_enabled), "supervised": "True",
        "install_date": enrolled_later(device), "last_check_in": spaced_check_in(device),
        "mdm_enabled_user": ["testuser"] if device.family == "Mac" else [],
    }
    if device.family == "AppleTV":
        del section["supervised"]
    return section


def hardware(device: Device) -> dict[str, Any]:
    if device.family != "Mac":
        return {"uuid": device.id.replace("-", ""), "serial_number": device.serial,
                "model_identifier": device.model_id}
    return {
        "model_name": device.model.split(" (")[0],
        "model_identifier": "" if device.erased else device.model_id,
        "processor_name": "Apple M1", "processor_speed": "", "number_of_processors": "8",
        "total_number_of_cores": "8", "memory": "8 GB LPDDR4", "udid": device.id,
        "serial_number": device.serial,
    }


def volume(device: Device) -> dict[str, Any]:
    is_mac = device.family == "Mac"
    return {
        "name": "Macintosh HD" if is_mac else "", "format": "APFS" if is_mac else "",
        "percent_used": "19%", "identifier": "disk3s3s1" if is_mac else "",
        "capacity": "228.27 GB", "available": "182.66 GB", "encrypted": "Yes" if is_mac else "",
    }


def network(device: Device) -> dict[str, Any]:
    if device.family == "AppleTV":
        return {}
    is_mac = device.family == "Mac"
    return {
        "local_hostname": f"host-{device.seq}" if is_mac else "",
        "mac_address": "02:00:5e:%02x:%02x:%02x" % tuple(device.seq.to_bytes(3, "big")),
        "ip_address": "192.168.1.76" if is_mac else "", "public_ip": "",
    }


def accounts(device: Device) -> dict[str, Any]:
    if device.family != "Mac":
        return {"regular_users": [], "system_users": []}
    return {
        "regular_users": [{"username": "testuser", "uid": "501", "path": "/Users/testuser",
                           "admin": "Yes", "name": ""}],
        "system_users": [{"username": "_lp", "uid": "26", "path": "/var/spool/cups",
                          "admin": "No"}],
    }


def device_details(device: Device) -> dict[str, Any]:
    is_mac, is_tv = device.family == "Mac", device.family == "AppleTV"
    details = {
        "general": general(device), "mdm": mdm(device),
        "activation_lock": {
            "bypass_code_failed": False, "user_activation_lock_enabled": None if is_tv else False,
            "device_activation_lock_enabled": False,
            "activation_lock_allowed_while_supervised": None if is_tv else False,
            "activation_lock_supported": not is_tv},
        "filevault": {
            "filevault_enabled": True if is_mac else None, "filevault_recoverykey_type": "",
            "filevault_prk_escrowed": False, "filevault_next_rotation": "",
            "filevault_regen_required": False},
        "lost_mode": {}, "automated_device_enrollment": {},
        "kandji_agent": {
            "agent_installed": str(is_mac),
            "install_date": "2024-06-17 11:32:35+00:00" if is_mac else "",
            "last_check_in": device.last_check_in, "agent_version": "4.6.1 (5300)" * is_mac},
        "hardware_overview": hardware(device), "volumes": [] if is_tv else [volume(device)],
        "network": network(device),
        "recovery_information": {
            "recovery_lock_enabled": is_mac, "firmware_password_exist": False,
            "firmware_password_pending": False, "password_rotation_scheduled": None,
            "password_has_been_set": is_mac},
        "users": accounts(device),
        "installed_profiles": [{
            "name": "MDM Profile", "uuid": "35fec4f0-88f4-41c5-9d5c-0f3a8c9f6a10",
            "verified": "verified", "identifier": "com.kandji.profile.mdmprofile",
            "organization": "Kandji, Inc.", "payload_types": ["com.apple.mdm"],
            "install_date": "2025-11-19 10:02:09 +0000"}] if is_mac else [],
        "apple_business_manager": {},
        "security_information": {"remote_desktop_enabled": True if is_mac else None},
        "cellular": {}, "tags": device.tags,
    }
    if is_tv:
        del details["lost_mode"], details["cellular"]
        del details["recovery_information"]["password_has_been_set"]
    if device.family in ("iPhone", "iPad"):
        details["cellular"] = {"voice_roaming": False, "data_roaming": False,
                               "cellular_technology": 0, "subscriptions": None}
    return details
