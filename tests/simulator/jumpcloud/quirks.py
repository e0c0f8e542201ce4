"""The awkward rows and events of real organisations (fact sheet, sections 3, 4 and 9)."""

import datetime
from typing import Callable

from .organization import DAY, Organization, SoftwareApp, System, normalised

SECOND = datetime.timedelta(seconds=1)


def add_app(org: Organization, name: str, settings: object, systems: set[str]) -> SoftwareApp:
    app = SoftwareApp(org.new_id("65cc"), name, settings, org.now - 10 * DAY, systems)
    org.apps.append(app)
    return app


def people(org: Organization) -> None:
    """State absent, no display name, loud and shared addresses, staged, suspended, locked."""
    made = [org.add_person() for _ in range(7)]
    made[0].state, made[0].activated = None, False
    made[1].display, made[1].email = "", made[1].email.upper()
    made[2].email = made[3].email
    made[2].display = made[2].first = made[2].last = ""
    made[4].state, made[4].activated = "STAGED", False
    made[5].state, made[5].suspended = "SUSPENDED", True
    made[6].activated, made[6].locked = False, True
    org.people[0].admin_role = "Administrator"
    org.add_person().state = None
    org.people[-1].suspended = True


def systems(org: Organization) -> None:
    """No serial, no owner in every shape (one with a single person bound), never in contact, an owner
    who is gone, old agents."""
    made = [org.add_system(2) for _ in range(8)]
    made[0].serial, made[1].serial = "", ...
    made[0].owner, made[1].owner, made[2].owner = None, {}, ...
    for one in made[:2]:
        one.direct = set()
    made[2].direct = {org.people[1].id}
    made[3].last_contact, made[3].encrypted = None, None
    made[4].owner = "65aa00000000000000000bad"
    made[5].family, made[5].mdm_vendor = ..., "none"
    made[6].direct = {person.id for person in org.people[:4]}
    made[7].insights = "disabled"


def apple(org: Organization) -> None:
    phone, pad = (org.new_id("65dd") for _ in range(2))
    kind = type(org.apple[0])
    org.apple += [kind(phone, "PHONE1", "Rosa’s iPhone", "ios", "iPhone 15", "17.5.1"),
                  kind(pad, "PAD1", "Lobby iPad", "ios", "iPad Air", "17.4", supervised=False)]


def managed(org: Organization) -> None:
    """No settings, none at all, no system, many systems twice linked, a name twice."""
    ids = {system.id for system in org.systems}
    add_app(org, "Legacy Tool", [], set())
    add_app(org, "Handbook", None, {org.systems[0].id})
    add_app(org, "Everywhere", [{"packageManager": "GOOGLE_ANDROID", "packageId": "com.every",
                                 "desiredState": "Uninstall", "googleAndroid":
                                 {"author": "Every GmbH"}}], ids).groups.add(org.groups[2].id)
    add_app(org, "Slack", [{"packageManager": "CHOCOLATEY", "packageId": "slack",
                            "desiredState": "install"}], {org.systems[1].id})
    # The link outlives the system.
    org.apps[-1].systems.add("65bb0000000000000000dead")


def add_and_remove(org: Organization, system: System) -> None:
    at = org.now - 20 * DAY
    org.install(system, "Twice Told", "1.0", at)
    org.uninstall(system, "Twice Told", at + DAY)
    org.install(system, "Twice Told", "2.0", at + 2 * DAY)
    org.install(system, "Brief", "1.0", at)
    org.uninstall(system, "Brief", at + 3 * SECOND)


def change_without_add(org: Organization, system: System) -> None:
    """Installed before the log begins; the change is the first that is told. Its name has .app,
    then has not, then comes in another case."""
    at = org.now - 30 * DAY
    system.installs[normalised("Old Friend")] = system.installs[next(iter(system.installs))]
    org.install(system, "Old Friend.app", "3.0", at)
    org.install(system, "OLD FRIEND", "3.1", at + DAY, publisher="Friends Ltd")
    org.install(system, " Old Friend ", "3.2", at + 2 * DAY, publisher="Friends Ltd")


def remove_without_add(org: Organization, system: System) -> None:
    org.log.software("remove", system.id, {"name": "Never Told", "version": "1", "path": None,
                                           "publisher": None}, org.now - 15 * DAY)


def upgrade_at_one_instant(org: Organization, system: System) -> None:
    """As Windows tells it: the new one comes, the old one goes, in any order, at one instant."""
    at = org.now - 12 * DAY
    for name, is_late in (("Upgraded A", False), ("Upgraded B", True)):
        org.install(system, name, "1.0", at - DAY)
        old = {"name": name, "version": "1.0", "path": None, "publisher": None}
        if not is_late:
            org.log.software("remove", system.id, old, at)
        new = org.install
        system.installs.pop(normalised(name))
        new(system, name, "2.0", at, publisher="Upgrade Inc", path=None)
        if is_late:
            org.log.software("remove", system.id, old, at)


def within_a_millisecond(org: Organization, system: System) -> None:
    at = org.now - 11 * DAY + datetime.timedelta(microseconds=123100)
    org.install(system, "Quick", "1.0", at)
    org.uninstall(system, "Quick", at + datetime.timedelta(microseconds=100))
    org.install(system, "Quick", "1.1", at + datetime.timedelta(microseconds=200))
    org.install(system, "Gone Quickly", "1.0", at)
    org.uninstall(system, "Gone Quickly", at + datetime.timedelta(microseconds=700))


def noise(org: Organization, system: System) -> None:
    """Requests, unknown kinds, unknown systems, events without what is optional, doublets."""
    at = org.now - 9 * DAY
    ghost = {"name": "Ghost", "version": "1", "path": None, "publisher": None}
    for kind in ("add_request", "change_request", "remove_request", "reticulate"):
        org.log.software(kind, system.id, ghost, at)
    org.log.software("add", "65bb00000000000000000bad", ghost, at)
    org.install(system, "Bare", None, at, path=None, event={"system": ..., "changes": ...})
    org.install(system, "Bare", "2", at + DAY, path=None, event={"changes": None})
    doublet = org.log.entries[-1]
    again = org.log.add("software", "software_change", doublet.when, {})
    again.row = dict(doublet.row)


def failed_login(org: Organization, system: System) -> None:
    person = org.people[2]
    org.log.login("directory", person.id, person.username, org.now - DAY, is_success=False)
    org.log.login("sso", "65aa00000000000000000bad", "nobody", org.now - DAY, is_success=True)
    org.log_in(org.people[0], org.now - 2 * DAY, "sso")
    org.log_in(org.people[0], org.now - 3 * DAY)


EVENTS: tuple[Callable[[Organization, System], None], ...] = (
    add_and_remove, change_without_add, remove_without_add, upgrade_at_one_instant,
    within_a_millisecond, noise, failed_login)


def make_awkward(org: Organization) -> None:
    if not org.systems:
        return
    for quirk in (people, systems, apple, managed):
        quirk(org)
    for index, quirk in enumerate(EVENTS):
        quirk(org, org.systems[index % len(org.systems)])
    # Older than the log: there, and told by nobody.
    first = org.systems[0]
    known = next(iter(first.installs.values()))
    first.installs["silent"] = known._replace(name="Silent", is_told=False)
