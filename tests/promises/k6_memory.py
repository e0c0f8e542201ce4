"""K6: memory runs out at any allocation and stays out, in the host or in its sandbox.

The program is `memory.c`: muster with an allocator that refuses everything from the nth allocation
of one role on (or that one alone), in our code and in the libraries. Lua's allocator by itself, with the sanitizers, is
unit/test_sandbox_memory.c; the store's is unit/test_store_torture.c.
"""

import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import tempfile
from typing import Iterator, Optional

from e2e.harness import ACCOUNT, DirectMuster, HOST, REPOSITORY, Run
from promises.database import Database
from promises.injection import run_within
from promises.promise import Promise
from promises.syncing import Syncing, first_of, syncing

HOST_ROLE, SANDBOX_ROLE = 0, 1
ROLES = {HOST_ROLE: "host", SANDBOX_ROLE: "sandbox"}
PLAN = struct.Struct("=6q")  # role, from, until, counts of both roles, failed: as in memory.c
KNOWN_CODES = range(9)
DEVICES = 60
FOREVER = 1 << 62
ONCE_EVERY = 3  # in one case of so many a single allocation fails
SAID = re.compile("memory", re.IGNORECASE)
# What a person does: arguments, and whether a project that was read is needed for it.
VERBS = (["status"], ["accounts", "show", ACCOUNT], ["query", "SELECT * FROM inventory"],
         ["export", "installed_apps", "--output", "/dev/null"], ["sync", "--all", "--dry-run"],
         ["check", ACCOUNT], ["map", "show", ACCOUNT], ["vault", "rotate"], ["users"])


class Starved:
    """The program memory.c in a folder of its own, where it finds scripts and its plan."""

    def __init__(self, folder: pathlib.Path):
        built = pathlib.Path(os.environ["MUSTER_BUILD"]) / "tests" / "promise_memory"
        self.program = folder / "muster"
        shutil.copy(built, self.program)
        (folder / "scripts").symlink_to(REPOSITORY / "scripts")
        self.plan = folder / "muster.plan"

    def run(self, muster: DirectMuster, role: int, since: int, until: int,
            arguments: list[str]) -> tuple[Optional[Run], int, tuple[int, int]]:
        """How it ended, None if it hung; how many allocations failed; how many there were."""
        self.plan.write_bytes(PLAN.pack(role, since, until, 0, 0, 0))
        run = run_within(muster, [], arguments, program=str(self.program))
        _, _, _, host, sandbox, failed = PLAN.unpack(self.plan.read_bytes())
        return run, failed, (host, sandbox)


class Memory(Promise):
    id = "K6"
    title = "no memory from the nth allocation on"
    small, full = 40, 600
    faults = ("unchecked-memory",)
    patience = 300

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        struck = 0
        with contextlib.ExitStack() as stack:
            place = stack.enter_context(syncing(draw, DEVICES))
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="muster-promise-"))
            starved = Starved(pathlib.Path(folder))
            place.sync()
            sizes: dict[str, tuple[int, int]] = {}
            for number in range(1, volume + 1):
                scenario = draw.choices((self.sync, self.verb, self.connect, self.init),
                                        (5, 5, 2, 2))[0]
                failed, found = scenario(place, starved, draw, sizes, number)
                struck += failed > 0
                self.note = f"{struck} of {number} were struck"
                yield found

    # Scenarios.

    def sync(self, place: Syncing, starved: Starved, draw: random.Random, sizes: dict,
             number: int) -> tuple[int, Optional[str]]:
        place.happen(number, new_devices=1)
        about, run, failed = self.starve(place.muster, starved, draw, sizes, ["sync", "--all"])
        found = self.badly_ended(run, failed)
        found += place.database.damage() + place.database.torn_sessions()
        if run and run.code == 0:
            found += [f"a success that is none: {line}" for line in place.untrue()]
        place.database.expire_leases()
        again = place.muster.run("sync", "--all")
        if again.code:
            found.append(f"the next sync ends with {again.code}: {again.err.strip()[-300:]}")
        return failed, first_of(found + place.untrue(), about)

    def verb(self, place: Syncing, starved: Starved, draw: random.Random, sizes: dict,
             _: int) -> tuple[int, Optional[str]]:
        arguments = draw.choice(VERBS)
        before = place.live()
        about, run, failed = self.starve(place.muster, starved, draw, sizes, arguments)
        found = self.badly_ended(run, failed) + place.database.damage()
        found += [] if place.live() == before else ["rows have changed"]
        return failed, first_of(found, about)

    def connect(self, place: Syncing, starved: Starved, draw: random.Random, sizes: dict,
                _: int) -> tuple[int, Optional[str]]:
        with tempfile.TemporaryDirectory(prefix="muster-promise-") as name:
            muster = DirectMuster(pathlib.Path(name)).init()
            words = muster.connect_words(place.place.sim, "kandji", HOST, ("api_url", HOST),
                                         ("api_token", None))
            about, run, failed = self.starve(muster, starved, draw, sizes, words)
            found = self.badly_ended(run, failed) + Database(muster.project).damage()
            if not muster.query("SELECT 1 FROM accounts"):
                muster.must(*words)
            muster.must("check", ACCOUNT)
        return failed, first_of(found, about)

    def init(self, place: Syncing, starved: Starved, draw: random.Random, sizes: dict,
             _: int) -> tuple[int, Optional[str]]:
        with tempfile.TemporaryDirectory(prefix="muster-promise-") as name:
            muster = DirectMuster(pathlib.Path(name))
            about, run, failed = self.starve(muster, starved, draw, sizes, ["init"])
            found = self.badly_ended(run, failed)
            again = muster.run("init")
            if again.code and "is a project already" not in again.err:
                found.append(f"the next init ends with {again.code}: {again.err.strip()}")
            if muster.connect_kandji(place.place.sim).code:
                found.append("the project is not one")
        return failed, first_of(found, about)

    # One run.

    @staticmethod
    def starve(muster: DirectMuster, starved: Starved, draw: random.Random, sizes: dict,
               arguments: list[str]) -> tuple[str, Optional[Run], int]:
        """The first run of a verb counts, the others fail somewhere within."""
        counts = sizes.get(arguments[0])
        role, since, until = HOST_ROLE, 0, 0
        if counts:
            role = SANDBOX_ROLE if counts[SANDBOX_ROLE] and draw.random() < 0.3 else HOST_ROLE
            since = draw.randint(1, counts[role])
            until = FOREVER if draw.randrange(ONCE_EVERY) else since + 1
        run, failed, counts = starved.run(muster, role, since, until, arguments)
        sizes.setdefault(arguments[0], counts)
        which = f"allocation {since}" + (" and all after it" if until == FOREVER else "")
        return f"{arguments[0]}, {ROLES[role]}'s {which}", run, failed

    @staticmethod
    def badly_ended(run: Optional[Run], failed: int) -> list[str]:
        if run is None:
            return ["it hangs"]
        if run.code < 0:
            return [f"{signal.Signals(-run.code).name}: {run.said.strip()[-300:]}"]
        if run.code not in KNOWN_CODES:
            return [f"it ends with {run.code}: {run.said.strip()[-300:]}"]
        if run.code and failed > 1 and not SAID.search(run.said):
            return [f"it ends with {run.code} and does not say why: {run.said.strip()[-300:]}"]
        return []
