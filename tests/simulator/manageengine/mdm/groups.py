"""Groups of MDM: of devices, of users, by tag; static ones and dynamic ones."""

import dataclasses
from typing import Any

from ..estate import Estate
from .rows import device_id, in_mdm, user_id

FIRST_GROUP = 310000000000300001
STATIC, DYNAMIC = 1, 2
OF_DEVICES_ONCE, OF_DEVICES, OF_USERS, BY_TAG = 1, 6, 7, 11


@dataclasses.dataclass
class Group:
    id: str
    name: str
    type: int
    category: int
    members: list[str]  # ids of devices or users

    @property
    def is_of_users(self) -> bool:
        return self.type == OF_USERS


def make_groups(estate: Estate) -> list[Group]:
    """Every kind, and one that nobody is in."""
    devices = [device_id(one) for one in estate.machines if in_mdm(one)]
    users = [user_id(one) for one in estate.people]
    kinds = (("Sales phones", OF_DEVICES, STATIC, devices[::2]),
             ("Finance people", OF_USERS, STATIC, users[::3]),
             ("All Macs", OF_DEVICES, DYNAMIC, devices[1::3]),
             ("Tagged", BY_TAG, STATIC, devices[:5]),
             ("From the old days", OF_DEVICES_ONCE, STATIC, devices[2:4]),
             ("Nobody yet", OF_USERS, STATIC, []))
    return [Group(str(FIRST_GROUP + at), name, kind, category, list(members))
            for at, (name, kind, category, members) in enumerate(kinds)]


def present(estate: Estate, group: Group) -> list[str]:
    """The members that are still there; a device that leaves management leaves its groups."""
    if group.is_of_users:
        there = {user_id(one) for one in estate.people}
    else:
        there = {device_id(one) for one in estate.machines
                 if in_mdm(one) and not one.marks.get("retired")}
    return [one for one in group.members if one in there]


def group_row(estate: Estate, group: Group) -> dict[str, Any]:
    return {"group_id": group.id, "name": group.name, "group_type": group.type,
            "group_category": group.category, "domain": "MDM",
            "member_count": len(present(estate, group))}


def member_row(estate: Estate, group: Group, member: str) -> dict[str, Any]:
    if group.is_of_users:
        person = next(one for one in estate.people if user_id(one) == member)
        return {"user_id": member, "user_name": person.name, "email": person.email}
    machine = next(one for one in estate.machines if device_id(one) == member)
    row = {"device_id": member, "device_name": machine.name, "udid": f"udid-{machine.number}"}
    if machine.person is not None:
        row["user_id"] = user_id(machine.person)  # the device's owner, who is no member
    return row
