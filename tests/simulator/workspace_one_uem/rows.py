"""Rows as the API shows them, in the spelling of the version that serves them."""

from typing import Any, Optional

from .tenant import NEVER, Device, Install, OrgGroup, Person, Tenant, UserGroup

NO_UUID = "00000000-0000-0000-0000-000000000000"
# Version 3 has numbers where version 2 has texts; the numbers themselves are not documented.
OWNERSHIPS_V3 = {"C": 1, "E": 2, "S": 3, "Undefined": 0}


def value(number: int) -> dict[str, int]:
    return {"Value": number}


def device_count(tenant: Tenant, person: Person) -> str:
    """A text, and "" instead of 0 for some."""
    count = sum(1 for device in tenant.devices if device.person is person)
    return str(count) if count or person.id % 2 else ""


def user_row(tenant: Tenant, person: Person) -> dict[str, Any]:
    return {
        "UserName": person.username, "FirstName": person.first, "LastName": person.last,
        "Status": str(person.active).lower() if person.status_as_text else person.active,
        "Email": person.email, "DisplayName": person.display,
        "EmailUserName": person.email_username, "SecurityType": person.security,
        "Group": person.group.name, "LocationGroupId": str(person.group.id),
        "OrganizationGroupUuid": person.group.uuid, "Role": person.role,
        "EnrolledDevicesCount": device_count(tenant, person), "ExternalId": "",
        "CustomAttribute1": "", "Id": value(person.id), "Uuid": person.uuid,
    }


def user_part(person: Optional[Person]) -> dict[str, Any]:
    """Without a user there is no UserId at all."""
    if person is None:
        return {"UserName": "", "UserEmailAddress": ""}
    return {
        "UserId": {"Id": value(person.id), "Name": f"{person.first}  {person.last}",
                   "Uuid": person.uuid},
        "UserName": person.username, "UserEmailAddress": person.email,
    }


def device_row(device: Device) -> dict[str, Any]:
    """Versions 1 and 2."""
    group, platform = device.group, device.platform
    udid = f"{device.id:08x}{device.uuid.replace('-', '')}"
    return {
        "EasIds": {}, "Udid": udid, "SerialNumber": device.serial, "MacAddress": device.mac,
        "Imei": device.imei, "AssetNumber": udid, "DeviceFriendlyName": device.name,
        "DeviceReportedName": device.name.upper(),
        "LocationGroupId": {"Id": value(group.id), "Name": group.name, "Uuid": group.uuid},
        "LocationGroupName": group.name, **user_part(device.person),
        "Ownership": device.ownership,
        "PlatformId": {"Id": value(platform.number), "Name": platform.name},
        "Platform": platform.name, "ModelId": {"Id": value(5), "Name": device.model},
        "Model": device.model, "OperatingSystem": device.system, "LastSeen": device.last_seen,
        "EnrollmentStatus": device.enrollment, "ComplianceStatus": device.compliance,
        "CompromisedStatus": device.compromised, "LastEnrolledOn": device.enrolled_at,
        "LastComplianceCheckOn": NEVER, "IsSupervised": device.supervised,
        "TotalPhysicalMemory": 0, "BatteryLevel": "", "OSBuildVersion": device.build,
        "DeviceCellularNetworkInfo": [{
            "CarrierName": "", "PhoneNumber": "", "IsRoaming": False,
            "DeviceMCC": {"SIMMCC": "", "CurrentMCC": ""}}],
        "EnrollmentUserUuid": NO_UUID, "WifiSsid": "<unknown ssid>", "HostName": device.hostname,
        "ManagedBy": 1, "Id": value(device.id),
        "Uuid": {"Value": device.uuid} if device.uuid_as_object else device.uuid,
    }


def device_row_v3(device: Device) -> dict[str, Any]:
    person = device.person
    return {
        "udid": device.uuid.replace("-", ""), "serial_number": device.serial,
        "device_friendly_name": device.name, "organization_group_uuid": device.group.uuid,
        "enrollment_user_name": person.username if person else "",
        "enrollment_user_uuid": person.uuid if person else NO_UUID,
        "enrollment_user_email_address": person.email if person else "",
        "ownership": OWNERSHIPS_V3[device.ownership], "platform_name": device.platform.name,
        "device_type": device.platform.number, "model": device.model,
        "operating_system": device.system, "last_seen": device.last_seen,
        "enrollment_status": int(device.enrollment == "Enrolled"),
        "compliance_status": int(device.compliance == "Compliant"),
        "Id": value(device.id), "Uuid": device.uuid,
    }


