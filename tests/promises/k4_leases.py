"""K4: a host is stopped for longer than its lease lives, another takes over, the first wakes up.

The lease lives 30 s. To wait that long each time, the test would have to be patient; to shorten the
lease, the product would have to be weakened. So the test puts back the lease's end in the database
file, which is all that the passing of time changes. The last case of the full size waits it out.
"""

import os
import random
import signal
import subprocess
import time
from typing import Iterator, Optional

from promises.promise import Promise
from promises.syncing import END_S, Syncing, first_of, syncing

BUSY_CODE = 8
LEASE_S = 30
ACCOUNTS = 2
DELAYS = (0.0, 0.02, 0.05)
SHARED = ("limits",)  # rates and breakers are no session's: who asked a vendor has to say so


class Leases(Promise):
    id = "K4"
    title = "a host stopped beyond its lease writes nothing"
    small, full = 12, 200
    faults = ("ignore-fence",)
    struck_is = "were stopped within a session"

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        self.struck = 0
        with syncing(draw) as place:
            place.sync()
            for number in range(1, volume + 1):
                is_patient = number == volume == self.full
                found = self.overtake(place, draw, number, is_patient)
                self.struck += found is not None
                yield first_of(found or [], f"take-over {number}")
            place.slow_down(0)
            place.sync()
            yield first_of(place.untrue(), "the last sync")

    def overtake(self, place: Syncing, draw: random.Random, number: int,
                 is_patient: bool) -> Optional[list[str]]:
        """What is wrong; None if the first host had no session any more when it was stopped."""
        place.happen(number)
        place.slow_down(draw.choice(DELAYS))
        with place.started("sync", "--all") as first:
            if not self.stop_in_session(place, draw, first):
                return None
            self.expire(place, first, is_patient)
            lost = len(self.leases(place))
            if not lost:
                return None
            run = place.muster.run("sync", "--all")
            if run.code:
                return [f"the second host ends with {run.code}: {run.err.strip()[-200:]}"]
            before = place.database.contents(but=SHARED)
            os.killpg(first.pid, signal.SIGCONT)
            return self.awake(place, first, lost, before)

    @staticmethod
    def leases(place: Syncing) -> list[tuple]:
        return place.database.ask("SELECT account_id, fence FROM leases WHERE owner IS NOT NULL")

    @staticmethod
    def sessions(place: Syncing) -> int:
        return place.database.value("SELECT count(*) FROM sessions")

    def stop_in_session(self, place: Syncing, draw: random.Random,
                        process: subprocess.Popen) -> bool:
        """Stopped at some write of the session, or a little later; false: it was over by then."""
        begun = self.sessions(place) + ACCOUNTS
        while self.sessions(place) < begun:  # what has not begun yet may begin when it wakes up
            if process.poll() is not None:
                return False
            time.sleep(0.001)
        place.database.wait_for_write(process, draw.randint(0, 12))
        time.sleep(draw.uniform(0, 0.05))
        if process.poll() is not None:
            return False
        os.killpg(process.pid, signal.SIGSTOP)
        return bool(self.leases(place))

    @staticmethod
    def expire(place: Syncing, stopped: subprocess.Popen, is_patient: bool) -> None:
        """Stopped in the middle of a write it holds the database's lock, which nobody can take from
        it: then it may end the write."""
        while not place.database.is_writable(wait_s=0.1):
            os.killpg(stopped.pid, signal.SIGCONT)
            time.sleep(0.002)
            os.killpg(stopped.pid, signal.SIGSTOP)
        if is_patient:
            time.sleep(LEASE_S + 1)
        else:
            place.database.expire_leases()

    @staticmethod
    def awake(place: Syncing, first: subprocess.Popen, lost: int,
              before: dict[str, list[tuple]]) -> list[str]:
        _, said = first.communicate(timeout=END_S)
        text = said.decode(errors="replace")
        after = place.database.contents(but=SHARED)
        found = [f"the first host changed {table}" for table in before
                 if before[table] != after[table]]
        if first.returncode != BUSY_CODE:
            found.append(f"the first host ends with {first.returncode}: {text.strip()[-200:]}")
        if text.count("lease lost") != lost:
            found.append(f"{lost} leases were lost, and it says: {text.strip()[-300:]}")
        return found + place.database.damage() + place.not_as_the_cursor_says()
