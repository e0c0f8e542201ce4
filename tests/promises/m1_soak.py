"""M1: no race, no wrong memory access, no leak; and syncs for hours leave nothing behind but the data."""

import contextlib
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import time
from typing import Iterator, Optional

from e2e.harness import ACCOUNT, HOST, REPOSITORY, Muster
from promises.ground import Ground, ground
from promises.promise import Promise, Skip

TENANTS = [{"tenant": "acme", "devices": 60, "apps_per_device": 5},
           {"tenant": "beta", "devices": 60, "apps_per_device": 5}]
OTHER_HOST = "beta.api.kandji.io"
CHANGES = ("rename_device", "check_in", "rename_user")
WARM_UP = 5  # syncs, before anything is compared
DRIFT = 0.02
SPARE_PAGES = 8  # of the database
VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite", "--num-callers=20"]
SCENARIOS = (("sync", ACCOUNT), ("check", ACCOUNT), ("sync", ACCOUNT, "--dry-run"), ("status",),
             ("devices",), ("export", "devices"), ("query", "SELECT count(*) FROM devices"),
             ("accounts", "show", ACCOUNT), ("map", "show", ACCOUNT), ("vault", "rotate"), ("vendors",))
FEW = 1  # of them in the small size
RACING = 20  # rounds of syncs beside queries
MISSING_LOCK = "missing-lock"


class MeasuredMuster(Muster):
    """Tells what a run took at most."""

    def measure(self, *arguments: str) -> tuple[int, int]:
        """Exit code and peak memory in KiB."""
        process = subprocess.Popen(self.command(*arguments), stdin=subprocess.DEVNULL, cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, usage.ru_maxrss


class PrefixedMuster(Muster):
    """Runs under another program, or as another build."""

    prefix: list[str] = []
    binary = ""

    def command(self, *arguments: str) -> list[str]:
        program, *rest = super().command(*arguments)
        return [*self.prefix, self.binary or program, *rest]


def database_of(muster: Muster) -> pathlib.Path:
    return muster.project / ".muster" / "muster.db"


def pages_in_use(muster: Muster) -> int:
    with contextlib.closing(sqlite3.connect(database_of(muster))) as opened:
        return opened.execute("PRAGMA page_count").fetchone()[0] - opened.execute(
            "PRAGMA freelist_count").fetchone()[0]


def make_a_year_older(muster: Muster) -> None:
    """All of the history: as if nobody had synced since."""
    with contextlib.closing(sqlite3.connect(database_of(muster))) as opened:
        tables = [row[0] for row in opened.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%WITHOUT%'")]
        for table in tables:
            for _, name, *_ in opened.execute(f"PRAGMA table_info({table})").fetchall():
                if name == "at" or name in ("started_at", "ended_at", "removed_at", "completed_at"):
                    opened.execute(f"UPDATE {table} SET {name} = (substr({name}, 1, 4) - 1) || "
                                   f"substr({name}, 5) WHERE {name} IS NOT NULL")
        opened.execute("UPDATE settings SET value = '2000-01-01' WHERE key = 'expired_on'")
        opened.commit()


def lowest_third(values: list[int], last: bool) -> int:
    count = max(1, len(values) // 3)
    return min(values[-count:] if last else values[:count])


class Soak(Promise):
    """The small size leaves the thread sanitizer out, whose build the full one and the fault of a lock make.
    A process lives as long as a sync: memory is its peak, descriptors end with it."""

    id = "M1"
    title = "no race, no leak, no growth"
    small = 30
    full = 240  # an hour of four accounts, each minute
    faults = ("leak-requests",)
    full_faults = (MISSING_LOCK,)

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        is_full = volume >= self.full
        if os.environ.get("MUSTER_SABOTAGE") == MISSING_LOCK:
            yield from self.check_races(draw)
            return
        if not shutil.which(VALGRIND[0]):
            raise Skip("valgrind is not installed")
        yield from self.check_memory(draw, len(SCENARIOS) if is_full else FEW)
        yield from self.check_growth(volume, draw)
        if is_full:
            yield from self.check_races(draw)

    # --- valgrind ---

    def check_memory(self, draw: random.Random, count: int) -> Iterator[Optional[str]]:
        with ground(TENANTS[:1], PrefixedMuster) as place:
            place.connect()
            place.muster.prefix = VALGRIND
            for arguments in SCENARIOS[:count]:
                place.sim.change(HOST, draw.choice(CHANGES))
                run = place.muster.run(*arguments)
                yield None if run.code == 0 else f"valgrind: {run!r}"

    # --- growth ---

    def check_growth(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        with ground(TENANTS[:1], MeasuredMuster) as place:
            place.connect()
            peaks = []
            for turn in range(WARM_UP + volume):
                if turn == WARM_UP:
                    self.forget(place)
                    pages, files = pages_in_use(place.muster), self.files(place.muster)
                place.sim.change(HOST, draw.choice(CHANGES))
                code, peak = place.muster.measure("sync", ACCOUNT)
                peaks.append(peak)
                yield None if code == 0 else f"sync {turn} ended with {code}"
            first, last = (lowest_third(peaks[WARM_UP:], is_last) for is_last in (False, True))
            yield None if last <= first * (1 + DRIFT) else f"peak memory grew from {first} to {last} KiB"
            self.forget(place)
            grown = pages_in_use(place.muster) - pages
            fine = grown <= SPARE_PAGES
            yield None if fine else f"the database grew by {grown} pages of {pages}"
            new = self.files(place.muster) - files
            yield None if not new else f"files left: {sorted(new)[:5]}"
            self.note = f"peak {first} to {last} KiB, {pages} pages {grown:+d}"

    def forget(self, place: Ground) -> None:
        """What is kept for a time only goes."""
        make_a_year_older(place.muster)
        place.muster.must("sync", ACCOUNT)

    @staticmethod
    def files(muster: Muster) -> set[str]:
        return {str(path.relative_to(muster.folder)) for path in muster.folder.rglob("*")
                if path.is_file() and "recordings" not in path.parts}

    # --- races ---

    def check_races(self, draw: random.Random) -> Iterator[Optional[str]]:
        for command in (["cmake", "--preset", "tsan"],
                        ["cmake", "--build", "--preset", "tsan", "--target", "muster"]):
            done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
            if done.returncode:
                raise AssertionError(f"{' '.join(command)}: {(done.stdout + done.stderr)[-1000:]}")
        with ground(TENANTS, PrefixedMuster) as place:
            place.muster.prefix = ["setarch", "-R"]  # the sanitizer's own map has no room for all layouts
            place.muster.binary = str(REPOSITORY / "build" / "tsan" / "muster")
            for host, name in ((HOST, "acme"), (OTHER_HOST, "beta")):
                run = place.muster.connect_kandji(place.sim, host, name)
                yield None if run.code == 0 else f"thread sanitizer: {run!r}"
            for _ in range(RACING):
                place.sim.change(HOST, draw.choice(CHANGES))
                yield self.race(place)

    def race(self, place: Ground) -> Optional[str]:
        """A sync of both accounts, asked and looked at meanwhile."""
        process = place.muster.start("sync", "--all")
        others = [place.muster.run("query", "SELECT count(*) FROM devices"), place.muster.run("status")]
        while process.poll() is None:
            time.sleep(0.05)
        out, err = process.communicate()
        bad = [run for run in others if run.code]
        if process.returncode or bad or b"ThreadSanitizer" in err:
            return f"thread sanitizer: {process.returncode} {(out + err).decode()[-600:]} {bad}"
        return None
