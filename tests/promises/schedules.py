"""Random schedules: changes at the vendor, faults, kills, cancellations, limits and changed mappings in
any order. After each step nothing that lives was removed; after each sync without a fault the store
has the truth."""

import contextlib
import random
import signal
from typing import Iterator, Optional

from e2e.fault_case import APPS, DEVICES, HELD
from e2e.fault_tables import BODIES, PAGING, RECORDS
from e2e.harness import ACCOUNT, DirectMuster, HOST
from promises.behaviours import Scene
from promises.ground import ground
from promises.syncing import first_of
from simulator.client import SimulatorError

STEPS = 12  # of one schedule, each with a project and a tenant of its own
# Kept small: page 2 of the devices is below the guard.
SIZES = {"devices": 306, "apps_per_device": 3}
GOES = ("remove_devices", "remove_app", "remove_user", "orphan_device", "unassign")
COMES = ("add_devices", "add_app", "rename_device", "reassign", "update_app", "check_in",
         "insert_first")
ANYWHERE = ("remove_devices", "remove_user", "add_devices", "insert_first")  # of no one device
FAULTS = [case for case in BODIES + RECORDS + PAGING
          if case.fault not in ("many_elements", "many_keys", "long_string", "endless_repeats")]
FAULTS_MORE = ("html_page", "forbidden", "not_found", "drift_insert", "drift_delete", "empty_list",
               "wrong_total", "reset", "cut_body", "corrupt_gzip")
OVERLAYS = ('return { map = { device = { hostname = "device_name" } } }',
            'return { map = { user = { username = "user.email" } } }')


class Schedule:
    def __init__(self, draw: random.Random):
        self.draw = draw

    def steps(self, count: int) -> Iterator[Optional[str]]:
        while count > 0:
            seed = self.draw.randrange(1 << 32)
            tenant = {"tenant": "acme", "seed": seed, "prism_total": bool(seed % 2), **SIZES}
            with ground([tenant], DirectMuster) as place:
                place.connect()
                scene = Scene(place, self.draw)
                scene.sync()
                for number in range(min(count, STEPS)):
                    yield self.step(scene, number)
            count -= STEPS

    def step(self, scene: Scene, number: int) -> Optional[str]:
        told = [*self.change(scene), *self.order(scene)]
        change, before = scene.last_change(), scene.live()
        told.append(self.sync(scene))
        wrong = list(scene.wronged(change, before))
        if self.draw.random() < 0.4:
            told.append("heal")
            wrong += self.heal(scene)
        return first_of(wrong, f"step {number} ({', '.join(told)})")

    def change(self, scene: Scene) -> list[str]:
        told = [self.draw.choice(COMES) for _ in range(self.draw.randrange(3))]
        told += [self.draw.choice(GOES) for _ in range(self.draw.randrange(2))]
        for op in told:
            with contextlib.suppress(SimulatorError):  # e.g. no app to be removed is left there
                scene.sim.change(HOST, op, **self.place_of(scene, op))
        if self.draw.random() < 0.1:
            text = self.draw.choice((*OVERLAYS, "return {}"))
            (scene.muster.project / "mappings" / "kandji.lua").write_text(text + "\n")
            told.append("overlay")
        return told

    def place_of(self, scene: Scene, op: str) -> dict[str, str]:
        if op in ANYWHERE:
            return {}
        return {"device": self.draw.choice(scene.truth()["devices"])["source_id"]}

    def order(self, scene: Scene) -> list[str]:
        scene.sim.clear_faults()
        told = []
        for _ in range(self.draw.randrange(3)):
            case = self.draw.choice(FAULTS)
            name, params = (case.fault, case.params) if self.draw.random() < 0.6 \
                else (self.draw.choice(FAULTS_MORE), {})
            path = self.draw.choice((DEVICES, APPS))
            page, times = self.draw.randint(1, 4), self.draw.randrange(3)
            scene.fault(name, path=path, page=page, times=times, **params)
            told.append(f"{name} on {page} of {path}")
        return told

    def sync(self, scene: Scene) -> str:
        way = self.draw.choice(("whole", "whole", "whole", "limit", "devices", "apps", "dry-run",
                                "kill", "cancel"))
        if way in ("kill", "cancel"):
            scene.hit(signal.SIGKILL if way == "kill" else signal.SIGTERM, self.draw.uniform(0, 0.3))
        elif way == "limit":
            scene.sync("--limit", str(self.draw.randint(1, 310)))
        elif way == "dry-run":
            scene.sync("--dry-run")
        else:
            scene.sync(*(["--stream", way] if way != "whole" else []))
        return way

    def heal(self, scene: Scene) -> Iterator[str]:
        """A sync without a fault, and what piled up for the guard is released."""
        scene.sim.clear_faults()
        change, before = scene.last_change(), scene.live()
        for _ in range(3):  # a changed mapping takes one more, a held set another
            scene.sync()
            if scene.muster.account()["state"] == HELD:
                scene.muster.must("removals", "approve", ACCOUNT, "--yes")
        yield from scene.wronged(change, before)
        yield from scene.differences()
