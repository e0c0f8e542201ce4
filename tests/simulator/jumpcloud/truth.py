"""The canonical rows that correct syncs of an organisation must give: the directory's and the
device management's, by the tests' own reading of the fact sheet.

    users          source_id email username name status role department title last_used_at
    groups         source_id name kind
    group_members  group_source_id member_source_id member_kind
    sso_apps       source_id name              apps of the directory
    user_apps      user_source_id app_source_id link
    device_users   device_source_id user_source_id link
    devices        source_id name serial_number platform model os_version is_managed is_encrypted
                   is_supervised user_source_id user_email last_seen_at
    apps           source_id name identifier      apps of the device management
    device_apps    device_source_id app_source_id version path origin link
    uses           person device_source_id app_source_id origin: everybody who may sign in, and the owner

`link` is direct, or group when every path leads through one. An app of the device management is
either managed (by the id that the vendor gave it) or discovered (by its name); a discovered one
stays when the last system lost it. `insights=False`: what is left when the log is not licensed;
`tables=True`: what System Insights adds to the devices.
"""

import datetime
from typing import Any, Optional

from .organization import (AppleDevice, Install, Organization, Person, SoftwareApp, System,
                           normalised, stamp)

PLATFORMS = {"darwin": "macos", "windows": "windows", "linux": "linux"}
BY_OS = {"Mac OS X": "macos", "Windows": "windows"}
APPLE_FAMILIES = {"iPhone": "ios", "iPad": "ipados"}


def lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def link(ways: list[list[str]]) -> str:
    return "direct" if [] in ways else "group"


def user_row(org: Organization, person: Person, has_insights: bool) -> dict[str, Any]:
    status = "active"
    if person.state == "SUSPENDED" or person.suspended:
        status = "suspended"
    elif person.state == "STAGED":
        status = "inactive"
    return {
        "source_id": person.id, "email": lower(person.email), "username": person.username,
        "name": person.display or f"{person.first} {person.last}".strip() or person.username,
        "status": status, "role": role_of(org, person), "department": person.department or None,
        "title": person.title or None, "last_used_at": stamp(last_used(org, person, has_insights)),
    }


def last_used(org: Organization, person: Person,
              has_insights: bool) -> Optional[datetime.datetime]:
    """The last login that the log knows, else the last contact of a system that is theirs."""
    if has_insights and person.last_login and person.last_login > org.log.now() - org.log.kept:
        return person.last_login
    return max((system.last_contact for system in org.systems
                if system.owner == person.id and system.last_contact), default=None)


def role_of(org: Organization, person: Person) -> Optional[str]:
    """Said in the user's own row, else by the administrator of the same address."""
    same = [one for one in org.people if lower(one.email) == lower(person.email)]
    by_email = next((admin.role for admin in org.admins
                     if lower(admin.email) == lower(person.email)), None)
    return person.admin_role or (by_email if len(same) == 1 else None)


def admin_rows(org: Organization) -> list[dict[str, Any]]:
    """Administrators who are no users of the directory."""
    known = {lower(person.email) for person in org.people}
    return [{"source_id": admin.id, "email": lower(admin.email), "username": None,
             "name": "Root Admin", "status": "suspended" if admin.suspended else "active",
             "role": admin.role, "department": None, "title": None, "last_used_at": None}
            for admin in org.admins if lower(admin.email) not in known]


def owner_of(org: Organization, system: System) -> Optional[Person]:
    """The primary user, else the only person bound to the system."""
    bound = list(org.bound_people(system))
    return org.person(system.owner) or (org.person(bound[0]) if len(bound) == 1 else None)


def system_row(org: Organization, system: System) -> dict[str, Any]:
    apple = next((one for one in org.apple if one.serial == system.serial), None)
    family = system.family if isinstance(system.family, str) else None
    owner = owner_of(org, system)
    return {
        "source_id": system.id, "name": system.name,
        "serial_number": (system.serial or None) if isinstance(system.serial, str) else None,
        "platform": PLATFORMS.get(family) or BY_OS.get(system.os_name, "unknown"),
        "model": apple.model if apple else None, "os_version": f"{system.version}.0",
        "is_managed": True, "is_encrypted": system.encrypted,
        "is_supervised": apple.supervised if apple else None,
        "user_source_id": owner.id if owner else None,
        "user_email": lower(owner.email) if owner else None,
        "last_seen_at": stamp(system.last_contact),
    }


