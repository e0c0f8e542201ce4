"""D1: what lives at the vendor is never removed, whatever its answers look like; what is gone goes
exactly; an error names its cause.

Scripted behaviours first (behaviours.py), and controls with real removals; then the tables of faults
of the end-to-end tests, while a device is really gone, and on each page; then random schedules of
changes, faults, kills and cancellations (schedules.py). In full all of the tables; in tests/run a draw.
"""

import dataclasses
import random
from typing import Iterator, Optional

from e2e.fault_case import APPS, Case, DEGRADED, DEVICES, FAILED, HELD, OK, PARTIAL, TENANT
from e2e.fault_tables import BODIES, PAGING, PASSING, RECORDS, STAYING
from e2e.harness import DirectMuster
from promises.behaviours import BEHAVIOURS, CONTROLS, Scene
from promises.ground import ground
from promises.promise import Promise
from promises.schedules import Schedule
from promises.syncing import first_of

TENANTS = [TENANT, {"tenant": "beta", "region": "eu", "devices": 3}]
QUICK = BODIES + RECORDS + PAGING  # without waits for repetitions
ALL = QUICK + PASSING + STAYING
ANY = (OK, PARTIAL, FAILED, HELD, DEGRADED)
PAGES = {DEVICES: 2, APPS: 4}
# What may strike on any page.
ANYWHERE = (
    Case("server_error", says="500"), Case("too_many_requests", {"retry_after": None}, says="429"),
    Case("forbidden", says="403|permission"), Case("unauthorized", says="401|token"),
    Case("truncated_json", says="json|end|cut"), Case("html_page", says="html|json"),
    Case("empty_list"), Case("repeated_page"), Case("wrong_total"), Case("null_list", says="null|list"),
    Case("empty_object"), Case("missing_id", says="id"), Case("duplicate_id_in_page"),
)

# A cursor that leads to an empty last page looks like an end, and what it hides is too little for the guard;
# there is no page before the first one.
UNTOLD = (("empty_list", APPS, 4), ("repeated_page", DEVICES, 1), ("repeated_page", APPS, 1))


def on_each_page() -> Iterator[Case]:
    for case in ANYWHERE:
        for path, pages in PAGES.items():
            for page in range(1, pages + 1):
                if (case.fault, path, page) not in UNTOLD:
                    yield dataclasses.replace(case, path=path, page=page, outcomes=ANY)


class Removals(Promise):
    id = "D1"
    title = "delete detection"
    small, full = 6, 240  # of the tables, and steps of schedules; in full all of the tables
    faults = ("incomplete-is-complete", "swallow-page-error", "ignore-drift", "quarantined-is-unseen",
              "ignore-baseline")

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        is_full = volume >= self.full
        cases = [*ALL, *on_each_page()] if is_full else draw.sample(QUICK, volume)
        with ground(TENANTS, DirectMuster) as place:
            place.connect()
            scene = Scene(place, draw)
            scene.sync()
            for run in BEHAVIOURS:
                yield self.play(scene, run.__name__, run(scene))
            for run in CONTROLS:
                scene.set()
                yield first_of([*run(scene), *scene.unhealed()], run.__name__)
            for case in cases:
                yield self.play(scene, f"{case.title}, page {case.page}", scene.strike(case))
        yield from Schedule(draw).steps(volume)

    def play(self, scene: Scene, name: str, act: Iterator[str]) -> Optional[str]:
        """The act, with a device gone before it and a sync without a fault after it."""
        scene.set()
        change, before = scene.last_change(), scene.live()
        wrong = [*act, *scene.wronged(change, before), *scene.unhealed()]
        return first_of(wrong, name)
