"""T1: many processes, in many coroutines each, find the token ended: one of them asks for the next.

The authorization server rotates refresh tokens, and ends all of a family when one is used twice. Nobody may
ask it more than 8 times in ten minutes; between two expiries the test lets these ten minutes pass, in the
database.
"""

import contextlib
import os
import random
import signal
import subprocess
import time
from typing import Iterator, Optional

from e2e.harness import Run
from promises.custody import (ACCOUNT, BUSY_CODE, Custody, DUE, EXPIRED, HOST, LOGIN, REFUSED,
                               TOKEN_PATH, custody, ended, wait_until)
from promises.promise import Promise
from promises.syncing import first_of

PROCESSES = 8  # of custody.COROUTINES each
DELAYS = (0, 0.2, 0.6)  # of the token server's answer
OVERTAKEN = 50  # one process in so many expiries loses its lease
GRACE_S = 600
ENDS = (REFUSED, EXPIRED, DUE)


class Races(Promise):
    id = "T1"
    title = "token expiries, 8 processes of 4 coroutines each"
    small, full, patience = 6, 200, 12
    faults = ("free-lease", "renew-regardless", "ignore-fence")

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        with custody() as place:
            for number in range(volume):
                how = ENDS[number % len(ENDS)]
                found = self.expire(place, how, draw)
                yield first_of(found, f"expiry {number + 1}, {how}")
                if number % OVERTAKEN == 0:
                    yield first_of(self.overtake(place), "a process that lost its lease")
            if volume == self.full:
                yield first_of(self.wait_in_vain(place), "a lease that does not end")

    def expire(self, place: Custody, how: str, draw: random.Random) -> list[str]:
        """What is wrong after an expiry that everybody meets at once."""
        place.pass_window()
        place.sim.clear_faults()
        place.sim.change(HOST, "set", grace_s=0)
        place.sim.clear_ledger()
        if delay := draw.choice(DELAYS):
            place.sim.fault("delay", host=LOGIN, path=TOKEN_PATH, seconds=delay)
        place.end(how)
        runs = place.run_all([["check", ACCOUNT]] * (PROCESSES - 1) + [["sync", ACCOUNT]])
        calls = [call["status"] for call in place.token_calls()]
        return failures(runs) + ([] if calls == [200] else [f"token calls: {calls}"])

    def overtake(self, place: Custody) -> list[str]:
        """Stopped for longer than its lease lives, while another gets a token: it takes that one, and its own
        is stored by nobody."""
        with self.stopped(place) as first:
            place.expire_lease()
            place.pass_pause()
            found = failures([place.muster.run("check", ACCOUNT)])
            before = place.row()
            os.killpg(first.pid, signal.SIGCONT)
            found += failures([ended(["check", ACCOUNT], first)])
        return found + ([] if place.row() == before else ["the overtaken one changed the row"])

    def wait_in_vain(self, place: Custody) -> list[str]:
        """Longer than anybody waits: that is told as what it is, and nothing is wrong with the credential."""
        with self.stopped(place):
            with place.started("check", ACCOUNT) as second:
                while second.poll() is None:
                    place.prolong_lease()
                    time.sleep(1)
                run = ended(["check", ACCOUNT], second)
        place.pass_pause()
        found = [] if run.code == BUSY_CODE and "another process asks" in run.err else [repr(run)]
        return found + failures([place.muster.run("check", ACCOUNT)])

    @contextlib.contextmanager
    def stopped(self, place: Custody) -> Iterator[subprocess.Popen]:
        """A process that was stopped while it asks for a token; its answer does no harm if it is lost."""
        place.pass_window()
        place.end(EXPIRED)
        place.sim.change(HOST, "set", grace_s=GRACE_S)
        place.sim.clear_ledger()
        place.sim.fault("delay", host=LOGIN, path=TOKEN_PATH, seconds=1)
        with place.started("check", ACCOUNT) as first:
            if not wait_until(place.token_calls, first):
                raise AssertionError("it asks for no token")
            os.killpg(first.pid, signal.SIGSTOP)
            yield first


def failures(runs: list[Run]) -> list[str]:
    return [f"{run.arguments[0]} ends with {run.code}: {run.err.strip()[-200:]}" for run in runs if run.code]
