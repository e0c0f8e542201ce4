"""What an administrator, or time, does to a tenant between two syncs.

Every operation is deterministic: where nothing is named, the first that fits is taken. Each
returns what it touched. Devices and users are named by their integer ids.
"""

import inspect
from typing import Any, Callable, Optional

from ..vendor import SpecError
from . import catalogue
from .tenant import NOW, REMOVED, Device, Person, Tenant, stamp

Change = Callable[..., dict[str, Any]]
CHANGES: dict[str, Change] = {}


def change(run: Change) -> Change:
    CHANGES[run.__name__] = run
    return run


def apply(service: Any, op: str, args: dict[str, Any]) -> dict[str, Any]:
    """`service` is the tenant's WorkspaceOneService; most operations need its tenant only."""
    if op not in CHANGES:
        raise SpecError(f"unknown change {op!r}: one of {', '.join(sorted(CHANGES))}")
    run = CHANGES[op]
    is_for_service = next(iter(inspect.signature(run).parameters)) == "service"
    return run(service if is_for_service else service.tenant, **args)


def pick_device(tenant: Tenant, device: Optional[int]) -> Device:
    for candidate in tenant.devices:
        if candidate.id == device or device is None and candidate.person and candidate.installs:
            return candidate
    raise SpecError(f"no such device: {device or 'none fits'}")


def pick_person(tenant: Tenant, user: Optional[int]) -> Person:
    for candidate in tenant.people:
        if user is None or candidate.id == user:
            return candidate
    raise SpecError(f"no such user: {user or 'none fits'}")


@change
def add_users(tenant: Tenant, count: int = 1) -> dict[str, Any]:
    return {"users": [tenant.add_person().id for _ in range(count)]}


@change
def add_devices(tenant: Tenant, count: int = 1) -> dict[str, Any]:
    return {"devices": [tenant.add_device().id for _ in range(count)]}


@change
def rename_device(tenant: Tenant, device: Optional[int] = None,
                  name: str = "Renamed by its owner") -> dict[str, Any]:
    chosen = pick_device(tenant, device)
    chosen.name = name
    return {"device": chosen.id, "name": name}


@change
def check_in(tenant: Tenant, device: Optional[int] = None,
             at: str = stamp(NOW.replace(hour=21))) -> dict[str, Any]:
    chosen = pick_device(tenant, device)
    chosen.last_seen = at
    return {"device": chosen.id, "at": at}


@change
def unassign(tenant: Tenant, device: Optional[int] = None) -> dict[str, Any]:
    chosen = pick_device(tenant, device)
    chosen.person = None
    return {"device": chosen.id}


@change
def remove_device(tenant: Tenant, device: Optional[int] = None) -> dict[str, Any]:
    chosen = pick_device(tenant, device)
    tenant.devices.remove(chosen)
    return {"device": chosen.id}


@change
def remove_user(tenant: Tenant, user: Optional[int] = None) -> dict[str, Any]:
    """The person goes, from their groups too; their devices stay, with nobody."""
    chosen = pick_person(tenant, user)
    for device in tenant.devices:
        if device.person is chosen:
            device.person = None
    for group in tenant.user_groups:
        group.members = [person for person in group.members if person is not chosen]
    tenant.people.remove(chosen)
    return {"user": chosen.id}


@change
def deactivate_user(tenant: Tenant, user: Optional[int] = None) -> dict[str, Any]:
    chosen = pick_person(tenant, user)
    chosen.active = False
    return {"user": chosen.id}


@change
def move_user(tenant: Tenant, user: Optional[int] = None, group: str = "Empty") -> dict[str, Any]:
    """To another organization group."""
    chosen = pick_person(tenant, user)
    chosen.group = next(one for one in tenant.org_groups if one.name == group)
    return {"user": chosen.id, "group": chosen.group.id}


@change
def add_app(tenant: Tenant, device: Optional[int] = None, name: str = "Brand New",
            identifier: str = "com.example.brand.new", version: str = "1.0") -> dict[str, Any]:
    chosen = pick_device(tenant, device)
    tenant.install(chosen, catalogue.app(name, identifier, 1), version)
    return {"device": chosen.id, "identifier": identifier}


@change
def update_app(tenant: Tenant, device: Optional[int] = None,
               version: str = "99.0") -> dict[str, Any]:
    """The device's first app gets another version."""
    chosen = pick_device(tenant, device)
    first = chosen.installs[0]
    chosen.installs[0] = first._replace(version=version)
    return {"device": chosen.id, "identifier": first.app.identifier, "version": version}


@change
def remove_app(tenant: Tenant, device: Optional[int] = None,
               listed: bool = False) -> dict[str, Any]:
    """The device's first app is gone; `listed`: it stays in the list, as removed."""
    chosen = pick_device(tenant, device)
    first = chosen.installs.pop(0)
    if listed:
        chosen.installs.insert(0, first._replace(status=REMOVED))
    return {"device": chosen.id, "identifier": first.app.identifier}


@change
def set_members(tenant: Tenant, group: str, users: list[int]) -> dict[str, Any]:
    chosen = next(one for one in tenant.user_groups if one.name == group)
    chosen.members = [pick_person(tenant, user) for user in users]
    return {"group": chosen.id}


@change
def remove_user_group(tenant: Tenant, group: str) -> dict[str, Any]:
    chosen = next(one for one in tenant.user_groups if one.name == group)
    tenant.user_groups.remove(chosen)
    return {"group": chosen.id}


@change
def insert_first(tenant: Tenant) -> dict[str, Any]:
    """A device whose id sorts before all others."""
    device = tenant.add_device()
    device.id = min(one.id for one in tenant.devices) - 1
    return {"device": device.id}


@change
def remove_first(tenant: Tenant) -> dict[str, Any]:
    """The device whose id sorts before all others is gone."""
    device = min(tenant.devices, key=lambda one: one.id)
    tenant.devices.remove(device)
    return {"device": device.id}


@change
def set_rights(service: Any, rights: list[str]) -> dict[str, Any]:
    """What the role may read, by the console's names; none at all: 401 for everything."""
    service.access.set_rights(rights)
    return {"rights": rights}


@change
def set_role_group(service: Any, group: Optional[str] = None) -> dict[str, Any]:
    """The organization group that the account's role is of; None: the topmost."""
    groups = service.tenant.org_groups
    service.role_group = next((one for one in groups if one.name == group), groups[0])
    return {"group": service.role_group.id}


@change
def set_access(service: Any, **values: Any) -> dict[str, Any]:
    """password, tenant_code, account_type, key_type, api_enabled."""
    for name, value in values.items():
        if not hasattr(service.access, name):
            raise SpecError(f"the access has no {name!r}")
        setattr(service.access, name, value)
    return {"failures": service.access.failures}


@change
def expire_tokens(service: Any) -> dict[str, Any]:
    service.oauth.expire()
    return {}


@change
def advance(service: Any, seconds: float) -> dict[str, Any]:
    """So much time passes for the tokens."""
    service.oauth.passed_s += seconds
    return {}


@change
def replace_client_secret(service: Any, secret: str) -> dict[str, Any]:
    """The client's secret is made anew; tokens that were handed out live on."""
    service.oauth.client_secret = secret
    return {}


@change
def unlock(service: Any) -> dict[str, Any]:
    was = service.access.is_locked
    service.access.unlock()
    return {"was_locked": was}


@change
def set_remaining(service: Any, remaining: int) -> dict[str, Any]:
    """What is left of the day's calls."""
    service.remaining = remaining
    return {"remaining": remaining}
