"""What an administrator, or time, does to a tenant between two syncs.

Every operation is deterministic: where nothing is named, the first that fits is taken. Each
returns what it touched. Devices are named by `device` (an id), people by `user` (an id).
"""

import inspect
from typing import Any, Callable, Optional

from ..vendor import SpecError
from . import catalogue
from .prism import CURSOR_ENDS
from .quirks import become
from .tenant import NOW, Device, Install, Person, Tenant, iso_z

Change = Callable[..., dict[str, Any]]
CHANGES: dict[str, Change] = {}


def change(run: Change) -> Change:
    CHANGES[run.__name__] = run
    return run


def apply(service: Any, op: str, args: dict[str, Any]) -> dict[str, Any]:
    """`service` is the tenant's KandjiService; most operations need its tenant only."""
    if op not in CHANGES:
        raise SpecError(f"unknown change {op!r}: one of {', '.join(sorted(CHANGES))}")
    run = CHANGES[op]
    target = service if next(iter(inspect.signature(run).parameters)) == "service" \
        else service.tenant
    return run(target, **args)


def pick_device(tenant: Tenant, device: Optional[str], owned: bool = True) -> Device:
    for candidate in tenant.listed():
        if candidate.id == device or (device is None and (candidate.person or not owned)):
            return candidate
    raise SpecError(f"no such device: {device or 'none fits'}")


def pick_person(tenant: Tenant, user: Optional[str], other_than: Optional[Person] = None) -> Person:
    for person in tenant.people:
        if str(person.id) == user or (user is None and person is not other_than
                                      and person.id is not None and person.email):
            return person
    raise SpecError(f"no such user: {user or 'none fits'}")


@change
def add_devices(tenant: Tenant, count: int = 1, family: Optional[str] = None) -> dict[str, Any]:
    added = [tenant.add_device() for _ in range(count)]
    for device in added:
        if family:
            become(device, family)
    return {"devices": [device.id for device in added]}


@change
def rename_device(tenant: Tenant, device: Optional[str] = None,
                  name: str = "Renamed by its owner") -> dict[str, Any]:
    chosen = pick_device(tenant, device)
    chosen.name = name
    return {"device": chosen.id, "name": name}


@change
def set_serial(tenant: Tenant, serial: str, device: Optional[str] = None) -> dict[str, Any]:
    """The machine that other vendors know under this serial number."""
    chosen = pick_device(tenant, device, owned=False)
    chosen.serial = serial
    return {"device": chosen.id}


@change
def check_in(tenant: Tenant, device: Optional[str] = None,
             at: str = iso_z(NOW.replace(hour=21))) -> dict[str, Any]:
    chosen = pick_device(tenant, device)
    chosen.last_check_in = at
    return {"device": chosen.id, "at": at}


@change
def reassign(tenant: Tenant, device: Optional[str] = None,
             user: Optional[str] = None) -> dict[str, Any]:
    chosen = pick_device(tenant, device)
    person = pick_person(tenant, user, other_than=chosen.person)
    chosen.person, chosen.email_as, chosen.name_as = person, None, None
    return {"device": chosen.id, "user": str(person.id)}


@change
def unassign(tenant: Tenant, device: Optional[str] = None) -> dict[str, Any]:
    chosen = pick_device(tenant, device)
    chosen.person, chosen.no_user = None, ""
    return {"device": chosen.id}


@change
def remove_devices(tenant: Tenant, devices: Optional[list[str]] = None, count: int = 1,
                   owned: bool = True) -> dict[str, Any]:
    """The named ones, or the last `count` that fit. They leave Prism as well."""
    fitting = [d for d in tenant.listed() if d.person or not owned]
    gone = [pick_device(tenant, one, owned=False) for one in devices] if devices is not None \
        else fitting[len(fitting) - count:]
    ids = {device.id for device in gone}
    tenant.devices = [device for device in tenant.devices if device.id not in ids]
    return {"devices": [device.id for device in gone]}


@change
def orphan_device(tenant: Tenant, device: Optional[str] = None) -> dict[str, Any]:
    """Gone from /devices, still in Prism."""
    chosen = pick_device(tenant, device)
    chosen.listed = False
    return {"device": chosen.id}


