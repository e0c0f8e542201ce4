"""Assets: computers and phones of the one truth, and things that are no devices."""

from typing import Any, Optional

from ..estate import NOW, Estate, Machine

FIRST_ASSET = 100000000000123456
FIRST_OTHER = 100000000000990000
# How a portal's people have written their product types.
TYPES = {"laptop": ("Workstation", "Laptop", "workstation "), "desktop": ("Workstation", "Desktop"),
         "phone": ("Smart Phone", "smart phone"), "tablet": ("Tablet",)}
OTHERS = ("Office Chair", "Software License", "Printer")
STATES = ("In Use", "In Store", "In Repair")


def asset_id(machine: Machine) -> str:
    return str(FIRST_ASSET + machine.number)


def in_desk(machine: Machine) -> bool:
    """Every computer, every other phone and tablet."""
    return machine.is_computer or machine.number % 2 == 0


def lookup(number: int, name: Optional[str]) -> Optional[dict[str, Any]]:
    return {"id": str(number), "name": name} if name else None


def moment(when: Any) -> dict[str, str]:
    """`display_value` is in the portal's own time zone and words."""
    return {"value": str(int(when.timestamp() * 1000)), "display_value": when.strftime("%b %-d, %Y")}


def serial_of(estate: Estate, machine: Machine) -> Optional[str]:
    """In lower case now and then: people typed them."""
    if estate.plain or machine.number % 6:
        return machine.serial
    return machine.serial.lower() if machine.number % 12 else None


def asset_row(estate: Estate, machine: Machine) -> dict[str, Any]:
    model, person, number = machine.model, machine.person, machine.number
    names = TYPES[model.kind]
    user = None
    if person:
        user = {"id": str(4000 + person.number), "name": person.name, "email_id": person.email,
                "phone": None, "is_technician": number % 5 == 0, "is_vip_user": False}
    return {
        "id": asset_id(machine), "name": f"{machine.name}.{estate.name}.example",
        "asset_tag": machine.asset_tag, "barcode": None, "serial_number": serial_of(estate, machine),
        "ip_address": machine.ip, "mac_address": machine.mac, "location": None,
        "product": {"id": "1", "name": model.name, "manufacturer": model.maker, "part_no": "X1"},
        "product_type": lookup(2, names[0] if estate.plain else names[number % len(names)]),
        "state": {"id": "3", "name": STATES[number % 3], "description": "",
                  "internal_name": STATES[number % 3]},
        "user": user, "department": lookup(5, person.department if person else None),
        "site": lookup(6, machine.office), "vendor": lookup(7, "Reseller"), "purchase_cost": 1200.5,
        "acquisition_date": moment(machine.enrolled), "expiry_date": None,
        "last_updated_time": moment(NOW), "is_loaned": False,
        "created_by": {"email_id": f"it@{estate.name}.example"}, "udf_fields": {"udf_char1": "x"},
    }


def other_rows(estate: Estate) -> list[dict[str, Any]]:
    return [{"id": str(FIRST_OTHER + at), "name": name, "asset_tag": None, "serial_number": None,
             "product": None, "product_type": lookup(9, name), "state": None, "user": None,
             "department": None, "site": None, "mac_address": None}
            for at, name in enumerate(OTHERS)]
