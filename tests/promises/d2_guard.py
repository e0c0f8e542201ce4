"""D2: rows that go in numbers that look like an accident wait; others go at once."""

import random
from typing import Iterator, Optional

from e2e.harness import ACCOUNT, HOST
from promises.ground import ground
from promises.promise import Promise

HELD_CODE = 3
# devices, of them gone, whether they are held: more than 10 and more than 10 %; or more than 200
LOSSES = ((100, 10, False), (100, 11, True))


class Guard(Promise):
    id = "D2"
    title = "the guard's thresholds, exactly"
    faults = ("skip-guard",)

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        for devices, gone, is_held in LOSSES:
            yield self.lose(devices, gone, is_held)

    def lose(self, devices: int, gone: int, is_held: bool) -> Optional[str]:
        tenant = {"tenant": "acme", "devices": devices, "apps_per_device": 1, "plain": True}
        with ground([tenant]) as place:
            place.connect()
            place.muster.must("sync", ACCOUNT)
            place.sim.change(HOST, "remove_devices", count=gone)
            code = place.muster.run("sync", ACCOUNT).code
            left = len(place.muster.rows("devices"))
        wanted = (HELD_CODE, devices) if is_held else (0, devices - gone)
        if (code, left) == wanted:
            return None
        return f"{gone} of {devices} gone: exit code {code} and {left} rows, not {wanted}"
