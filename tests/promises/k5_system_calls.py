"""K5: system calls fail, one by one and at random; nothing crashes, hangs, is damaged or called a success.

strace lets the nth call of a thread fail, in the host and in its sandboxes; libfiu lets any call of
the host's C library fail with some probability (its draws are its own: the seed does not repeat
them); and some runs get too few descriptors. Every run is followed by one that nothing disturbs,
which has to end in the truth.
"""

import pathlib
import random
import re
import signal
import tempfile
from typing import Iterator, Optional

from e2e.harness import ACCOUNT, DirectMuster, HOST, Run
from promises.database import Database
from promises.injection import Injection, count_calls, run_random, run_within
from promises.promise import Promise
from promises.syncing import Syncing, first_of, syncing

DISK, NET = ("EIO", "ENOSPC", "EINTR"), ("ECONNRESET", "EINTR", "EIO")
FULL_TABLE = ("EMFILE", "ENOMEM", "EINTR")
CALLS = {
    "pwrite64": DISK, "fdatasync": DISK, "fsync": DISK, "ftruncate": DISK, "rename": DISK,
    "read": ("EIO", "EINTR"), "pread64": ("EIO", "EINTR"), "write": DISK,
    "openat": ("EMFILE", "EIO", "ENOSPC", "EINTR"), "mmap": ("ENOMEM",),
    "sendto": NET, "recvfrom": NET, "recvmsg": NET, "connect": NET, "socket": FULL_TABLE,
    "socketpair": FULL_TABLE, "pipe2": ("EMFILE",), "clone": ("EAGAIN", "ENOMEM"),
    "clone3": ("EAGAIN", "ENOMEM"), "execve": ("ENOMEM", "EIO"),
}
LASTING = {"pwrite64", "fdatasync", "fsync", "ftruncate", "rename", "openat", "mmap", "socketpair",
           "pipe2", "clone", "clone3", "execve"}  # what the program asks again for a while is not among them
FIRST = {"mmap": 20}  # before that the loader dies, not the program
FIU = ("posix/io/rw/pread", "posix/io/rw/pwrite", "posix/io/sync/*", "posix/io/oc/open",
       "posix/io/stat/*", "posix/mm/mmap", "posix/io/net/send", "posix/io/net/recv")
RANDOM_EVERY = 5  # one case in so many is of libfiu,
FEW_EVERY = 10  # one in so many has too few descriptors
# Exit codes of the program; 127: the loader could not start it.
KNOWN_CODES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 127}
SILENT_CODES = {0, 3, 127}  # an outcome is no error
BUSY_CODE = 8
# libuv ends the program when its own eventfd or pipe fails, which the kernel does not do, and when it
# gets no thread or no pipe for itself. The host looks first whether there is room (base/loop_room.c), so
# that a limit which is reached is an error like others; one call that fails by itself gets past that.
LIBUV = re.compile(r"<anon_inode:\[eventfd\]>|<pipe:|MAP_STACK| clone3\(| pipe2\(")
DEVICES = 60
DESCRIPTORS = range(3, 30)  # too few for a sync


