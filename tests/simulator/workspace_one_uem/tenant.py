"""The state of one tenant: organization groups, people, devices, installs, user groups.

Everything is a function of the seed and the sizes; no clock, no global randomness.
"""

import dataclasses
import datetime
import random
import uuid
from typing import Any, NamedTuple, Optional

from . import catalogue
from .catalogue import App

NOW = datetime.datetime(2026, 3, 2, 9, 0)
NEVER = "0001-01-01T00:00:00.000"
FIRST_USER, FIRST_DEVICE, FIRST_GROUP, FIRST_USER_GROUP, FIRST_INSTALL = 781001, 66001, 570, 570, 1
PENDING_INSTALL, INSTALLED, PENDING_REMOVAL, REMOVED, UNKNOWN = range(5)


def stamp(when: datetime.datetime) -> str:
    """Milliseconds, and no zone: it is UTC."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}"


def new_uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


@dataclasses.dataclass
class OrgGroup:
    id: int
    uuid: str
    name: str
    code: str
    kind: str
    parent: Optional["OrgGroup"]

    def is_below(self, other: "OrgGroup") -> bool:
        """Is it `other`, or somewhere below?"""
        return self is other or (self.parent is not None and self.parent.is_below(other))


@dataclasses.dataclass
class Person:
    id: int
    uuid: str
    username: str
    first: str
    last: str
    email: str
    group: OrgGroup
    display: str = ""
    email_username: str = ""
    active: bool = True
    security: Any = 2  # a number, or a text in older versions
    role: str = "Full Access"
    status_as_text: bool = False  # "true" in place of true, as older versions write it


class Install(NamedTuple):
    id: int
    app: App
    version: str
    status: int = INSTALLED
    managed: bool = True


@dataclasses.dataclass
class Device:
    id: int
    uuid: str
    name: str
    platform: catalogue.Platform
    model: str
    serial: str
    system: str
    build: str
    group: OrgGroup
    person: Optional[Person]
    last_seen: str
    enrolled_at: str
    ownership: str = "C"
    enrollment: str = "Enrolled"
    compliance: str = "Compliant"
    compromised: bool = False
    supervised: bool = False
    imei: str = ""
    mac: str = ""
    hostname: str = ""
    uuid_as_object: bool = False
    installs: list[Install] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class UserGroup:
    id: int
    uuid: str
    name: str
    group: OrgGroup
    is_custom: bool
    members: list[Person] = dataclasses.field(default_factory=list)


class Tenant:
    def __init__(self, name: str, seed: int, users: int, devices: int, apps_per_device: int):
        self.name, self.seed, self.apps_per_device = name, seed, apps_per_device
        self.org_groups: list[OrgGroup] = []
        self.people: list[Person] = []
        self.devices: list[Device] = []
        self.user_groups: list[UserGroup] = []
        self.next_install = FIRST_INSTALL
        self.pools = {number: catalogue.apps_of(number, 3 * apps_per_device)
                      for number in catalogue.PLATFORMS}
        self.make_groups()
        for _ in range(users):
            self.add_person()
        for _ in range(devices):
            self.add_device()
        self.add_user_group("Field Staff", True, self.people[::3])
        self.add_user_group("Domain Users", False, self.people)
        self.add_user_group("Nobody Yet", True, [])

    def generator(self, *what: Any) -> random.Random:
        """A generator of its own for each thing, so that one more thing changes no other."""
        return random.Random("/".join(map(str, (self.seed, self.name, *what))))

    def make_groups(self) -> None:
        root = self.add_org_group(self.name.capitalize(), "Customer", None)
        sales = self.add_org_group("Sales", "Container", root)
        self.add_org_group("Vertrieb Köln", "Container", sales)
        self.add_org_group("Engineering", "Container", root)
        self.add_org_group("Empty", "Container", root)

    def add_org_group(self, name: str, kind: str, parent: Optional[OrgGroup]) -> OrgGroup:
        number = len(self.org_groups)
        made = OrgGroup(FIRST_GROUP + number, new_uuid(self.generator("og", number)), name,
                        f"{self.name[:3].upper()}{number}", kind, parent)
        self.org_groups.append(made)
        return made

    def add_user_group(self, name: str, is_custom: bool, members: list[Person]) -> UserGroup:
        """Their ids begin where those of the organization groups do: both have a 570."""
        number = len(self.user_groups)
        made = UserGroup(FIRST_USER_GROUP + number, new_uuid(self.generator("ug", number)), name,
                         self.org_groups[0], is_custom, list(members))
        self.user_groups.append(made)
        return made

    def add_person(self) -> Person:
        number = max((person.id for person in self.people), default=FIRST_USER - 1) + 1
        rng = self.generator("person", number)
        first, last = rng.choice(catalogue.FIRST_NAMES), rng.choice(catalogue.LAST_NAMES)
        username = f"user{number - FIRST_USER:05}"
        person = Person(number, new_uuid(rng), username, first, last,
                        f"{username}@{self.name}.example", rng.choice(self.org_groups[:4]),
                        display=f"{first} {last}")
        self.people.append(person)
        return person

    def add_device(self, platform: Optional[int] = None) -> Device:
        number = max((device.id for device in self.devices), default=FIRST_DEVICE - 1) + 1
        seq = number - FIRST_DEVICE
        rng = self.generator("device", number)
        kind = catalogue.PLATFORMS[platform or catalogue.SERIES[seq % len(catalogue.SERIES)]]
        system, build = rng.choice(kind.systems)
        person = self.people[seq % len(self.people)] if self.people else None
        model = rng.choice(kind.models)
        device = Device(
            number, new_uuid(rng), f"{person.username if person else 'spare'} {model}", kind, model,
            f"SN{rng.getrandbits(40):010X}", system, build,
            person.group if person else self.org_groups[0], person,
            stamp(NOW - datetime.timedelta(minutes=7 * seq, milliseconds=113 * seq)),
            stamp(NOW - datetime.timedelta(days=30 + seq % 300, seconds=seq)),
            ownership="CES"[seq % 3], supervised=kind.number == catalogue.APPLE,
            imei=f"35{rng.randrange(10 ** 13):013}" if kind.number == catalogue.ANDROID else "",
            mac=f"{rng.getrandbits(48):012X}")
        self.devices.append(device)
        self.install_some(device, rng)
        return device

    def install_some(self, device: Device, rng: random.Random) -> None:
        pool = self.pools[device.platform.number]
        for which in rng.sample(range(len(pool)), min(self.apps_per_device, len(pool))):
            app = pool[which]
            self.install(device, app, rng.choice(app.versions), managed=which % 4 != 3)

    def install(self, device: Device, app: App, version: str, status: int = INSTALLED,
                managed: bool = True) -> Install:
        made = Install(self.next_install, app, version, status, managed)
        self.next_install += 1
        device.installs.append(made)
        return made

    def device(self, device_id: str) -> Optional[Device]:
        """By the integer id, or by the UUID."""
        return next((device for device in self.devices
                     if device_id in (str(device.id), device.uuid)), None)

    def user_group(self, group_id: str) -> Optional[UserGroup]:
        return next((group for group in self.user_groups if str(group.id) == group_id), None)
