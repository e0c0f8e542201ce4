"""K1: a sync is killed at any moment; nothing is lost, doubled or half committed, and the next ends it."""

import contextlib
import os
import random
import signal
import subprocess
import time
from typing import Iterator, Optional

from e2e.harness import sandboxes_of
from promises.promise import Promise
from promises.syncing import END_S, Syncing, first_of, syncing

DELAYS = (0.0, 0.02, 0.12)  # of each answer; with the last a sync has batches in its middle
CLOSE_S = 0.002  # so long after a write of the database half of the kills come
THOROUGH = 25  # each so many kills the whole file is read


class Kills(Promise):
    id = "K1"
    title = "SIGKILL of a sync's host or sandbox at random"
    small, full, patience = 50, 500, 400
    faults = ("cursor-first", "split-batch")
    struck_is = "were still running"

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        self.struck = 0
        with syncing(draw) as place:
            place.sync()
            usual = {delay: self.measure(place, delay) for delay in DELAYS}
            for number in range(1, volume + 1):
                place.happen(number)
                delay = draw.choice(DELAYS)
                place.slow_down(delay)
                before = place.live()
                about, was_running, found = self.kill_one(place, draw, *usual[delay])
                self.struck += was_running
                found += place.wrong(before, number % THOROUGH == 0)
                yield first_of(found, f"kill {number}, {about}")
            place.slow_down(0)
            place.sync()
            yield first_of(place.untrue(), "the last sync")

    @staticmethod
    def measure(place: Syncing, delay: float) -> tuple[float, int]:
        place.slow_down(delay)
        place.happen(0)
        return place.measure()

    def kill_one(self, place: Syncing, draw: random.Random, seconds: float,
                 writes: int) -> tuple[str, bool, list[str]]:
        """What was done, whether anything was still running, and what is wrong already."""
        victim = draw.choice(("host", "host", "host and sandboxes", "sandbox"))
        with place.started("sync", "--all") as process:
            when = self.wait(place, draw, process, seconds, writes)
            about = f"{victim}, {when}"
            if victim == "sandbox":
                return about, *self.kill_sandbox(place, draw, process)
            was_running = process.poll() is None
            if victim == "host":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
                process.wait(END_S)
            return about, was_running, []

    @staticmethod
    def wait(place: Syncing, draw: random.Random, process: subprocess.Popen,
             seconds: float, writes: int) -> str:
        """Until some moment of a sync that lasts so long; half of them are close to a commit."""
        if draw.random() < 0.5:
            moment = draw.uniform(0, seconds)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            return f"after {moment:.3f} s"
        write = draw.randint(1, writes)
        place.database.wait_for_write(process, write)
        time.sleep(draw.uniform(0, CLOSE_S))
        return f"at write {write}"

    @staticmethod
    def kill_sandbox(place: Syncing, draw: random.Random,
                     process: subprocess.Popen) -> tuple[bool, list[str]]:
        """The host ends by itself, in order; what it calls a success is one."""
        sandboxes = sandboxes_of(process)
        if sandboxes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(draw.choice(sandboxes), signal.SIGKILL)
        try:
            process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            return True, ["the host did not end"]
        if process.returncode < 0:
            return True, [f"the host ended with signal {-process.returncode}"]
        return bool(sandboxes), place.untrue() if process.returncode == 0 else []
