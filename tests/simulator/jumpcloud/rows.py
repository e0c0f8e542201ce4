"""Rows as the three APIs show them: v1 says `_id`, v2 says `id`."""

from typing import Any

from .organization import (Admin, AppleDevice, Group, Organization, Person, SoftwareApp, SsoApp,
                           System, stamp)


def user_row(org: Organization, person: Person) -> dict[str, Any]:
    row = {
        "_id": person.id, "id": person.id, "username": person.username, "email": person.email,
        "alternateEmail": None, "firstname": person.first, "lastname": person.last,
        "middlename": "", "displayname": person.display, "state": person.state,
        "activated": person.activated, "suspended": person.suspended,
        "account_locked": person.locked, "account_locked_date": None, "password_expired": False,
        "totp_enabled": False, "mfa": {"configured": False, "exclusion": False},
        "mfaEnrollment": {"overallStatus": person.mfa, "totpStatus": person.mfa},
        "created": stamp(person.created), "organization": org.id, "department": person.department,
        "jobTitle": person.title, "costCenter": "", "company": "", "location": "",
        "employeeType": "", "employeeIdentifier": None, "manager": None,
        "admin": {"id": person.id, "roleName": person.admin_role,
                  "roleNames": [person.admin_role]} if person.admin_role else None,
        "addresses": [], "phoneNumbers": [], "attributes": [], "ssh_keys": [], "sudo": False,
    }
    if person.state is None:
        del row["state"]
    return row


def system_row(org: Organization, system: System) -> dict[str, Any]:
    row = {
        "_id": system.id, "id": system.id, "displayName": system.name,
        "hostname": f"{system.name}.local", "os": system.os_name, "osFamily": system.family,
        "version": system.version,
        "osVersionDetail": {"osName": system.os_name, "version": f"{system.version}.0"},
        "arch": "arm64", "hwVendor": "apple" if system.family == "darwin" else "Dell Inc.",
        "serialNumber": system.serial, "agentVersion": "1.150.0", "active": False,
        "lastContact": stamp(system.last_contact), "created": stamp(system.created),
        "organization": org.id, "remoteIP": "198.51.100.7",
        "fde": {"active": system.encrypted, "keyPresent": True},
        "mdm": {"vendor": system.mdm_vendor, "dep": True, "userApproved": True},
        "primarySystemUser": system.owner, "systemInsights": {"state": system.insights},
        "userMetrics": [{"userName": "local", "admin": True, "managed": False}],
        "networkInterfaces": [], "attributes": [],
    }
    if isinstance(system.owner, str):
        row["primarySystemUser"] = {"id": system.owner}
    for key, value in (("primarySystemUser", system.owner), ("osFamily", system.family),
                       ("serialNumber", system.serial)):
        if value is ...:
            del row[key]
    if system.encrypted is None:
        del row["fde"]
    return row


def application_row(org: Organization, app: SsoApp) -> dict[str, Any]:
    return {"_id": app.id, "id": app.id, "name": app.name, "displayName": None,
            "displayLabel": app.label, "active": True, "ssoUrl": f"https://sso.example/{app.name}",
            "sso": {"type": "saml", "jit": False}, "logo": {"url": ""}, "color": None,
            "config": {"idpCertificate": {"value": "a certificate that is nobody's business"}},
            "organization": org.id}


def admin_row(admin: Admin) -> dict[str, Any]:
    return {"_id": admin.id, "email": admin.email, "firstname": "Root", "lastname": "Admin",
            "role": admin.role, "roleName": admin.role, "enableMultiFactor": True,
            "totpEnrolled": True, "suspended": admin.suspended, "sessionCount": 7,
            "apiKeySet": True}


def organization_row(org: Organization) -> dict[str, Any]:
    return {"_id": org.id, "id": org.id, "displayName": org.display, "logoUrl": None,
            "created": stamp(org.now)}


def group_row(group: Group) -> dict[str, Any]:
    return {"id": group.id, "name": group.name, "type": group.kind, "email": "",
            "description": "", "attributes": None, "membershipMethod": "STATIC"}


def software_row(app: SoftwareApp) -> dict[str, Any]:
    return {"id": app.id, "displayName": app.name, "createdAt": stamp(app.updated),
            "updatedAt": stamp(app.updated), "settings": app.settings}


def apple_row(org: Organization, device: AppleDevice) -> dict[str, Any]:
    row = {"id": device.id, "appleMdmId": org.apple_mdm, "serialNumber": device.serial,
           "udid": f"UDID-{device.id}", "osVersion": device.os_version,
           "enrolled": device.enrolled, "depRegistered": False, "createdAt": stamp(org.now),
           "hasActivationLockBypassCodes": True, "securityInfo": {},
           "deviceInformation": {"isSupervised": device.supervised, "deviceName": device.name,
                                 "modelName": device.model, "modelMarketingName": device.model}}
    if device.family == "ios":
        row |= {"mdmOsFamily": "ios", "modelFamily": device.model.split()[0]}
    return row


def graph_row(kind: str, target: str, ways: list[list[str]]) -> dict[str, Any]:
    """`ways`: for each path the groups it leads through; none of them is a direct link."""
    def edge(to: str, of: str) -> dict[str, Any]:
        return {"attributes": None, "to": {"id": to, "type": of, "attributes": None}}

    through = "user_group" if kind == "user" else "system_group"
    paths = [[*(edge(group, through) for group in way), edge(target, kind)] for way in ways]
    compiled = {"sudo": {"enabled": False}} if len(ways) == 1 else None
    return {"id": target, "type": kind, "compiledAttributes": compiled, "paths": paths}


def member_row(group: Group, member: str) -> dict[str, Any]:
    kind = "user" if group.kind == "user_group" else "system"
    return {"attributes": None, "from": None, "to": {"id": member, "type": kind,
                                                     "attributes": None}}


def system_info_row(system: System) -> dict[str, Any]:
    return {"system_id": system.id, "computer_name": system.name, "hostname": f"{system.name}.local",
            "hardware_model": system.model, "hardware_serial":
            system.serial if isinstance(system.serial, str) else "",
            "hardware_vendor": "", "physical_memory": "17179869184"}


def insights_rows(system: System) -> list[dict[str, Any]]:
    """A row of the table apps (macOS) or programs (Windows) for each installed app."""
    collected = "2026-03-02T08:00:00.000Z"
    if system.insights != "enabled":
        return []
    if system.family == "darwin":
        return [{"system_id": system.id, "name": f"{app.name.removesuffix('.app')}.app",
                 "display_name": "", "bundle_name": app.name, "bundle_identifier":
                 f"com.example.{index}", "bundle_short_version": app.version or "",
                 "bundle_version": "6478.57", "path": app.path or "", "category": "",
                 "applescript_enabled": "1", "last_opened_time": 1772442888.25,
                 "collection_time": collected}
                for index, app in enumerate(system.installs.values())]
    return [{"system_id": system.id, "name": app.name, "version": app.version or "",
             "publisher": app.publisher or "", "install_location": app.path or "",
             "collection_time": collected} for app in system.installs.values()]