def apple_row(device: AppleDevice) -> dict[str, Any]:
    family = APPLE_FAMILIES.get(device.model.split()[0], "ios")
    return {
        "source_id": f"apple:{device.id}", "name": device.name, "serial_number": device.serial,
        "platform": family if device.family == "ios" else "macos", "model": device.model,
        "os_version": device.os_version, "is_managed": device.enrolled, "is_encrypted": None,
        "is_supervised": device.supervised, "user_source_id": None, "user_email": None,
        "last_seen_at": None,
    }


def device_rows(org: Organization, tables: bool) -> list[dict[str, Any]]:
    serials = {system.serial for system in org.systems}
    systems = [system_row(org, system) for system in org.systems]
    for row, system in zip(systems, org.systems):
        if tables and system.insights == "enabled":
            row["model"] = row["model"] or system.model or None
    return systems + [
        apple_row(one) for one in org.apple if one.serial not in serials]


def managed_app_row(app: SoftwareApp) -> dict[str, Any]:
    first = (app.settings or [{}])[0]
    return {"source_id": app.id, "name": app.name,
            "identifier": first.get("bundleId") or first.get("packageId")}


def discovered_apps(org: Organization) -> list[dict[str, Any]]:
    """The app's name is as the newest event wrote it."""
    found: dict[str, dict[str, Any]] = {}
    for kind, event in org.log.told():
        if kind in ("software_add", "software_change") and org.system(event["resource"]["id"]):
            name = event["application"]["name"].strip().removesuffix(".app").strip()
            key = normalised(name)
            found[key] = {"source_id": key, "name": name, "identifier": None}
    return list(found.values())


def managed_install(app: SoftwareApp, system: str, ways: list[list[str]]) -> dict[str, Any]:
    return {"device_source_id": system, "app_source_id": app.id, "version": None, "path": None,
            "origin": "managed", "link": link(ways)}


def discovered_install(system: System, key: str, install: Install) -> dict[str, Any]:
    return {"device_source_id": system.id, "app_source_id": key, "version": install.version,
            "path": install.path, "origin": "discovered", "link": None}


def use_rows(org: Organization, installs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    people = {system.id: {one.id: one for one in [owner_of(org, system)] if one}
              | {one: org.person(one) for one in org.bound_people(system)}
              for system in org.systems}
    return [{"person": lower(person.email)} | {name: row[name] for name in (
        "device_source_id", "app_source_id", "origin")}
        for row in installs for person in people[row["device_source_id"]].values()]


def directory_rows(org: Organization, has_insights: bool) -> dict[str, list[dict]]:
    kinds = {"user_group": "user", "system_group": "device"}
    return {
        "users": [user_row(org, one, has_insights) for one in org.people] + admin_rows(org),
        "groups": [{"source_id": one.id, "name": one.name, "kind": kinds[one.kind]}
                   for one in org.groups],
        "group_members": [{"group_source_id": one.id, "member_source_id": member,
                           "member_kind": kinds[one.kind]}
                          for one in org.groups for member in sorted(one.members)],
        "sso_apps": [{"source_id": one.id, "name": one.label} for one in org.sso],
        "user_apps": [{"user_source_id": user, "app_source_id": app.id, "link": link(ways)}
                      for app in org.sso for user, ways in org.assigned_people(app).items()],
    }


def canonical_rows(org: Organization, insights: bool = True,
                   tables: bool = False) -> dict[str, list[dict]]:
    managed = [managed_install(app, system, ways) for app in org.apps
               for system, ways in org.linked_systems(app).items()]
    discovered = [discovered_install(system, key, install) for system in org.systems
                  for key, install in system.installs.items() if install.is_told]
    installs = managed + (discovered if insights else [])
    return directory_rows(org, insights) | {
        "uses": use_rows(org, installs),
        "devices": device_rows(org, tables),
        "device_users": [{"device_source_id": system.id, "user_source_id": user,
                          "link": link(ways)} for system in org.systems
                         for user, ways in org.bound_people(system).items()],
        "apps": [managed_app_row(app) for app in org.apps]
        + (discovered_apps(org) if insights else []),
        "device_apps": installs,
    }
