"""The awkward rows of real tenants (fact sheet, sections 2, 3 and 9), put into a plain one.

Each quirk takes one device. A small tenant has them all from its third device on; a large one
repeats them on every fiftieth.
"""

import datetime
from typing import Callable

from . import catalogue
from .catalogue import App, mac_app
from .tenant import NOW, Device, Install, Person, Tenant, iso_z

Quirk = Callable[[Tenant, Device], None]
FIRST, EVERY = 2, 50


def become(device: Device, family: str) -> None:
    device.family = family
    device.model, device.model_id = catalogue.MODELS[family][0]
    device.os_version, device.os_build = catalogue.SYSTEMS[family][0]


def extra_person(tenant: Tenant, **fields: object) -> Person:
    person = tenant.add_person()
    for name, value in fields.items():
        setattr(person, name, value)
    return person


def unassigned(tenant: Tenant, device: Device) -> None:
    device.person = None


def unassigned_null(tenant: Tenant, device: Device) -> None:
    device.person, device.no_user = None, None


def unassigned_missing(tenant: Tenant, device: Device) -> None:
    device.person, device.no_user = None, ...


def unassigned_braces(tenant: Tenant, device: Device) -> None:
    device.person, device.no_user = None, {}


def archived_owner(tenant: Tenant, device: Device) -> None:
    device.person = extra_person(tenant, archived=True)


def email_in_other_case(tenant: Tenant, device: Device) -> None:
    """The first person once more, seen last of all, with a louder address and a new name."""
    device.person = tenant.people[0]
    device.email_as = device.person.email.upper()
    device.name_as = f"{device.person.name} (married)"
    device.last_check_in = iso_z(NOW + datetime.timedelta(minutes=5, microseconds=device.seq))


def stale_name(tenant: Tenant, device: Device) -> None:
    """The second person once more under an old name, seen first of all."""
    device.person = tenant.people[1]
    device.name_as = "Old Name"
    device.last_check_in = iso_z(NOW - datetime.timedelta(days=700, microseconds=device.seq))


def empty_email(tenant: Tenant, device: Device) -> None:
    device.person = extra_person(tenant, email="", name=f"Kiosk {device.seq}")


def user_without_id(tenant: Tenant, device: Device) -> None:
    person = extra_person(tenant, id=None)
    person.email = f"No.Id{device.seq}@{tenant.name}.example"
    device.person = person


def apple_tv(tenant: Tenant, device: Device) -> None:
    become(device, "AppleTV")
    device.name = "Conference Room “Zürich”"


def windows(tenant: Tenant, device: Device) -> None:
    become(device, "Windows")


def home_pod(tenant: Tenant, device: Device) -> None:
    """A platform that nobody has told us of."""
    become(device, "HomePod")


def empty_texts(tenant: Tenant, device: Device) -> None:
    device.serial, device.model, device.asset_tag = "", "", None


def never_checked_in(tenant: Tenant, device: Device) -> None:
    become(device, "iPad")
    device.last_check_in = ""


def fell_out(tenant: Tenant, device: Device) -> None:
    device.mdm_enabled, device.is_missing = False, True


def old_row(tenant: Tenant, device: Device) -> None:
    device.without = ("supplemental_build_version", "supplemental_os_version_extra",
                      "lost_mode_status", "tags")


def odd_name(tenant: Tenant, device: Device) -> None:
    device.name = 'Zoë’s "Büro" — 東京 📱 مرحبا & <b>'


def no_fraction(tenant: Tenant, device: Device) -> None:
    device.enrolled_at = "2025-11-19 10:02:11+00:00"
    device.last_check_in = f"2026-02-28T23:{device.seq % 60:02}:00Z"


def rapid_response(tenant: Tenant, device: Device) -> None:
    device.os_version, device.os_extra = "13.4.1", "(a)"


def second_family(tenant: Tenant, device: Device) -> None:
    become(device, "iPad")
    device.person = tenant.people[0]


