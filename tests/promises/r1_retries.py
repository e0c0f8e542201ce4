"""R1: repetitions keep to the rules, as the vendor sees it: never before a Retry-After, six attempts at
most, within the budget, spread at random, across restarts; after an outage nobody is run over; one bad
account delays no other.

The client is the real one, time is virtual: retry.c and crowd.c.
"""

import random
from typing import Iterator, Optional

from promises.programs import feed
from promises.promise import Promise


class Retries(Promise):
    id = "R1"
    title = "retry discipline in virtual time"
    small, full = 1000, 10000  # vendors
    faults = ("ignore-retry-after", "no-jitter", "uncounted-retries", "forget-limits",
              "shared-breaker")

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        lines = feed("retry", "", str(draw.randrange(1 << 32)), str(volume)).splitlines()
        lines += feed("crowd", "", str(draw.randrange(1 << 32))).splitlines()
        self.note = next((line for line in lines if "steady" in line), "").removeprefix("ok: ")
        for line in lines:
            yield None if line.startswith("ok") else line
