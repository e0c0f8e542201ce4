"""The awkward rows of real tenants (fact sheet, sections 3 to 6), put into a plain one.

A small tenant has them all: from its third device, and its third person, on.
"""

from typing import Callable

from . import catalogue
from .catalogue import app
from .tenant import (NEVER, PENDING_INSTALL, PENDING_REMOVAL, REMOVED, UNKNOWN, Device, Person,
                     Tenant)

FIRST = 2


# People.

def inactive(tenant: Tenant, person: Person) -> None:
    person.active = False


def inactive_as_text(tenant: Tenant, person: Person) -> None:
    """Older versions write the status as a text, and the kind of account, too."""
    person.active, person.status_as_text, person.security = False, True, "Directory"


def active_as_text(tenant: Tenant, person: Person) -> None:
    person.status_as_text = True


def local_user(tenant: Tenant, person: Person) -> None:
    person.email = ""


def local_user_with_mailbox(tenant: Tenant, person: Person) -> None:
    person.email, person.email_username = "", f"Mailbox.{person.username}@{tenant.name}.example"


def local_user_with_short_mailbox(tenant: Tenant, person: Person) -> None:
    person.email, person.email_username = "", person.username


def loud_email(tenant: Tenant, person: Person) -> None:
    person.email = person.email.upper()


def no_display_name(tenant: Tenant, person: Person) -> None:
    person.display = ""


def no_name_at_all(tenant: Tenant, person: Person) -> None:
    person.display = person.first = person.last = ""


def domain_user(tenant: Tenant, person: Person) -> None:
    person.username = f"CORP\\{person.username}"


PEOPLE: tuple[Callable[[Tenant, Person], None], ...] = (
    inactive, inactive_as_text, active_as_text, local_user, local_user_with_mailbox,
    local_user_with_short_mailbox, loud_email, no_display_name, no_name_at_all, domain_user)


# Devices.

def unassigned(tenant: Tenant, device: Device) -> None:
    device.person = None


def never_checked_in(tenant: Tenant, device: Device) -> None:
    device.last_seen = device.enrolled_at = NEVER


def no_serial(tenant: Tenant, device: Device) -> None:
    device.serial = "HUBNOSERIAL"


def empty_serial(tenant: Tenant, device: Device) -> None:
    device.serial = ""


def unenrolled(tenant: Tenant, device: Device) -> None:
    device.enrollment, device.compliance = "Unenrolled", "NotAvailable"


def not_compliant(tenant: Tenant, device: Device) -> None:
    device.compliance = "NonCompliant"


def compromised(tenant: Tenant, device: Device) -> None:
    """Compliant by its policies, and rooted."""
    device.compromised = True


def undefined_ownership(tenant: Tenant, device: Device) -> None:
    device.ownership = "Undefined"


def boxed_uuid(tenant: Tenant, device: Device) -> None:
    device.uuid_as_object = True


def odd_name(tenant: Tenant, device: Device) -> None:
    device.name = 'Zoë’s "Büro" — 東京 📱 مرحبا & <b>'


def become(platform: int) -> Callable[[Tenant, Device], None]:
    def run(tenant: Tenant, device: Device) -> None:
        device.platform = catalogue.PLATFORMS[platform]
        device.model = device.platform.models[0]
        device.system, device.build = device.platform.systems[0]
        device.installs.clear()
    return run


def tablet(tenant: Tenant, device: Device) -> None:
    become(catalogue.APPLE)(tenant, device)
    device.model = "iPad Pro (11-inch)"
    tenant.install_some(device, tenant.generator("tablet", device.id))


def odd_installs(tenant: Tenant, device: Device) -> None:
    """Every status, an app without an identifier, one twice in two versions."""
    for status, name in ((PENDING_INSTALL, "Coming"), (PENDING_REMOVAL, "Leaving"),
                         (REMOVED, "Gone"), (UNKNOWN, "Unclear")):
        tenant.install(device, app(name, f"com.example.{name.lower()}", 1), "1.0", status)
    tenant.install(device, app("In-house – Übersicht ", "", 1), "4.7", managed=False)
    twice = app("Twice Over", "com.example.twice", 1)
    tenant.install(device, twice, "1.0")
    tenant.install(device, twice, "1.5")


DEVICES: tuple[Callable[[Tenant, Device], None], ...] = (
    unassigned, never_checked_in, no_serial, empty_serial, unenrolled, not_compliant, compromised,
    undefined_ownership, boxed_uuid, odd_name, become(catalogue.APPLE_TV),
    become(catalogue.CHROME_OS), tablet, odd_installs)


# Groups.

def same_name_in_two_groups(tenant: Tenant) -> None:
    """One user name at two places that differ: members are told apart by the group's name. And
    one at two places of the same name, who cannot be told apart at all."""
    sales, engineering = tenant.org_groups[1], tenant.org_groups[3]
    again = tenant.add_org_group("Sales", "Container", engineering)
    pairs = (("shared", sales), ("shared", engineering), ("kiosk", sales), ("kiosk", again))
    made = []
    for username, group in pairs:
        person = tenant.add_person()
        person.username, person.group = username, group
        made.append(person)
    tenant.add_user_group("Counters", True, [made[1], made[2], tenant.people[0]])


def make_awkward(tenant: Tenant) -> None:
    for quirk, person in zip(PEOPLE, tenant.people[FIRST:]):
        quirk(tenant, person)
    for quirk, device in zip(DEVICES, tenant.devices[FIRST:]):
        quirk(tenant, device)
    same_name_in_two_groups(tenant)
