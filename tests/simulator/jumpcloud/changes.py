"""What administrators, users, or time do to an organisation between two syncs.

Where nothing is named, the first that fits is taken; each change says what it touched.
"""

import datetime
import inspect
import secrets
from typing import Any, Callable, Optional

from ..vendor import SpecError
from .organization import DAY, Organization, Person, SoftwareApp, System

Change = Callable[..., Optional[dict[str, Any]]]
CHANGES: dict[str, Change] = {}


def change(run: Change) -> Change:
    CHANGES[run.__name__] = run
    return run


def apply(service: Any, org: Organization, op: str, args: dict[str, Any]) -> dict[str, Any]:
    if op not in CHANGES:
        raise SpecError(f"unknown change {op!r}: one of {', '.join(sorted(CHANGES))}")
    run = CHANGES[op]
    is_service = next(iter(inspect.signature(run).parameters)) == "service"
    return run(service if is_service else org, **args) or {}


def one_of(found: list, what: str, identity: Optional[str]) -> Any:
    for one in found:
        if identity in (None, one.id):
            return one
    raise SpecError(f"no such {what}: {identity or 'none fits'}")


def system_of(org: Organization, system: Optional[str]) -> System:
    return one_of(org.systems, "system", system)


def person_of(org: Organization, user: Optional[str]) -> Person:
    return one_of(org.people, "user", user)


def app_of(org: Organization, app: Optional[str]) -> SoftwareApp:
    return one_of(org.apps, "managed app", app)


@change
def install(org: Organization, name: str, version: str = "1.0", system: Optional[str] = None,
            days_ago: float = 0, **more: Any) -> dict[str, Any]:
    """Installs or updates, and tells it."""
    chosen = system_of(org, system)
    org.install(chosen, name, version, org.log.now() - days_ago * DAY, **more)
    return {"system": chosen.id, "name": name}


@change
def uninstall(org: Organization, system: Optional[str] = None,
              name: Optional[str] = None) -> dict[str, Any]:
    chosen = system_of(org, system)
    name = name or next(one.name for one in chosen.installs.values() if one.is_told)
    org.uninstall(chosen, name)
    return {"system": chosen.id, "name": name}


@change
def tell_late(org: Organization, kind: str, name: str, system: Optional[str] = None,
              minutes_ago: float = 5) -> None:
    """An event that is told only now, of something that later events made void."""
    at = org.log.now() - datetime.timedelta(minutes=minutes_ago)
    void = {"name": name, "version": "0.1", "path": None, "publisher": None}
    org.log.software(kind, system_of(org, system).id, void, at)


@change
def pass_time(org: Organization, days: float) -> None:
    """Everything told so far happened so many days earlier; what is too old is forgotten."""
    entries, org.log.entries = org.log.entries, []
    for entry in entries:
        entry.when -= days * DAY
        entry.row["timestamp"] = entry.when.strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        org.log.entries.append(entry)


@change
def log_in(org: Organization, user: Optional[str] = None, service: str = "directory") -> dict:
    person = person_of(org, user)
    org.log_in(person, org.log.now(), service)
    return {"user": person.id}


@change
def add_user(org: Organization) -> dict[str, Any]:
    return {"user": org.add_person(is_new=True).id}


@change
def remove_user(org: Organization, user: Optional[str] = None) -> dict[str, Any]:
    person = person_of(org, user)
    org.people.remove(person)
    for group in org.groups:
        group.members.discard(person.id)
    return {"user": person.id}


@change
def suspend_user(org: Organization, user: Optional[str] = None) -> dict[str, Any]:
    person = person_of(org, user)
    person.state, person.suspended = "SUSPENDED", True
    return {"user": person.id}


@change
def add_system(org: Organization, apps: int = 2) -> dict[str, Any]:
    return {"system": org.add_system(apps, is_new=True).id}


@change
def remove_system(org: Organization, system: Optional[str] = None) -> dict[str, Any]:
    chosen = system_of(org, system)
    org.systems.remove(chosen)
    for group in org.groups:
        group.members.discard(chosen.id)
    return {"system": chosen.id}


@change
def rename_system(org: Organization, system: Optional[str] = None,
                  name: str = "Renamed") -> dict[str, Any]:
    chosen = system_of(org, system)
    chosen.name = name
    return {"system": chosen.id}


@change
def bind(org: Organization, system: Optional[str] = None, user: Optional[str] = None) -> None:
    system_of(org, system).direct.add(person_of(org, user).id)


@change
def link_app(org: Organization, app: Optional[str] = None, system: Optional[str] = None) -> None:
    app_of(org, app).systems.add(system_of(org, system).id)


@change
def unlink_app(org: Organization, app: Optional[str] = None) -> dict[str, Any]:
    chosen = app_of(org, app)
    gone = min(chosen.systems)
    chosen.systems.remove(gone)
    return {"app": chosen.id, "system": gone}


@change
def remove_app(org: Organization, app: Optional[str] = None) -> dict[str, Any]:
    chosen = app_of(org, app)
    org.apps.remove(chosen)
    return {"app": chosen.id}


@change
def join_group(org: Organization, group: Optional[str] = None, user: Optional[str] = None) -> None:
    one_of(org.groups, "group", group).members.add(person_of(org, user).id)


@change
def make_admin(org: Organization, email: str, role: str = "Manager") -> dict[str, Any]:
    admin = type(org.admins[0])(org.new_id("65a0"), email, role)
    org.admins.append(admin)
    return {"admin": admin.id}


@change
def insert_first(org: Organization) -> dict[str, Any]:
    """A system whose id sorts before all others."""
    system = org.add_system(0, is_new=True)
    system.id = f"000000{system.id[6:]}"
    return {"system": system.id}


@change
def remove_first(org: Organization) -> dict[str, Any]:
    return remove_system(org, min(system.id for system in org.systems))


@change
def license_insights(service: Any, insights: Any = True) -> None:
    """true, or the status that answers when it is not in the plan: 401, 402, 403, 404."""
    service.insights = insights


@change
def set_role(service: Any, role: str) -> None:
    service.access.role = role


@change
def replace_key(service: Any, name: Optional[str] = None) -> dict[str, Any]:
    """The key of the (first) organisation is deleted, a new one takes its place."""
    name = name or next(iter(service.organizations))
    service.access.keys[name] = secrets.token_hex(20)
    return {"token": service.access.keys[name]}
