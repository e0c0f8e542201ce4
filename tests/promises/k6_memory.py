"""K6: memory runs out at any allocation and stays out, in the host or in its sandbox.

The program is `memory.c`: muster with an allocator that refuses everything from some allocation of
one role on (or that one alone), in our code and in the libraries. A run of it has ten thousands of
allocations, but they come from a few thousand call paths (the six innermost frames). In full each of
them is struck, in the quickest scenario that has it; besides every single allocation of `status`, and
in each scenario one in a thousand, whatever its path. The small size draws some of all these, and so
does the full one with the sanitizers (the preset dev), there in the host only.

Lua's allocator by itself, with the sanitizers, is unit/test_sandbox_memory.c; the store's is
unit/test_store_torture.c.
"""

import contextlib
import dataclasses
import functools
import itertools
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import tempfile
from typing import Callable, Iterable, Iterator, Optional

from e2e.harness import ACCOUNT, DirectMuster, HOST, REPOSITORY, Run
from promises.database import Database
from promises.injection import run_within
from promises.promise import Promise
from promises.syncing import Syncing, first_of, syncing

HOST_ROLE, SANDBOX_ROLE = 0, 1
ROLES = {HOST_ROLE: "host", SANDBOX_ROLE: "sandbox"}
# As in memory.c: role, from, path, is_lasting, counts of both roles, failed, asker; and a slot of a path.
PLAN, PATH, PATH_SLOTS = struct.Struct("=2qQ4q64s"), struct.Struct("=Qq"), 1 << 15
KNOWN_CODES = range(9)
DEVICES = 60
SAID = re.compile("memory", re.IGNORECASE)
SANITIZER = re.compile("[A-Za-z]+Sanitizer|runtime error:")
SANITIZERS_OWN = "^AddressSanitizer: CHECK failed"  # it takes memory for granted when a thread begins
CRASHED = "the sandbox crashed"
# What libraries do to the program when they get no memory, and nobody can keep them from it.
FATAL = {
    "libuv": "^SIGABRT",  # its table of descriptors cannot grow
    # Asked for the user's name, when an account is stored: it reads nsswitch.conf and does not look.
    "libc": "^SIGABRT|^SIGSEGV: Testing the connection(?s:.*) granted ",
    "ld-linux-x86-64": "^SIGABRT",  # libuv gets no thread
    "libseccomp": CRASHED,  # its compiler does not look; no script runs yet
}
# What a person does, the quickest first: paths are struck in the first scenario that has them.
WHOLE = "status"  # struck at every allocation
TIMED = (WHOLE, "sync")  # say how long something took, or how long ago it was
VERBS = {" ".join(words): words for words in (
    [WHOLE], ["users"], ["accounts", "show", ACCOUNT], ["credentials", "--json"],
    ["query", "SELECT * FROM inventory"], ["query", "SELECT * FROM inventory", "--json"],
    ["export", "installed_apps"], ["map", "show", ACCOUNT],
    ["vault", "rotate"], ["check", ACCOUNT, "--json"], ["sync", "--all", "--dry-run"])}
NUMBER = re.compile(r"[0-9]+")
ONCE_EVERY = 4  # one path in so many is also struck by a single failure
STEP = 1009  # the other scenarios are struck at one allocation in so many, whatever its path
EARLY = 300  # threads take turns as they like: a path's first allocation may come so much sooner
ALL = 1 << 30
SANITIZED = 300  # with the sanitizers all of them would take an hour; a sandbox cannot say what they find


@dataclasses.dataclass(frozen=True)
class Strike:
    """Memory runs out at the first allocation from `number` on that has this call path."""

    role: int
    number: int = 0  # 0: it never does; call paths are noted
    path: int = 0  # 0: whatever its path
    is_lasting: bool = True  # else that allocation alone fails

    @property
    def key(self) -> tuple[int, int, bool]:
        """The same in every run."""
        return self.role, self.path or self.number, self.is_lasting

    def __str__(self) -> str:
        which = f"path {self.path:016x} from {self.number} on" if self.path else f"{self.number}"
        return f"{ROLES[self.role]}'s allocation {which}" + " and all after it" * self.is_lasting


