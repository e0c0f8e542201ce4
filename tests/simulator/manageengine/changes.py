"""What happens to an organisation between two syncs. All three products show it afterwards.

Machines are named by `serial`, people by `email`; where nothing is named, the first that fits.
"""

import datetime
import inspect
from typing import Any, Callable, Optional

from ..vendor import SpecError
from .estate import NOW, Estate, Install, Machine, Person

Change = Callable[..., dict[str, Any]]
CHANGES: dict[str, Change] = {}


def change(run: Change) -> Change:
    CHANGES[run.__name__] = run
    return run


def apply(estate: Estate, op: str, args: dict[str, Any]) -> dict[str, Any]:
    if op not in CHANGES:
        raise SpecError(f"unknown change {op!r}: one of {', '.join(sorted(CHANGES))}")
    unknown = set(args) - set(inspect.signature(CHANGES[op]).parameters)
    if unknown:
        raise SpecError(f"{op} has no {sorted(unknown)[0]!r}")
    return CHANGES[op](estate, **args)


def pick(estate: Estate, serial: Optional[str]) -> Machine:
    for machine in estate.machines:
        if machine.serial == serial or (serial is None and machine.model.platform == "macos"
                                        and not machine.marks.get("retired")):
            return machine
    raise SpecError(f"no such machine: {serial or 'none fits'}")


def pick_person(estate: Estate, email: Optional[str], other: Optional[Person]) -> Person:
    for person in estate.people:
        if person.email == email or (email is None and person is not other):
            return person
    raise SpecError(f"no such person: {email or 'none fits'}")


def report(machine: Machine) -> None:
    """It reports what is new, later than whenever it did before."""
    machine.seen = max(machine.seen, NOW) + datetime.timedelta(minutes=1)


@change
def add_machines(estate: Estate, count: int = 1) -> dict[str, Any]:
    return {"serials": [estate.add_machine().serial for _ in range(count)]}


@change
def add_person(estate: Estate) -> dict[str, Any]:
    return {"email": estate.add_person().email}


@change
def rename(estate: Estate, serial: Optional[str] = None,
           name: str = "renamed") -> dict[str, Any]:
    machine = pick(estate, serial)
    machine.name = name
    return {"serial": machine.serial, "name": name}


@change
def check_in(estate: Estate, serial: Optional[str] = None, minutes: int = 60) -> dict[str, Any]:
    machine = pick(estate, serial)
    machine.seen = NOW + datetime.timedelta(minutes=minutes)
    return {"serial": machine.serial}


@change
def reassign(estate: Estate, serial: Optional[str] = None,
             email: Optional[str] = None) -> dict[str, Any]:
    machine = pick(estate, serial)
    machine.person = pick_person(estate, email, machine.person)
    return {"serial": machine.serial, "email": machine.person.email}


@change
def install(estate: Estate, serial: Optional[str] = None) -> dict[str, Any]:
    """The first title of the family that is not there yet."""
    machine = pick(estate, serial)
    there = {one.software for one in machine.installs}
    title = next((one for one in estate.software[machine.family] if one not in there), None)
    if title is None:
        raise SpecError(f"{machine.serial} has everything there is")
    machine.installs.append(Install(title, "1.0", NOW))
    report(machine)
    return {"serial": machine.serial, "name": title.name}


@change
def uninstall(estate: Estate, serial: Optional[str] = None) -> dict[str, Any]:
    machine = pick(estate, serial)
    gone = machine.installs.pop(0)
    report(machine)
    return {"serial": machine.serial, "name": gone.software.name}


@change
def retire(estate: Estate, serial: Optional[str] = None) -> dict[str, Any]:
    """Out of management; the record stays."""
    machine = pick(estate, serial)
    machine.marks["retired"] = True
    return {"serial": machine.serial}


@change
def remove_machines(estate: Estate, count: int = 1,
                    serials: Optional[list[str]] = None) -> dict[str, Any]:
    """The named ones, or the last ones."""
    gone = [one for one in estate.machines if one.serial in serials] if serials is not None \
        else estate.machines[len(estate.machines) - count:]
    estate.machines = [one for one in estate.machines if one not in gone]
    return {"serials": [one.serial for one in gone]}


@change
def remove_person(estate: Estate, email: Optional[str] = None) -> dict[str, Any]:
    person = pick_person(estate, email, None)
    estate.people.remove(person)
    for machine in estate.machines:
        if machine.person is person:
            machine.person = None
    return {"email": person.email}


@change
def insert_first(estate: Estate) -> dict[str, Any]:
    machine = estate.add_machine()
    estate.machines.insert(0, estate.machines.pop())
    return {"serials": [machine.serial]}


@change
def remove_first(estate: Estate) -> dict[str, Any]:
    return {"serials": [estate.machines.pop(0).serial]}