def asset_tag(tenant: Tenant, device: Device) -> None:
    device.asset_tag = f"00{device.seq:04}"


QUIRKS: tuple[Quirk, ...] = (
    unassigned, archived_owner, email_in_other_case, stale_name, empty_email, user_without_id,
    apple_tv, windows, never_checked_in, second_family, unassigned_null, unassigned_missing,
    unassigned_braces, empty_texts, fell_out, old_row, odd_name, no_fraction, rapid_response,
    asset_tag, home_pod,
)

HELPER = mac_app(
    9001, "1Password Extension Helper", "2BUA8C4S2C.com.agilebits.helper", "AgileBits Inc.",
    "/Applications/1Password.app/Contents/Library/LoginItems/1Password Extension Helper.app")
GLUED_HELPER = mac_app(9002, "FigmaHELPERTool", "com.figma.agent", "Figma, Inc.")
UPDATER = mac_app(9003, "Microsoft AutoUpdater", "com.microsoft.autoupdate2",
                  "Microsoft Corporation")
NESTED_UPDATER = mac_app(
    9004, "updater", "org.mozilla.updater", "Mozilla Corporation",
    "/Applications/Firefox.app/Contents/MacOS/updater.app")
TWICE = mac_app(9005, "Affinity Foto", "com.example.foto", "Example Software 01")
NO_BUNDLE = mac_app(9006, "In-house Tool", "", "Beispiel GmbH")
NULL_BUNDLE = mac_app(9007, "Vertrieb – Übersicht ", None, "Beispiel GmbH")
VALUELESS_BUNDLE = mac_app(9008, "Legacy Printer", "No value", "Beispiel GmbH")
ODD_VERSION = mac_app(9009, "O’Reilly Reader", "com.example.reader", "Example Software 02")


def with_version(seq: int, app: App, version: str | None, short: str | None) -> Install:
    return Install(seq, app, app.path, version, short)


def twice(seq: int) -> list[Install]:
    """One app at two places in two versions."""
    at_home = Install(seq + 1, TWICE, "/Users/rosa/Applications/Affinity Foto.app", "1.9.0", "190")
    return [Tenant.install(seq, TWICE), at_home]


def awkward_installs(turn: int) -> list[Install]:
    """What the Macs of an awkward tenant have beside their usual apps."""
    always = [Tenant.install(9001, HELPER), Tenant.install(9002, GLUED_HELPER),
              Tenant.install(9003, UPDATER), Tenant.install(9004, NESTED_UPDATER)]
    by_turn = (
        twice(9005),
        [Tenant.install(9007, NO_BUNDLE), with_version(9008, ODD_VERSION, "No value", "4711")],
        [Tenant.install(9007, NULL_BUNDLE), with_version(9008, ODD_VERSION, "", "4712")],
        [Tenant.install(9007, VALUELESS_BUNDLE), with_version(9008, ODD_VERSION, None, None)],
        [with_version(9008, ODD_VERSION, "No value", "No value")],
    )
    return always + by_turn[turn % len(by_turn)]


def add_ghost(tenant: Tenant) -> None:
    """A device that is gone from /devices while Prism still has its apps."""
    ghost = tenant.add_device()
    ghost.listed = False
    become(ghost, "Mac")


def quirk_of(position: int) -> Quirk | None:
    turn = position - FIRST
    if 0 <= turn < len(QUIRKS):
        return QUIRKS[turn]
    if turn > 0 and turn % EVERY == 0:
        return QUIRKS[turn // EVERY % len(QUIRKS)]
    return None


def make_awkward(tenant: Tenant) -> None:
    for position, device in enumerate(list(tenant.devices)):
        quirk = quirk_of(position)
        if quirk:
            quirk(tenant, device)
    for _ in range(1 + len(tenant.devices) // 200):
        add_ghost(tenant)
    macs = [device for device in tenant.devices if device.family == "Mac"]
    for turn, device in enumerate(macs):
        device.extra_apps = awkward_installs(turn)