def app_row(device: Device, install: Install) -> dict[str, Any]:
    """A row of GET /mdm/devices/{id}/apps: the whole inventory, unmanaged apps too."""
    app = install.app
    return {
        "ApplicationName": app.name, "Version": install.version,
        "BuildVersion": f"{install.version}.1", "Status": install.status,
        "Size": str(1024 * install.id), "ApplicationIdentifier": app.identifier, "Type": app.kind,
        "IsManaged": install.managed, "AppVersion": install.version, "HasUpdateAvailable": False,
        "DeviceId": {"Id": value(device.id), "Name": device.name, "Uuid": device.uuid},
        "Id": value(install.id), "Uuid": f"{install.id:08x}-0000-4000-8000-000000000000",
    }


def app_item(install: Install) -> dict[str, Any]:
    """A row of GET /mdm/devices/{uuid}/apps/search."""
    is_there = install.status in (1, 2)
    return {
        "name": install.app.name, "bundle_id": install.app.identifier,
        "assignment_status": "Assigned" if install.managed else "NotAssigned",
        "assigned_version": install.version if install.managed else "",
        "installed_status": "Installed" if is_there else "NotInstalled",
        "installed_version": install.version if is_there else "",
        "latest_uem_action": "", "latest_uem_action_time": NEVER,
    }


def catalogue_row(tenant: Tenant, install: Install, platform: int) -> dict[str, Any]:
    """A row of GET /mam/apps/search: an app that the console knows."""
    app, root = install.app, tenant.org_groups[0]
    holders = sum(1 for device in tenant.devices for one in device.installs if one.app is app)
    return {
        "ApplicationName": app.name, "BundleId": app.identifier, "AppVersion": install.version,
        "ActualFileVersion": install.version, "AppType": app.kind, "Status": "Active",
        "Platform": platform, "AssignmentStatus": "Assigned", "LocationGroupId": root.id,
        "RootLocationGroupName": root.name, "AssignedDeviceCount": holders,
        "InstalledDeviceCount": holders, "NotInstalledDeviceCount": 0,
        "Developer": "Example Software", "Id": value(install.id),
        "Uuid": f"{install.id:08x}-0000-4000-9000-000000000000",
    }


def org_group_row(tenant: Tenant, group: OrgGroup, version: int) -> dict[str, Any]:
    """A row of groups/search: a plain id in version 2; counts are texts, dates are American."""
    row = {
        "Id": group.id if version >= 2 else value(group.id), "Uuid": group.uuid,
        "Name": group.name, "GroupId": group.code, "LocationGroupType": group.kind,
        "Country": "Germany", "Locale": "English (United States)",
        "CreatedOn": "1/9/2024 11:02:30 AM", "LgLevel": 0,
        "Users": str(sum(1 for person in tenant.people if person.group is group)),
        "Admins": "4",
        "Devices": str(sum(1 for device in tenant.devices if device.group is group)),
    }
    return row


def child_row(tenant: Tenant, group: OrgGroup, level: int) -> dict[str, Any]:
    """A row of groups/{id}/children: the id is an object again, and there is a parent."""
    row = org_group_row(tenant, group, 1) | {"LgLevel": level}
    if group.parent:
        row["ParentLocationGroup"] = {"Id": value(group.parent.id), "Uuid": group.parent.uuid}
    return row


def user_group_row(group: UserGroup) -> dict[str, Any]:
    return {
        "groupName": group.name, "type": "Custom" if group.is_custom else "Directory",
        "lastSyncOn": NEVER, "rootLocationGroupName": group.group.name,
        "syncStatus": "NotApplicable" if group.is_custom else "Success",
        "mergeStatus": "NotApplicable", "users": str(len(group.members)), "id": group.id,
        "uuid": group.uuid,
    }


def custom_group_row(group: UserGroup) -> dict[str, Any]:
    return {"UserGroupId": group.id, "UserGroupName": group.name,
            "OrganizationGroup": group.group.name, "UserCount": len(group.members)}


def member_row(person: Person) -> dict[str, Any]:
    """A member of a custom group: neither id nor e-mail."""
    return {"UserName": person.username, "FirstName": person.first, "LastName": person.last,
            "SecurityType": person.security, "OrganizationGroup": person.group.name}