class SystemCalls(Promise):
    id = "K5"
    title = "system calls that fail, one by one and at random"
    small, full = 40, 600
    faults = ("deaf-commit",)
    patience = 300

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        self.struck = 0
        self.is_libuv = False
        with syncing(draw, DEVICES) as place:
            place.sync()
            calls = count_calls(place.muster, CALLS, ["sync", "--all"])
            for number in range(1, volume + 1):
                verb = draw.choices((self.sync, self.connect, self.init), (6, 1, 1))[0]
                yield verb(place, draw, calls, number)

    # Verbs.

    def sync(self, place: Syncing, draw: random.Random, calls: dict[str, int],
             number: int) -> Optional[str]:
        place.happen(number, new_devices=1)
        about, run = self.disturb(place.muster, draw, calls, ["sync", "--all"])
        found = self.badly_ended(run)
        found += place.database.damage() + place.database.torn_sessions()
        if run and run.code == 0:
            found += [f"a success that is none: {line}" for line in place.untrue()]
        again = place.muster.run("sync", "--all")
        if again.code == BUSY_CODE:  # a process that could not tell its name cannot be told dead
            place.database.expire_leases()
            again = place.muster.run("sync", "--all")
        if again.code:
            found.append(f"the next sync ends with {again.code}: {again.err.strip()[-300:]}")
        return first_of(found + place.untrue(), about)

    def connect(self, place: Syncing, draw: random.Random, calls: dict[str, int],
                _: int) -> Optional[str]:
        with tempfile.TemporaryDirectory(prefix="muster-promise-") as name:
            muster = DirectMuster(pathlib.Path(name)).init()
            words = muster.connect_words(place.place.sim, "kandji", HOST, ("api_url", HOST),
                                         ("api_token", None))
            about, run = self.disturb(muster, draw, calls, words)
            found = self.badly_ended(run) + Database(muster.project).damage()
            accounts = muster.query("SELECT vendor FROM accounts")
            if run and (run.code == 0) != (len(accounts) == 1):
                found.append(f"it ends with {run.code} and leaves {len(accounts)} accounts")
            if not accounts:
                muster.must(*words)
            muster.must("sync", ACCOUNT)
        return first_of(found, about)

    def init(self, place: Syncing, draw: random.Random, calls: dict[str, int],
             _: int) -> Optional[str]:
        with tempfile.TemporaryDirectory(prefix="muster-promise-") as name:
            muster = DirectMuster(pathlib.Path(name))
            about, run = self.disturb(muster, draw, calls, ["init"])
            found = self.badly_ended(run)
            again = muster.run("init")
            if again.code and "is a project already" not in again.err:
                found.append(f"the next init ends with {again.code}: {again.err.strip()}")
            elif run and run.code == 0 and again.code == 0:
                found.append("a success that left something to do")
            found += Database(muster.project).damage()
            if muster.connect_kandji(place.place.sim).code:
                found.append("the project is not one")
        return first_of(found, about)

    # Disturbances.

    def disturb(self, muster: DirectMuster, draw: random.Random, calls: dict[str, int],
                arguments: list[str]) -> tuple[str, Optional[Run]]:
        verb = arguments[0]
        self.is_libuv = False
        if draw.randrange(FEW_EVERY) == 0:
            count = draw.choice(DESCRIPTORS)
            self.struck += 1
            return f"{verb}, {count} descriptors", run_within(
                muster, ["prlimit", f"--nofile={count}"], arguments)
        if draw.randrange(RANDOM_EVERY) == 0:
            names, share = draw.choice(FIU), draw.choice((0.002, 0.01, 0.02))
            self.struck += 1
            return f"{verb}, {share:.1%} of {names}", run_random(muster, names, share, arguments)
        call = draw.choice(sorted(set(CALLS) & set(calls)))
        first = FIRST.get(call, 1)
        nth = min(draw.randint(first, max(first, calls[call])) for _ in range(2))
        error = draw.choice(CALLS[call])
        is_lasting = call in LASTING and error != "EINTR" and draw.random() < 0.4
        injection = Injection(call, error, nth, is_lasting)
        run, struck = injection.run(muster, arguments)
        self.struck += bool(struck)
        self.is_libuv = bool(LIBUV.search(struck))
        return f"{verb}, {injection}", run

    def badly_ended(self, run: Optional[Run]) -> list[str]:
        if run is None:
            return ["it hangs"]
        if run.code == -signal.SIGABRT and self.is_libuv:
            return []
        if run.code not in KNOWN_CODES:
            return [f"it ends with {run.code}: {run.said.strip()[-300:]}"]
        if run.code not in SILENT_CODES and "muster: " not in run.err:
            return [f"it ends with {run.code} and does not say why: {run.said.strip()[-300:]}"]
        return []