@change
def remove_app(tenant: Tenant, device: Optional[str] = None,
               bundle_id: Optional[str] = None) -> dict[str, Any]:
    chosen = pick_device(tenant, device)
    gone = next((i for i in chosen.installs if bundle_id in (None, i.app.bundle_id)), None)
    if gone is None:
        raise SpecError(f"{bundle_id} is not on device {chosen.id}")
    chosen.installs.remove(gone)
    return {"device": chosen.id, "name": gone.app.name, "bundle_id": gone.app.bundle_id}


@change
def add_app(tenant: Tenant, device: Optional[str] = None, name: str = "Brand New",
            bundle_id: Optional[str] = "com.example.brand.new",
            version: str = "1.0") -> dict[str, Any]:
    chosen = pick_device(tenant, device)
    seq = max((install.seq for install in chosen.installs), default=0) + 1
    app = catalogue.mac_app(9900, name, bundle_id, "Example Software 99")
    chosen.installs.append(Install(seq, app, app.path, version, "1"))
    return {"device": chosen.id, "name": name, "bundle_id": bundle_id}


@change
def update_app(tenant: Tenant, device: Optional[str] = None,
               version: str = "99.0") -> dict[str, Any]:
    """The device's first app gets another version."""
    chosen = pick_device(tenant, device)
    if not chosen.installs:
        raise SpecError(f"no app is on device {chosen.id}")
    first = chosen.installs[0]
    chosen.installs[0] = first._replace(version=version)
    return {"device": chosen.id, "bundle_id": first.app.bundle_id, "version": version}


@change
def archive_user(tenant: Tenant, user: Optional[str] = None) -> dict[str, Any]:
    person = pick_person(tenant, user)
    person.archived = True
    return {"user": str(person.id)}


@change
def rename_user(tenant: Tenant, user: Optional[str] = None,
                name: str = "Somebody Else") -> dict[str, Any]:
    person = pick_person(tenant, user)
    person.name = name
    for device in tenant.devices:
        if device.person is person:
            device.name_as = None
    return {"user": str(person.id), "name": name}


@change
def remove_user(tenant: Tenant, user: Optional[str] = None) -> dict[str, Any]:
    """The person goes; their devices stay, with nobody."""
    person = pick_person(tenant, user)
    freed = [device for device in tenant.devices if device.person is person]
    for device in freed:
        device.person, device.no_user = None, ""
    tenant.people.remove(person)
    return {"user": str(person.id), "devices": [device.id for device in freed]}


@change
def swap_id_case(tenant: Tenant) -> dict[str, Any]:
    """Every device id changes the case of its letters: all missing, all new."""
    for device in tenant.devices:
        device.id = device.id.swapcase()
    return {"devices": len(tenant.devices)}


@change
def insert_first(tenant: Tenant) -> dict[str, Any]:
    """A device whose id sorts before all others."""
    device = tenant.add_device()
    device.id = f"00000000-0000-4000-8000-{device.seq:012}"
    return {"device": device.id}


@change
def remove_first(tenant: Tenant) -> dict[str, Any]:
    """The device whose id sorts before all others is gone."""
    device = min(tenant.listed(), key=lambda device: device.id)
    tenant.devices.remove(device)
    return {"device": device.id}


@change
def replace_token(service: Any, token: Optional[str] = None) -> dict[str, Any]:
    """The account's token is revoked, a new one with the same permissions takes its place."""
    return {"token": service.access.replace_token(token)}


@change
def set_permissions(service: Any, permissions: list[str]) -> dict[str, Any]:
    """What the account's token may do, by the vendor's words: "Device list", "Applications"."""
    service.access.set_grants(service.access.token, permissions)
    return {"permissions": permissions}


@change
def set_cursor_end(service: Any, cursor_end: str = "null") -> dict[str, Any]:
    """How Prism tells the end from now on: null, empty, absent or empty_page."""
    if cursor_end not in CURSOR_ENDS:
        raise SpecError(f"cursor_end is one of {', '.join(CURSOR_ENDS)}")
    service.prism.cursor_end = cursor_end
    return {"cursor_end": cursor_end}
