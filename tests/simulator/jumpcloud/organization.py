"""The state of one JumpCloud organisation: people, systems, apps, groups. Made from a seed.

What is installed on a system is said twice: as state, which the truth is told from, and by the
log, to which every change of that state is written. Times are relative to the start of the
simulator, because a client asks the log for the last days by its own clock.
"""

import dataclasses
import datetime
import random
from typing import Any, NamedTuple, Optional

from .log import Log

DAY = datetime.timedelta(days=1)
FIRST_NAMES = ("Rosa", "Björn", "Chloé", "Daiyu", "Emeka", "Fatima", "José", "Łucja")
LAST_NAMES = ("Diaz", "Åkesson", "O’Neill", "Chen", "Satō", "Nguyễn", "Müller")
SYSTEMS = (("darwin", "Mac OS X", "14.5"), ("windows", "Windows", "10.0.22631"),
           ("darwin", "Mac OS X", "13.6.7"), ("linux", "Ubuntu", "22.04"))
APP_NAMES = ("Google Chrome", "Slack", "Visual Studio Code", "Figma", "Firefox", "Notion", "VLC",
             "Docker Desktop", "Überblick", "iTerm", "Spotify", "Postman")
MANAGED = (("Zoom", "APPLE_CUSTOM", "us.zoom.xos", "us.zoom.xos"),
           ("1Password", "APPLE_VPP", "com.1password.1password", "com.1password.1password"),
           ("7-Zip", "CHOCOLATEY", "7zip", None),
           ("Company Portal", "MICROSOFT_STORE", "9WZDNCRFJ3PZ", None))


def stamp(when: Optional[datetime.datetime]) -> Optional[str]:
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}Z" if when else None


@dataclasses.dataclass
class Person:
    id: str
    username: str
    email: str
    first: str
    last: str
    display: str
    created: datetime.datetime
    state: Optional[str] = "ACTIVATED"  # None: absent, as in rows of 2021
    activated: bool = True
    suspended: bool = False
    locked: bool = False
    mfa: str = "NOT_ENROLLED"
    admin_role: Optional[str] = None
    department: str = ""
    title: str = ""
    last_login: Optional[datetime.datetime] = None


class Install(NamedTuple):
    name: str  # as the agent wrote it last
    version: Optional[str]
    path: Optional[str]
    publisher: Optional[str]
    is_told: bool = True  # False: older than the log, and never changed since


@dataclasses.dataclass
class System:
    id: str
    name: str
    family: Optional[str]
    os_name: str
    version: str
    serial: Optional[str]
    created: datetime.datetime
    last_contact: Optional[datetime.datetime]
    owner: Any = None  # a Person's id; {} and ... as rows without one have it
    direct: set[str] = dataclasses.field(default_factory=set)  # people bound to it
    mdm_vendor: str = "internal"
    encrypted: Optional[bool] = True
    insights: str = "enabled"
    model: str = ""  # System Insights alone knows it
    installs: dict[str, Install] = dataclasses.field(default_factory=dict)  # by normalised name


@dataclasses.dataclass
class AppleDevice:
    id: str
    serial: str
    name: str
    family: str  # ios or macos
    model: str
    os_version: str
    enrolled: bool = True
    supervised: bool = True


@dataclasses.dataclass
class SoftwareApp:
    id: str
    name: str
    settings: Any  # the list as served; may be [] or None
    updated: datetime.datetime
    systems: set[str] = dataclasses.field(default_factory=set)  # linked directly
    groups: set[str] = dataclasses.field(default_factory=set)  # linked system groups


@dataclasses.dataclass
class Group:
    id: str
    name: str
    kind: str  # user_group or system_group
    members: set[str] = dataclasses.field(default_factory=set)
    targets: set[str] = dataclasses.field(default_factory=set)  # user group -> system groups


@dataclasses.dataclass
class SsoApp:
    id: str
    name: str
    label: str
    people: set[str] = dataclasses.field(default_factory=set)
    groups: set[str] = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class Admin:
    id: str
    email: str
    role: str
    suspended: bool = False


