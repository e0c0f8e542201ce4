"""The data that is served: listings of a made-up tenant, page by page, the same on every machine.

A set is a folder that a host name of its own serves (server.py):

    devices/OFFSET.json      a bare array of devices
    apps/OFFSET.json         {"offset", "limit", "total", "data"}: installed apps of all devices
    per_device/ID.json       {"device_id", "apps"}: the same, one device at a time
    ids.txt                  the devices of per_device, one a line

Field names, sizes and awkward characters are those of a real vendor's inventory: 800 bytes a row.
"""

import hashlib
import json
import pathlib
import random
import shutil
import uuid
from typing import Any, Iterable, Iterator, NamedTuple

PAGE = 300

PRODUCTS = (("MacBook Pro (14-inch, 2023)", "Mac"), ("MacBook Air (M2, 2022)", "Mac"),
            ("iMac (24-inch, 2021)", "Mac"), ("iPhone 15", "iPhone"), ("iPad Air (5th gen)", "iPad"))
PEOPLE = ("Ada Lovelace", "Grace Hopper", "Zoë O'Brien", "José Núñez", "Søren Ødegård",
          "Wei Zhang", "Mikołaj Kowalski", "Anne-Marie van der Berg")
GROUPS = ("Engineering", "Ventes – EMEA", 'Contractors "limited"', "Kiosk iPads")
MAKERS = ("com.apple", "com.microsoft", "com.google", "com.adobe", "com.jetbrains", "org.mozilla",
          "io.example")
NOUNS = ("Photo", "Code", "Note", "Mail", "Sync", "Cloud", "Studio", "Meet", "Draw", "Term")


class Size(NamedTuple):
    """How much is in a set: apps are rows of the whole tenant, each_apps those of one device."""
    devices: int
    apps: int = 0
    per_device: int = 0
    each_apps: int = 60


def identifier(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def moment(rng: random.Random, form: str = "{}T{}Z") -> str:
    date = f"20{rng.randint(22, 25)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    clock = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
    return form.format(date, f"{clock}.{rng.randint(0, 999999):06}")


def person(number: int) -> dict[str, Any]:
    rng = random.Random(f"person {number}")
    return {"email": f"user{number}@example.com", "name": rng.choice(PEOPLE), "id": identifier(rng),
            "is_archived": rng.random() < 0.02}


def device(number: int) -> dict[str, Any]:
    rng = random.Random(f"device {number}")
    model, family = rng.choice(PRODUCTS)
    group = rng.randrange(len(GROUPS))
    owner: Any = person(number * 7 // 8) if rng.random() < 0.9 else ""
    return {
        "device_id": identifier(rng), "device_name": f"{rng.choice(PEOPLE)}'s {model[:7]} {number}",
        "model": model, "serial_number": f"C{rng.getrandbits(52):011X}"[:12], "platform": family,
        "os_version": f"{rng.randint(13, 18)}.{rng.randint(0, 6)}",
        "supplemental_build_version": f"2{rng.randint(1, 4)}A{rng.randint(100, 999)}",
        "supplemental_os_version_extra": "", "last_check_in": moment(rng), "user": owner,
        "asset_tag": f"AT-{number:06}" if number % 3 else "",
        "blueprint_id": identifier(random.Random(f"group {group}")),
        "blueprint_name": GROUPS[group], "mdm_enabled": rng.random() < 0.98,
        "agent_installed": family == "Mac", "agent_version": "4.5.9 (5160)",
        "is_missing": rng.random() < 0.01, "is_removed": rng.random() < 0.01,
        "first_enrollment": moment(rng, "{} {}+00:00"),
        "last_enrollment": moment(rng, "{} {}+00:00"), "lost_mode_status": "",
        "tags": [f"site_{rng.randint(0, 20)}"] if rng.random() < 0.5 else [],
    }


def catalogue() -> list[dict[str, str]]:
    """800 products; what one installation adds is in installed()."""
    rng, found = random.Random("catalogue"), []
    for number in range(800):
        maker, name = rng.choice(MAKERS), f"{rng.choice(NOUNS)} {rng.choice(NOUNS)} {number}"
        found.append({
            "name": name, "bundle_id": f"{maker}.{name.replace(' ', '')}",
            "path": f"/Applications/{maker.partition('.')[2].title()}/{name}.app",
            "process": name.partition(" ")[0],
            "signature": f"Developer ID Application: {maker} Inc. (T{number:09})",
            "source": "Apple" if maker == "com.apple" else "Identified Developer"})
    return found


CATALOGUE = catalogue()


def installed(rng: random.Random, product: dict[str, str], of: dict[str, Any]) -> dict[str, Any]:
    owner = of["user"] or {"name": "", "email": ""}
    return {
        "app_id": identifier(rng), "device_id": of["device_id"], "device__name": of["device_name"],
        "device__user_name": owner["name"], "device__user_email": owner["email"],
        "device__family": of["platform"], "serial_number": of["serial_number"],
        "blueprint_id": of["blueprint_id"], "blueprint_name": of["blueprint_name"],
        "updated_at": moment(rng), **product, "bundle_size": rng.randint(10**5, 10**9),
        "version": f"{rng.randint(1, 30)}.{rng.randint(0, 9)}.{rng.randint(0, 99)}",
        "app_store_vendable": False, "device_based_vpp": False, "creation_date": moment(rng),
        "modification_date": moment(rng)}


def installations(of: dict[str, Any], count: int) -> list[dict[str, Any]]:
    rng = random.Random("apps of " + of["device_id"])
    return [installed(rng, product, of) for product in rng.sample(CATALOGUE, count)]


def all_apps(devices: list[dict[str, Any]], rows: int) -> Iterator[dict[str, Any]]:
    each = -(-rows // len(devices))
    for of in devices:
        yield from installations(of, min(each, rows))
        rows -= min(each, rows)


def dump(path: pathlib.Path, value: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")


def pages(rows: Iterable[Any]) -> Iterator[tuple[int, list[Any]]]:
    """(offset, rows), and a last, empty page behind a full one: a short page ends a listing."""
    offset, page = 0, []
    for row in rows:
        page.append(row)
        if len(page) == PAGE:
            yield offset, page
            offset, page = offset + PAGE, []
    yield offset, page


def write(folder: pathlib.Path, size: Size) -> None:
    devices = [device(number) for number in range(size.devices)]
    for offset, rows in pages(devices):
        dump(folder / "devices" / f"{offset}.json", rows)
    for offset, rows in pages(all_apps(devices, size.apps) if size.apps else ()):
        dump(folder / "apps" / f"{offset}.json",
             {"offset": offset, "limit": PAGE, "total": size.apps, "data": rows})
    for of in devices[:size.per_device]:
        dump(folder / "per_device" / f"{of['device_id']}.json",
             {"device_id": of["device_id"], "apps": installations(of, size.each_apps)})
    ids = "".join(of["device_id"] + "\n" for of in devices[:size.per_device])
    (folder / "ids.txt").write_text(ids, encoding="utf-8")


def make(folder: pathlib.Path, size: Size) -> None:
    """Writes the set unless it is there, whole and of this generator."""
    made_by = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()
    mark = folder / "made.json"
    wanted = json.dumps([made_by, *size])
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write(folder, size)
    mark.write_text(wanted, encoding="utf-8")
