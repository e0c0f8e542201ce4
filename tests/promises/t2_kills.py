"""T2: SIGKILL around a token refresh, and answers that are lost; no token is used that was not stored.

A strict authorization server ends the family when a refresh token is used twice; so what it answered and
nobody stored needs a person, and nothing else does. One with grace takes the old token again for a while:
there everything recovers.
"""

import collections
import os
import random
import signal
import time
from typing import Callable, Iterator, Optional

from promises.custody import (ACCOUNT, AUTH_CODE, Custody, EXPIRED, LOGIN, HOST, NET_CODE, OK_CODE, REFUSED,
                              TOKEN_PATH, custody, ended, wait_until)
from promises.promise import Promise
from promises.syncing import Syncing, first_of

GRACE_S = {"strict": 0, "grace": 600}
CALLS_MAX = 8  # in ten minutes
OTHERS, TOGETHER = 3, 10  # processes beside one that is killed, after so many other kills
STORM = 8  # processes that ask a server which fails
LINGER_S = 0.003
LOST = (("early_close", {}), ("reset", {"after": -1}), ("cut_body", {"after": 20}))
LATE_S = 20
LOCKED_S = 32  # a unit of the store gives up after 30

Window = Callable[[Custody, random.Random], None]


def linger(draw: random.Random) -> None:
    time.sleep(draw.uniform(0, LINGER_S))


def late(place: Custody, seconds: float = LATE_S) -> None:
    """The token server's next answer."""
    place.sim.fault("delay", host=LOGIN, path=TOKEN_PATH, seconds=seconds)


# Where the process is killed: started() does it at the end of its block.


def before_it_is_sent(place: Custody, draw: random.Random) -> None:
    """The call is begun, and the server does not get as far as to read it."""
    os.kill(place.sim.process.pid, signal.SIGSTOP)
    try:
        with place.started("check", ACCOUNT) as process:
            wait_until(lambda: place.is_begun, process)
            linger(draw)
    finally:
        os.kill(place.sim.process.pid, signal.SIGCONT)


def when_it_is_sent(place: Custody, draw: random.Random) -> None:
    """The server has read it, and does not act on it."""
    place.sim.fault("server_error", host=LOGIN, path=TOKEN_PATH)
    late(place)
    with place.started("check", ACCOUNT) as process:
        wait_until(place.token_calls, process)
        linger(draw)


def when_it_is_acted_on(place: Custody, draw: random.Random) -> None:
    """The server has given tokens, and its answer is on its way."""
    late(place)
    with place.started("check", ACCOUNT) as process:
        wait_until(place.token_calls, process)
        linger(draw)


def when_it_is_answered(place: Custody, draw: random.Random) -> None:
    """The answer is there, and cannot be stored, for another holds the database."""
    late(place, 0.5)
    with place.started("check", ACCOUNT) as process:
        wait_until(lambda: place.is_begun, process)
        with place.database.held():
            wait_until(lambda: [call for call in place.token_calls() if call["whole"]], process)
            linger(draw)
            Syncing.kill(process)
            process.wait()


def near_a_write(place: Custody, draw: random.Random) -> None:
    """At some write to the database: most are those of the refresh."""
    with place.started("check", ACCOUNT) as process:
        place.database.wait_for_write(process, draw.randint(2, 6))
        linger(draw)


def when_it_is_stored(place: Custody, draw: random.Random) -> None:
    known = place.generation
    with place.started("check", ACCOUNT) as process:
        wait_until(lambda: place.generation > known, process)
        linger(draw)


def never(place: Custody, draw: random.Random) -> None:
    """Nobody is killed, and the answer is lost on its way."""
    name, arguments = draw.choice(LOST)
    place.sim.fault(name, host=LOGIN, path=TOKEN_PATH, **arguments)
    place.muster.run("check", ACCOUNT)


WINDOWS: tuple[Window, ...] = (before_it_is_sent, when_it_is_sent, when_it_is_acted_on, when_it_is_answered,
                               near_a_write, when_it_is_stored, never)