def normalised(name: str) -> str:
    """What tells apps of the log apart: blanks, a final .app and ASCII letter case do not."""
    name = name.strip()
    name = name[:-4] if name.lower().endswith(".app") else name
    return "".join(c.lower() if c.isascii() else c for c in name).strip()


class Organization:
    def __init__(self, name: str, seed: int, systems: int, apps: int,
                 now: datetime.datetime):
        self.name, self.seed, self.now = name, seed, now
        self.display: Optional[str] = name.title()
        self.counter = 0
        self.log = Log(now)
        self.id = self.new_id("64f0aa")
        self.people: list[Person] = []
        self.systems: list[System] = []
        self.apple: list[AppleDevice] = []
        self.apple_mdm = self.new_id("64f0cc")
        self.apps: list[SoftwareApp] = []
        self.groups: list[Group] = []
        self.sso: list[SsoApp] = []
        self.admins = [Admin(self.new_id("65a0"), f"root@{name}.example", "Administrator With Billing")]
        self.make(systems, apps)

    def new_id(self, prefix: str) -> str:
        """24 hexadecimal digits, as the vendor's; ordered by their making."""
        self.counter += 1
        rng = random.Random(f"{self.seed}/{self.name}/{self.counter}")
        return f"{prefix:0<8}{rng.getrandbits(40):010x}{self.counter:06x}"

    # Making.

    def make(self, systems: int, apps: int) -> None:
        for _ in range(max(2, systems * 2 // 3) if systems else 0):
            self.add_person()
        for _ in range(systems):
            self.add_system(apps)
        self.make_groups()
        self.make_managed()
        for index, name in enumerate(("aws-sso", "github", "salesforce") if systems else ()):
            app = SsoApp(self.new_id("65ee"), name, name.upper())
            app.people = {person.id for person in self.people[index::3]}
            self.sso.append(app)
        if self.groups:
            self.sso[0].groups.add(self.groups[0].id)

    def add_person(self, is_new: bool = False) -> Person:
        """The next person of the series; one who is new was never there before."""
        number = len(self.people)
        first = FIRST_NAMES[number % len(FIRST_NAMES)]
        last = LAST_NAMES[number % len(LAST_NAMES)]
        person = Person(
            id=self.new_id("65aa"), username=f"user{number:04}",
            email=f"user{number:04}@{self.name}.example", first=first, last=last,
            display=f"{first} {last}", created=self.now - (200 + number) * DAY,
            department=("", "Sales", "R&D")[number % 3], title=("", "Engineer")[number % 2],
            mfa=("NOT_ENROLLED", "ENROLLED")[number % 2])
        self.people.append(person)
        if number % 3 != 2 and not is_new:
            self.log_in(person, self.now - (1 + number % 60) * DAY)
        return person

    def add_system(self, apps: int, is_new: bool = False) -> System:
        """The next system of the series; the apps of one that is new are told of now."""
        number = len(self.systems)
        if not self.people:
            self.add_person()
        family, os_name, version = SYSTEMS[number % len(SYSTEMS)]
        owner = self.people[number % len(self.people)]
        system = System(
            id=self.new_id("65bb"), name=f"{owner.first}s-{family}-{number}", family=family,
            os_name=os_name, version=version, serial=f"S{number:05}{self.name.upper()}",
            created=self.now - (120 + number) * DAY,
            last_contact=self.now - datetime.timedelta(minutes=11 * number),
            owner=owner.id, direct={owner.id},
            model={"darwin": "MacBookPro18,3", "windows": "Latitude 7440"}.get(family, ""))
        self.systems.append(system)
        if family == "darwin":
            self.apple.append(AppleDevice(self.new_id("65dd"), system.serial, system.name, "macos",
                                          "MacBook Pro", version))
        for index in range(apps):
            name = APP_NAMES[(number + index) % len(APP_NAMES)]
            series = "" if index < len(APP_NAMES) else f" {index // len(APP_NAMES) + 1}"
            age = 80 - (number + index * 7) % 75
            self.install(system, name + series, "1.0",
                         at=None if is_new else self.now - age * DAY)
        return system

    def make_groups(self) -> None:
        if not self.systems:
            return
        staff = Group(self.new_id("64fb"), "Staff", "user_group")
        staff.members = {person.id for person in self.people[::2]}
        fleet = Group(self.new_id("64fc"), "Fleet", "system_group")
        fleet.members = {system.id for system in self.systems[::2]}
        lab = Group(self.new_id("64fd"), "Shared Lab", "system_group")
        lab.members = {system.id for system in self.systems[:2]}
        staff.targets = {lab.id}
        empty = Group(self.new_id("64fe"), "Nobody yet", "user_group")
        self.groups = [staff, empty, fleet, lab]

    def make_managed(self) -> None:
        for index, (name, manager, package, bundle) in enumerate(MANAGED if self.systems else ()):
            setting = {"packageManager": manager, "packageId": package, "packageVersion": "6.1.0",
                       "desiredState": "INSTALL", "autoUpdate": True, "location": "",
                       "packageKind": "software-package"}
            if bundle:
                setting |= {"bundleId": bundle, "shortVersion": "6.1"}
            app = SoftwareApp(self.new_id("65cc"), name, [setting], self.now - 30 * DAY)
            app.systems = {system.id for system in self.systems[index::4]}
            self.apps.append(app)
        if self.apps:
            self.apps[0].groups.add(self.groups[2].id)

    # The state of a system's apps, and the log of it.

    def install(self, system: System, name: str, version: Optional[str],
                at: Optional[datetime.datetime] = None, **more: Any) -> None:
        """Installs or updates; `more`: publisher, path, and `event`, fields of the event."""
        key, event = normalised(name), more.pop("event", {})
        held = system.installs.get(key)
        path = more.get("path", f"/Applications/{name}.app" if system.family == "darwin" else None)
        made = Install(name, version, path, more.get("publisher"))
        system.installs[key] = made
        self.log.software("change" if held else "add", system.id, made._asdict(), at,
                          was=held.version if held else None, **event)

    def uninstall(self, system: System, name: str, at: Optional[datetime.datetime] = None) -> None:
        held = system.installs.pop(normalised(name))
        self.log.software("remove", system.id, held._asdict(), at)

    def log_in(self, person: Person, at: datetime.datetime, service: str = "directory") -> None:
        self.log.login(service, person.id, person.username, at, is_success=True)
        person.last_login = max(filter(None, (person.last_login, at)))

    # Looking up.

    def person(self, person_id: Any) -> Optional[Person]:
        return next((p for p in self.people if p.id == person_id), None)

    def system(self, system_id: str) -> Optional[System]:
        return next((s for s in self.systems if s.id == system_id), None)

    def group(self, group_id: str) -> Optional[Group]:
        return next((g for g in self.groups if g.id == group_id), None)

    def bound_people(self, system: System) -> dict[str, list[list[str]]]:
        """Who may sign in: person -> ways to them, each a list of the group ids it leads through."""
        found: dict[str, list[list[str]]] = {one: [[]] for one in system.direct}
        for group in self.groups:
            for target in group.targets:
                if system.id in self.group(target).members:
                    for one in group.members:
                        found.setdefault(one, []).append([target, group.id])
        return {one: ways for one, ways in found.items() if self.person(one)}

    def linked_systems(self, app: SoftwareApp) -> dict[str, list[list[str]]]:
        found: dict[str, list[list[str]]] = {one: [[]] for one in app.systems}
        for group_id in app.groups:
            for one in self.group(group_id).members:
                found.setdefault(one, []).append([group_id])
        return {one: ways for one, ways in found.items() if self.system(one)}

    def assigned_people(self, app: SsoApp) -> dict[str, list[list[str]]]:
        found: dict[str, list[list[str]]] = {one: [[]] for one in app.people}
        for group_id in app.groups:
            for one in self.group(group_id).members:
                found.setdefault(one, []).append([group_id])
        return {one: ways for one, ways in found.items() if self.person(one)}
