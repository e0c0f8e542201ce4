"""One organisation's people and machines: the one truth that three products describe.

Everything is a function of name, seed and sizes. A product shows a part of it, in its own words
and with ids of its own; what is the same everywhere is the serial number.
"""

import dataclasses
import datetime
import random
from typing import Any, NamedTuple, Optional

from ..kandji.catalogue import FIRST_NAMES, LAST_NAMES

NOW = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.timezone.utc)


class Model(NamedTuple):
    kind: str  # laptop, desktop, phone, tablet
    platform: str  # windows, macos, linux, ios, ipados, android
    maker: str
    name: str
    product: str  # the maker's own number
    os_name: str
    os_version: str
    os_build: str


MODELS = (
    Model("laptop", "windows", "HP", "EliteBook 840 G9", "6F6B2EA", "Windows 11 Pro",
          "10.0.22631", "22631.3447"),
    Model("phone", "ios", "Apple", "iPhone 12", "iPhone13,2", "iOS", "17.5.1", "21F90"),
    Model("laptop", "macos", "Apple", "MacBook Pro (14-inch)", "MacBookPro18,3", "macOS 14 Sonoma",
          "14.4.1", "23E224"),
    Model("laptop", "windows", "Dell Inc.", "Latitude 7440", "0C27", "Windows 10 Enterprise",
          "10.0.19045", "19045.4291"),
    Model("phone", "android", "Samsung", "Galaxy S23", "SM-S911B", "Android", "14", "UP1A.231005"),
    Model("desktop", "linux", "LENOVO", "ThinkCentre M75", "11JN", "Ubuntu 22.04 LTS", "22.04",
          "5.15.0-105"),
    Model("tablet", "ipados", "Apple", "iPad (9th generation)", "iPad12,1", "iPadOS", "17.4",
          "21E219"),
    Model("laptop", "windows", "LENOVO", "ThinkPad T14 Gen 4", "21HES0", "Windows 11 Enterprise",
          "10.0.22631", "22631.3447"),
)
OFFICES = ("Local Office", "Berlin", "Chennai")
DEPARTMENTS = ("Sales", "R&D", "Finance")


class Software(NamedTuple):
    number: int
    name: str
    maker: str
    identifier: str
    platform: str  # the family it is for: windows, macos, linux, ios, android


def catalogue(count: int) -> dict[str, list[Software]]:
    """Titles for each family; some share a name across families."""
    families = ("windows", "macos", "linux", "ios", "android")
    return {family: [Software(1000 * (1 + families.index(family)) + number,
                              f"Example App {number:02}", f"Vendor {number % 5}",
                              f"org.example.{family}.app{number:02}", family)
                     for number in range(count)] for family in families}


@dataclasses.dataclass
class Person:
    number: int
    name: str
    email: str
    department: str
    phone: str = ""


@dataclasses.dataclass
class Install:
    software: Software
    version: str
    at: Optional[datetime.datetime]


@dataclasses.dataclass
class Machine:
    number: int  # never used again: the products' ids are made of it
    name: str
    model: Model
    serial: str
    person: Optional[Person]
    office: str
    seen: datetime.datetime
    enrolled: datetime.datetime
    asset_tag: str
    mac: str
    ip: str
    installs: list[Install] = dataclasses.field(default_factory=list)
    marks: dict[str, Any] = dataclasses.field(default_factory=dict)  # what is odd about it

    @property
    def is_computer(self) -> bool:
        return self.model.kind in ("laptop", "desktop")

    @property
    def family(self) -> str:
        return "ios" if self.model.platform == "ipados" else self.model.platform


class Estate:
    """People and machines of one organisation, in the order in which they came."""

    def __init__(self, name: str, devices: int, apps_per_device: int, seed: int, plain: bool,
                 titles: int):
        self.name = name
        self.seed = seed
        self.plain = plain
        self.apps_per_device = apps_per_device
        self.software = catalogue(titles)
        self.people: list[Person] = []
        self.machines: list[Machine] = []
        self.next_machine = 0
        for _ in range(max(1, devices * 2 // 3) if devices else 0):
            self.add_person()
        for _ in range(devices):
            self.add_machine()

    @property
    def customer_id(self) -> int:
        """By which the products tell organisations apart; beyond 2^53."""
        return 90071000000000101 + 2 * self.seed

    def random(self, *what: Any) -> random.Random:
        return random.Random("/".join(map(str, (self.seed, self.name, *what))))

    def add_person(self) -> Person:
        number = len(self.people)
        rng = self.random("person", number)
        person = Person(number, f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}",
                        f"user{number:04}@{self.name}.example", DEPARTMENTS[number % 3])
        if not self.plain and number % 7 == 3:
            person.email = f"User{number:04}@{self.name.capitalize()}.example"
        self.people.append(person)
        return person

    def add_machine(self) -> Machine:
        number = self.next_machine
        self.next_machine += 1
        rng = self.random("machine", number)
        model = MODELS[number % len(MODELS)]
        person = self.people[number % len(self.people)] if self.people else None
        machine = Machine(
            number, f"{model.kind[:3]}-{number:04}", model, f"5CG{rng.getrandbits(40):010X}",
            None if not self.plain and number % 11 == 10 else person,
            OFFICES[number % len(OFFICES)], NOW - datetime.timedelta(minutes=11 * number + 1),
            NOW - datetime.timedelta(days=40 + number % 200), f"A-{number:04}",
            ":".join(f"{rng.getrandbits(8):02X}" for _ in range(6)),
            f"10.0.{number // 250}.{number % 250 + 1}")
        titles = self.software[machine.family]
        for title in rng.sample(titles, min(self.apps_per_device, len(titles))):
            machine.installs.append(Install(title, f"{rng.randrange(1, 9)}.{rng.randrange(20)}",
                                            NOW - datetime.timedelta(days=rng.randrange(5, 90))))
        self.machines.append(machine)
        return machine

    def machine(self, serial: str) -> Optional[Machine]:
        return next((one for one in self.machines if one.serial == serial), None)