class Kills(Promise):
    id = "T2"
    title = "SIGKILL around a refresh, lost answers"
    small, full = 14, 100
    faults = ("use-unstored", "uncounted-calls")
    struck_is = "met a refresh"

    def __init__(self) -> None:
        self.met: collections.Counter[str] = collections.Counter()

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        self.struck = 0
        with custody() as place:
            for number in range(volume):
                window, server = WINDOWS[number % len(WINDOWS)], draw.choice(list(GRACE_S))
                yield first_of(self.kill(place, window, server, draw),
                               f"kill {number + 1}, {window.__name__}, {server}")
                if number % TOGETHER == 0:
                    yield self.disturb(self.leave_to_others(place, server), f"one of many is killed, {server}")
            yield self.disturb(self.storm(place), "a server that fails")
            if volume == self.full:
                yield self.disturb(self.outwait(place), "a database that is locked")

    def disturb(self, found: list[str], about: str) -> Optional[str]:
        """A case that always meets a refresh."""
        self.struck += 1
        return first_of(found, about)

    def note_stage(self, stage: str) -> None:
        self.met[stage] += 1
        self.struck += stage != "nothing"
        self.note = ", ".join(f"{stage} {count}" for stage, count in sorted(self.met.items()))

    def kill(self, place: Custody, window: Window, server: str, draw: random.Random) -> list[str]:
        """What is wrong, however far the refresh had come."""
        if found := begin(place, server):
            return found
        generation = place.generation
        place.end(EXPIRED if window is before_it_is_sent else draw.choice((EXPIRED, REFUSED)))
        window(place, draw)
        place.sim.clear_faults()
        stage = stage_of(place, generation)
        self.note_stage(stage)
        found = unstored(place, generation)
        place.pass_pause()
        found += recover(place, is_lost=server == "strict" and stage == "answered")
        found += unstored(place, generation)
        calls = len(place.token_calls())
        return found + ([f"{calls} token calls"] if calls > CALLS_MAX else [])

    @staticmethod
    def leave_to_others(place: Custody, server: str) -> list[str]:
        """Of several that need a token the one that asks is killed: one of the others asks once more."""
        if found := begin(place, server):
            return found
        place.end(EXPIRED)
        late(place)
        running = [place.muster.start("check", ACCOUNT) for _ in range(OTHERS + 1)]
        if not wait_until(place.token_calls, running[0]):
            return ["nobody waits"]
        asking = place.asking_process
        os.kill(asking, signal.SIGKILL)
        runs = [ended(["check"], process) for process in running]
        wanted = OK_CODE if GRACE_S[server] else AUTH_CODE
        found = [f"another check ends with {run.code}: {run.err.strip()[-200:]}"
                 for run, process in zip(runs, running) if run.code != wanted and process.pid != asking]
        calls = len(place.token_calls())
        return found + ([f"{calls} token calls"] if calls != 2 else [])

    @staticmethod
    def storm(place: Custody) -> list[str]:
        """Everybody asks, twice, as after an outcome that nobody knows; and then nobody may."""
        if found := begin(place, "strict"):
            return found
        place.pass_window()
        place.end(EXPIRED)
        place.sim.fault("server_error", host=LOGIN, path=TOKEN_PATH, times=0, shape="message")
        runs = place.run_all([["check", ACCOUNT]] * STORM)
        place.sim.clear_faults()
        runs.append(place.muster.run("check", ACCOUNT))
        found = [f"a check ends with {run.code}: {run.err.strip()[-200:]}" for run in runs
                 if run.code != NET_CODE]
        calls = len(place.token_calls())
        if calls != CALLS_MAX:
            found.append(f"{calls} token calls within ten minutes")
        place.pass_window()
        place.pass_pause()
        return found + recover(place, is_lost=False)

    @staticmethod
    def outwait(place: Custody) -> list[str]:
        """The answer has come, and the database is locked for longer than one unit waits for it."""
        if found := begin(place, "strict"):
            return found
        place.end(EXPIRED)
        late(place, 0.5)
        with place.started("check", ACCOUNT) as process:
            wait_until(lambda: place.is_begun, process)
            with place.database.held():
                wait_until(lambda: [call for call in place.token_calls() if call["whole"]], process)
                time.sleep(LOCKED_S)
            run = ended(["check", ACCOUNT], process)
        return ([repr(run)] if run.code else []) + recover(place, is_lost=False)


def begin(place: Custody, server: str) -> list[str]:
    """A token that works, and was used; a consent that was lost before is given anew. What is wrong."""
    place.pass_window()
    place.sim.clear_faults()
    place.sim.change(HOST, "set", grace_s=GRACE_S[server])
    if place.needs_person:
        place.consent("reconnect")
    place.sim.clear_ledger()
    run = place.muster.run("check", ACCOUNT)
    place.known = place.worn()
    place.sim.clear_ledger()
    return [f"a check ends with {run.code}: {run.err.strip()[-200:]}"] if run.code else []


def stage_of(place: Custody, generation: int) -> str:
    calls = place.token_calls()
    if place.generation > generation:
        return "stored"
    if any(call["status"] == 200 for call in calls):
        return "answered"
    if calls:
        return "sent"
    return "begun" if place.is_begun else "nothing"


def unstored(place: Custody, generation: int) -> list[str]:
    """Of the tokens that requests came with since then, as many can be new as were stored."""
    new, stored = len(place.worn() - place.known), place.generation - generation
    return [f"{new} new tokens are used, {stored} stored"] if new > stored else []


def recover(place: Custody, is_lost: bool) -> list[str]:
    """The next attempt gets a token, or says at once that a person is needed; then nobody asks again."""
    run = place.muster.run("check", ACCOUNT)
    wanted = AUTH_CODE if is_lost else OK_CODE
    found = [f"the next check ends with {run.code}: {run.err.strip()[-200:]}"] if run.code != wanted else []
    if place.needs_person != is_lost:
        found.append(f"needs a person: {place.needs_person}")
    if is_lost:
        calls = len(place.token_calls())
        place.muster.run("check", ACCOUNT)
        found += ["it is asked again in vain"] if len(place.token_calls()) > calls else []
    return found
