"""B3: answers that are meant to eat memory or time are ended by a limit that has a name; neither the host
nor a sandbox grows by more than 64 MiB over a usual sync, nothing is lost, and the next sync is fine.

In full also what takes its time: one byte a second, of the body and of the headers, no byte at all, each
given up within 40 s; and pages without end, at 10,000 of them.
"""

import concurrent.futures
import random
import resource
import shutil
import time
from typing import Iterator, Optional

from e2e.fault_case import APPS, Case, DEVICES, TENANT, Trial
from e2e.harness import DirectMuster, HOST
from promises.ground import Ground, ground
from promises.promise import FOLDER, Promise
from promises.syncing import first_of

GROWTH_KIB = 64 << 10
SIZE = r"large|size|limit|mib|bytes|more than"
BOMBS = (
    Case("gzip_bomb", {"decoded_mib": 24}, path=APPS, says="unpacks to more than"),
    Case("endless_chunked", {"cap_mib": 256}, says=SIZE),
    Case("gzip_bomb", {"decoded_mib": 256}, says=SIZE),
    Case("huge_header", {"mib": 100}, says="header"),
    Case("many_headers", {"count": 10_000}, says="header"),
    Case("endless_repeats", path=APPS, says="again|repeat|loop"),
    Case("depth_bomb", {"depth": 1_000_000}, path=APPS, says="deep|depth|nest"),
    Case("many_keys", {"count": 500_000, "is_equal": True}, path=APPS, says="keys"),
    Case("many_elements", {}, path=APPS, says="element|rows|more than"),
    Case("long_string", {"size": 20 << 20}, path=APPS, says="string|long|size"),
    Case("announced", {"gib": 10}, says="bytes|large|size"),
)
SLOW = (("slow_bytes", {"per_second": 1}), ("slow_headers", {"per_second": 1}), ("stall", {"seconds": 600}))
GIVEN_UP_S = 40 + 5  # until the next attempt, whose first pause is a second at most


def peak_kib() -> int:
    """The most that a process held of all that have ended: hosts and, through them, sandboxes."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


class Bombs(Promise):
    id = "B3"
    title = "bombs, within memory and time"
    small, full = len(BOMBS), len(BOMBS) + len(SLOW) + 1
    faults = ("no-body-cap", "no-ratio")

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        tenants = [{**TENANT, "tenant": f"slow{number}"} for number in range(len(SLOW))]
        with ground([TENANT, *tenants], DirectMuster) as place:
            place.connect()
            place.muster.must("sync", "--all")
            yield from self.bombs(Trial(place.muster, place.sim))
            if volume >= self.full:
                yield from self.slow(place)
                yield self.endless(place)

    def bombs(self, trial: Trial) -> Iterator[Optional[str]]:
        usual = peak_kib()
        for case in BOMBS:
            before = peak_kib()
            wrong = list(trial.strike(case))
            if peak_kib() > max(before, usual + GROWTH_KIB):
                wrong.append(f"{(peak_kib() - usual) >> 10} MiB more than usual")
            self.note = f"{(peak_kib() - usual) >> 10} MiB over {usual >> 10} MiB"
            yield first_of(wrong, case.title)

    def slow(self, place: Ground) -> Iterator[Optional[str]]:
        """All at once, each at a tenant of its own."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            hosts = [f"slow{number}.api.kandji.io" for number in range(len(SLOW))]
            yield from pool.map(lambda one: self.crawl(place, *one), zip(hosts, SLOW))

    def crawl(self, place: Ground, host: str, slow: tuple[str, dict]) -> Optional[str]:
        """How long the first attempt lasts: until the second."""
        muster, (fault, params) = place.project(), slow
        place.connect(muster, host=host)
        since = len(place.sim.ledger())
        place.sim.fault(fault, host=host, path=DEVICES, page=1, times=0, **params)
        process = muster.start("sync", "--all", "--json")
        try:
            times = self.attempts(place, since, host)
        finally:
            process.kill()
            process.communicate()
        if len(times) < 2 or times[1] - times[0] > GIVEN_UP_S:
            return f"{fault}: attempts at {times}"
        return None

    @staticmethod
    def attempts(place: Ground, since: int, host: str) -> list[float]:
        end, times = time.monotonic() + 2 * GIVEN_UP_S, []
        while len(times) < 2 and time.monotonic() < end:
            time.sleep(0.5)
            times = [entry["time"] for entry in place.sim.ledger(since, host=host, path=DEVICES)]
        return times

    def endless(self, place: Ground) -> Optional[str]:
        """A connector without rates, whose pages are rows: always a new one."""
        muster = place.project()
        shutil.copy(FOLDER / "endless.lua", muster.project / "vendors")
        run = muster.connect_vendor(place.sim, "endless", HOST, ("address", HOST), ("token", None))
        place.sim.fault("endless_pages", host=HOST, path=APPS, times=0)
        run = run if run.code else muster.run("sync", "--all", "--json", timeout=600)
        pages = len(place.sim.ledger(host=HOST, path=APPS))
        place.sim.clear_faults()
        if "more than 10000 pages" not in run.said:
            return f"after {pages} pages: {run}"
        return None