class Starved:
    """The program memory.c in a folder of its own, where it finds scripts and its plan."""

    def __init__(self, folder: pathlib.Path):
        built = pathlib.Path(os.environ["MUSTER_BUILD"]) / "tests" / "promise_memory"
        self.program = folder / "muster"
        shutil.copy(built, self.program)
        (folder / "scripts").symlink_to(REPOSITORY / "scripts")
        self.plan = folder / "muster.plan"
        # Of the last run: how many allocations each role made, and how many were refused.
        self.counts = (0, 0)
        self.failed = 0
        self.given_up = 0  # runs that a library ended

    def run(self, strike: Strike, muster: DirectMuster,
            arguments: list[str]) -> tuple[Optional[Run], list[str]]:
        """How it ended, None if it hung; and what is wrong with that."""
        plan = PLAN.pack(strike.role, strike.number, strike.path, strike.is_lasting, 0, 0, 0, b"")
        self.plan.write_bytes(plan + (b"" if strike.number else bytes(PATH.size * PATH_SLOTS)))
        run = run_within(muster, [], arguments, program=str(self.program))
        *_, host, sandbox, self.failed, asker = PLAN.unpack(self.plan.read_bytes()[:PLAN.size])
        self.counts = host, sandbox
        return run, self.judge(run, asker.rstrip(b"\0").decode().partition(".so")[0])

    def judge(self, run: Optional[Run], asker: str) -> list[str]:
        found = badly_ended(run, self.failed)
        if found and re.search(f"{SANITIZERS_OWN}|{FATAL.get(asker, '$^')}", found[0]):
            self.given_up += 1
            return []
        return [f"{line} (asked by {asker or 'muster'})" for line in found]

    def paths(self) -> dict[int, int]:
        """That a run without a failure noted; the number of each one's first allocation."""
        slots = PATH.iter_unpack(self.plan.read_bytes()[PLAN.size:])
        return {path: number for path, number in slots if path}


# A run that is struck: how it ended, and what is wrong with that. A scenario: what is wrong, a line each.
Starve = Callable[[DirectMuster, list[str]], tuple[Optional[Run], list[str]]]
Scenario = Callable[[Syncing, Starve], list[str]]


def badly_ended(run: Optional[Run], failed: int) -> list[str]:
    if run is None:
        return ["it hangs"]
    said = run.said.strip()[-300:]
    finding = SANITIZER.search(run.said)
    if finding:
        return [run.said[finding.start():][:1500]]
    if run.code < 0:
        return [f"{signal.Signals(-run.code).name}: {said}"]
    if run.code not in KNOWN_CODES:
        return [f"it ends with {run.code}: {said}"]
    if CRASHED in run.said or run.code and failed > 1 and not SAID.search(run.said):
        return [f"it ends with {run.code} and does not say why: {said}"]
    return []


def strikes_of(name: str, role: int, count: int, paths: dict[int, int]) -> list[Strike]:
    """One that lasts at each path, for some also a single failure; and others by their number alone."""
    step = 1 if name == WHOLE else STEP
    found = [Strike(role, number) for number in range(step, count + 1, step)]
    for path, first in sorted(paths.items()):
        found.append(Strike(role, max(1, first - EARLY), path))
        if path // 2 % ONCE_EVERY == 0:  # the last bit is always set
            found.append(dataclasses.replace(found[-1], is_lasting=False))
    return found


def drawn(strikes: dict[str, list[Strike]], volume: int,
          draw: random.Random) -> Iterator[tuple[str, Strike]]:
    """All of them; or so many, of each scenario in turn. Which ones does not depend on what else there is."""
    if volume >= sum(map(len, strikes.values())):
        yield from ((name, strike) for name, of_one in strikes.items() for strike in of_one)
        return
    salt = draw.random()
    for of_one in strikes.values():
        of_one.sort(key=lambda one: random.Random(f"{salt} {one.key}").random())
    turns = itertools.zip_longest(*([(name, strike) for strike in of_one]
                                    for name, of_one in strikes.items()))
    yield from itertools.islice(filter(None, itertools.chain.from_iterable(turns)), volume)


