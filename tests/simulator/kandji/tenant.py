"""The state of one Kandji tenant: people, devices, installs. Made from a seed, changed at will.

Everything is a function of the seed and the sizes; no clock, no global randomness. The installs
of a device are made when they are first looked at, so a tenant of thousands is ready at once.
"""

import bisect
import dataclasses
import datetime
import random
import uuid
from typing import Any, Callable, NamedTuple, Optional

from . import catalogue
from .catalogue import App

NOW = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.timezone.utc)
FAMILIES = ("Mac", "Mac", "iPhone", "Mac", "iPad", "Mac", "Mac", "iPhone", "Mac", "Mac")
FIRST_INT_ID = 9007199254740993  # 2^53 + 1: a double cannot hold it


def iso_z(when: datetime.datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def iso_offset(when: datetime.datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def spaced(when: datetime.datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S.%f+00:00")


def new_uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


@dataclasses.dataclass
class Person:
    id: Any  # text, or a number in tenants of the old kind; None: an object without an id
    email: str
    name: str
    legacy_id: str
    archived: bool = False
    active: bool = True
    department: Optional[str] = None
    job_title: Optional[str] = None
    created_at: datetime.datetime = NOW


class Install(NamedTuple):
    seq: int  # grows; the order of Prism within a device
    app: App
    path: Optional[str]
    version: Optional[str]
    short_version: Optional[str]


@dataclasses.dataclass
class Device:
    seq: int  # grows; the order of Prism
    id: str
    name: str
    family: str  # as /devices says it: Mac, iPhone, iPad, AppleTV, ...
    model: str
    model_id: str
    serial: str
    os_version: str
    os_build: str
    person: Optional[Person]
    blueprint: str
    last_check_in: str
    enrolled_at: str
    blueprint_id: str = ""
    os_extra: str = ""
    asset_tag: Optional[str] = ""
    mdm_enabled: bool = True
    is_missing: bool = False
    listed: bool = True  # False: gone from /devices, still in Prism
    tags: list[str] = dataclasses.field(default_factory=list)
    no_user: Any = ""  # what stands in `user` when there is none; ... leaves the key out
    email_as: Optional[str] = None  # how this device spells its user's e-mail
    name_as: Optional[str] = None
    without: tuple[str, ...] = ()  # keys that an old row has not
    extra_apps: list[Install] = dataclasses.field(default_factory=list)
    locked_pin: Optional[str] = None
    erased: bool = False
    commands: list[dict] = dataclasses.field(default_factory=list)
    install_source: Optional[Callable[["Device"], list[Install]]] = None
    installs_made: Optional[list[Install]] = None

    @property
    def installs(self) -> list[Install]:
        if self.installs_made is None:
            self.installs_made = self.install_source(self) if self.install_source else []
            self.installs_made += self.extra_apps
        return self.installs_made

    @property
    def prism_family(self) -> str:
        return "tvOS" if self.family == "AppleTV" else self.family


class Tenant:
    """People and devices by their ids; devices also in the order of Prism (`seq`)."""

    def __init__(self, name: str, seed: int, devices: int, apps_per_device: int, plain: bool,
                 user_ids: str = "uuid"):
        self.name = name
        self.seed = seed
        self.plain = plain
        self.apps_per_device = apps_per_device
        self.user_ids = user_ids
        self.mac_apps = catalogue.mac_catalogue(3 * apps_per_device)
        self.ios_apps = catalogue.ios_catalogue(3 * apps_per_device)
        self.people: list[Person] = []
        self.devices: list[Device] = []
        self.blueprint_ids = {name: new_uuid(self.random("blueprint", name))
                              for name in catalogue.BLUEPRINTS}
        self.next_seq = 0
        for _ in range(max(1, devices * 2 // 3) if devices else 0):
            self.add_person()
        for _ in range(devices):
            self.add_device()

    def random(self, *what: Any) -> random.Random:
        """A generator of its own for each thing, so that one more thing changes no other."""
        return random.Random("/".join(map(str, (self.seed, self.name, *what))))

    def add_person(self) -> Person:
        number = len(self.people)
        rng = self.random("person", number)
        first, last = rng.choice(catalogue.FIRST_NAMES), rng.choice(catalogue.LAST_NAMES)
        identity = FIRST_INT_ID + 2 * number if self.user_ids == "int" else new_uuid(rng)
        person = Person(
            id=identity, email=f"user{number:05}@{self.name}.example", name=f"{first} {last}",
            legacy_id=str(30000 + number), department=rng.choice((None, "Sales", "R&D")),
            created_at=NOW - datetime.timedelta(days=400, seconds=number))
        self.people.append(person)
        return person

    def add_device(self) -> Device:
        """The next device of the series: owned, of a usual family, checked in lately."""
        seq = self.next_seq
        self.next_seq += 1
        rng = self.random("device", seq)
        family = FAMILIES[seq % len(FAMILIES)]
        model, model_id = rng.choice(catalogue.MODELS[family])
        os_version, os_build = rng.choice(catalogue.SYSTEMS[family])
        person = self.people[seq % len(self.people)] if self.people else None
        owner = person.name.split()[0] if person else "Spare"
        blueprint = rng.choice(catalogue.BLUEPRINTS)
        seen = NOW - datetime.timedelta(minutes=7 * seq, microseconds=1013 * seq + 1)
        device = Device(
            seq=seq, id=new_uuid(rng), name=f"{owner}’s {model.split(' (')[0]}", family=family,
            model=model, model_id=model_id, serial=f"K{rng.getrandbits(44):011X}",
            os_version=os_version, os_build=os_build, person=person, blueprint=blueprint,
            blueprint_id=self.blueprint_ids[blueprint], last_check_in=iso_z(seen),
            enrolled_at=spaced(NOW - datetime.timedelta(days=30 + seq % 300, seconds=seq)),
            tags=rng.sample(catalogue.TAGS, seq % 3), install_source=self.make_installs)
        self.devices.append(device)
        return device

    def make_installs(self, device: Device) -> list[Install]:
        """apps_per_device different apps of the family's catalogue; none for other families."""
        apps = {"Mac": self.mac_apps, "iPhone": self.ios_apps, "iPad": self.ios_apps}
        pool = apps.get(device.family, [])
        rng = self.random("installs", device.seq)
        chosen = rng.sample(range(len(pool)), min(self.apps_per_device, len(pool)))
        return [self.install(100 + i, pool[n], rng.randrange(3)) for i, n in enumerate(chosen)]

    @staticmethod
    def install(seq: int, app: App, version: int = 2) -> Install:
        marketing, build = app.versions[version]
        return Install(seq, app, app.path, marketing, build)

    def listed(self) -> list[Device]:
        return [device for device in self.devices if device.listed]

    def device(self, device_id: str) -> Optional[Device]:
        return next((d for d in self.devices if d.listed and d.id == device_id), None)

    def person(self, person_id: str) -> Optional[Person]:
        return next((p for p in self.people if str(p.id) == person_id), None)

    def first_device_from(self, seq: int) -> int:
        """Index of the first device whose seq is at least this one."""
        return bisect.bisect_left(self.devices, seq, key=lambda device: device.seq)

    def install_count(self) -> int:
        return sum(len(device.installs) for device in self.devices)