class Memory(Promise):
    id = "K6"
    title = "no memory from any allocation on"
    small, full = 48, ALL
    presets = ("release", "dev")
    faults = ("unchecked-memory",)
    patience = 300

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        self.struck = self.rounds = 0
        is_sanitized = pathlib.Path(os.environ["MUSTER_BUILD"]).name == "dev"
        if is_sanitized:
            volume = min(volume, SANITIZED)
        scenarios = {name: functools.partial(self.verb, words) for name, words in VERBS.items()}
        scenarios |= {"init": self.init, "connect": self.connect, "sync": self.sync}
        with contextlib.ExitStack() as stack:
            place = stack.enter_context(syncing(draw, DEVICES))
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="muster-promise-"))
            starved = Starved(pathlib.Path(folder))
            place.sync()
            self.rows = place.live()
            self.said: dict[tuple[str, ...], str] = {}  # by a verb that has all the memory
            strikes = self.strikes(scenarios, place, starved, [HOST_ROLE] if is_sanitized else ROLES)
            for name, strike in drawn(strikes, volume, draw):
                found = scenarios[name](place, functools.partial(starved.run, strike))
                self.struck += starved.failed > 0
                self.note = f"{starved.given_up} ended by a library"
                yield first_of(found, f"{name}, {strike}")

    @staticmethod
    def strikes(scenarios: dict[str, Scenario], place: Syncing, starved: Starved,
                roles: Iterable[int]) -> dict[str, list[Strike]]:
        """Of each scenario. A path is struck in the first one that has it."""
        known: set[int] = set()
        found: dict[str, list[Strike]] = {}
        for name, scenario in scenarios.items():
            found[name] = []
            for role in roles:
                wrong = scenario(place, functools.partial(starved.run, Strike(role)))
                if wrong:
                    raise AssertionError(f"{name}, with all the memory: {wrong}")
                paths = starved.paths()
                new = {path: first for path, first in paths.items() if path not in known}
                found[name] += strikes_of(name, role, starved.counts[role], new)
                known |= paths.keys()
        return found

    # Scenarios: what is wrong, a line each.

    def sync(self, place: Syncing, starve: Starve) -> list[str]:
        self.rounds += 1
        place.happen(self.rounds, new_devices=1)
        run, found = starve(place.muster, ["sync", "--all"])
        found += place.database.damage() + place.database.torn_sessions()
        if run and run.code == 0:
            found += [f"a success that is none: {line}" for line in place.untrue()]
        place.database.expire_leases()
        again = place.muster.run("sync", "--all")
        if again.code:
            found.append(f"the next sync ends with {again.code}: {again.err.strip()[-300:]}")
        found += place.untrue()
        self.rows = place.live()
        self.said = {}
        return found

    def verb(self, arguments: list[str], place: Syncing, starve: Starve) -> list[str]:
        stamp = place.database.stamp()
        run, found = starve(place.muster, arguments)
        if run and run.code == 0 and arguments[0] not in TIMED:
            found += self.told_wrong(place, run)
        if place.database.stamp() == stamp:
            return found
        found += place.database.damage()
        return found + ([] if place.live() == self.rows else ["rows have changed"])

    def told_wrong(self, place: Syncing, run: Run) -> list[str]:
        """A success says what it always says, but for numbers and times; or that there was no memory."""
        words = tuple(run.arguments)
        if words not in self.said:
            self.said[words] = place.muster.must(*words).out
        usual, told = (NUMBER.sub("#", text).splitlines() for text in (self.said[words], run.out))
        new = [line for line in told if line not in usual and not SAID.search(line)]
        lost = len(told) < len(usual)
        return [f"a success that says something else: {new[:2]}"] if new or lost else []

    @staticmethod
    def connect(place: Syncing, starve: Starve) -> list[str]:
        with tempfile.TemporaryDirectory(prefix="muster-promise-") as name:
            muster = DirectMuster(pathlib.Path(name)).init()
            words = muster.connect_words(place.place.sim, "kandji", HOST, ("api_url", HOST),
                                         ("api_token", None))
            _, found = starve(muster, words)
            found += Database(muster.project).damage()
            if not muster.query("SELECT 1 FROM accounts"):
                muster.must(*words)
            muster.must("check", ACCOUNT)
        return found

    @staticmethod
    def init(place: Syncing, starve: Starve) -> list[str]:
        with tempfile.TemporaryDirectory(prefix="muster-promise-") as name:
            muster = DirectMuster(pathlib.Path(name))
            _, found = starve(muster, ["init"])
            again = muster.run("init")
            if again.code and "is a project already" not in again.err:
                found.append(f"the next init ends with {again.code}: {again.err.strip()}")
            if muster.connect_kandji(place.place.sim).code:
                found.append("the project is not one")
        return found
