"""K7: the disk is full at any point; the error says so, nothing is damaged, and with room it goes on."""

import contextlib
import ctypes
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
from typing import Iterator, Optional

from e2e.harness import ACCOUNT, DirectMuster, HOST, Run, all_differences
from promises.custody import ACCOUNT as HARBOR, EXPIRED, custody
from promises.database import Database
from promises.promise import Promise, Skip
from promises.syncing import first_of
from simulator.client import Simulator

KIB = 1024
SIZES = tuple(range(256, 4096 + 1, 32))  # KiB
ROOM = 64 * 1024  # KiB, when space has come back
TENANT = {"tenant": "acme", "devices": 400, "apps_per_device": 6, "plain": True, "seed": 5}
TOKEN_RESERVE = 4096 * KIB  # that is to be free before a token is asked for
FAILED_CODE = 1
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000


def enter_own_mounts() -> None:
    """Mounts of this process and its children are nobody else's, and gone with them."""
    user, group = os.getuid(), os.getgid()
    flags = CLONE_NEWNS if user == 0 else CLONE_NEWNS | CLONE_NEWUSER
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise Skip(f"no mounts of its own: {os.strerror(ctypes.get_errno())}")
    if user != 0:
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    mount("--make-rprivate", "/")


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skip(f"mount {' '.join(arguments)}: {done.stderr.strip()}")


@contextlib.contextmanager
def disk(folder: pathlib.Path, kib: int) -> Iterator[None]:
    """A disk of so many KiB at `folder`, for the time being."""
    mount("-t", "tmpfs", "-o", f"size={kib}k,mode=700", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


@contextlib.contextmanager
def moved_to_disk(folder: pathlib.Path, kib: int) -> Iterator[pathlib.Path]:
    """What is in the folder, on a disk of so many KiB."""
    aside = folder.rename(folder.with_name("aside"))
    folder.mkdir(mode=0o700)
    with disk(folder, kib):
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        yield folder


def free_bytes(folder: pathlib.Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


@contextlib.contextmanager
def full_disk(folder: pathlib.Path) -> Iterator[None]:
    """Not one page is left of it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with disk(folder, 8):
        (folder / "ballast").write_bytes(bytes(8 * KIB))
        yield


@contextlib.contextmanager
def new_folder() -> Iterator[pathlib.Path]:
    with tempfile.TemporaryDirectory(prefix="muster-disk-") as name:
        yield pathlib.Path(name)


class FullDisk(Promise):
    id = "K7"
    title = "a full disk, at sizes from 256 KiB to 4 MiB"
    small, full = 12, len(SIZES)
    faults = ("deaf-commit", "no-reserve")

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        enter_own_mounts()
        yield first_of(self.no_room_for_a_token(), "no room for a token")
        stops: dict[str, int] = {}
        with Simulator([TENANT]) as sim:
            for kib in sorted(draw.sample(SIZES, min(volume, len(SIZES)))):
                with new_folder() as folder, disk(folder, kib):
                    stopped, found = self.live_on(folder, sim)
                stops[stopped] = stops.get(stopped, 0) + 1
                self.note = ", ".join(f"{verb} {count}" for verb, count in stops.items())
                yield first_of(found, f"{kib} KiB, {stopped}")
            for case in (self.no_room_for_the_key, self.no_room_for_the_recording,
                         self.no_room_for_an_export):
                with new_folder() as folder:
                    yield first_of(case(DirectMuster(folder), sim), case.__name__)

    def live_on(self, folder: pathlib.Path, sim: Simulator) -> tuple[str, list[str]]:
        """From init to a sync; where the room ended, and what is wrong."""
        muster = DirectMuster(folder)
        steps = {"init": lambda: muster.run("init"), "connect": lambda: muster.connect_kandji(sim),
                 "sync": lambda: muster.run("sync", ACCOUNT)}
        stopped, found = "enough", []
        for verb, step in steps.items():
            run = step()
            if run.code == 0:
                continue
            stopped = verb
            found += self.badly_said(folder, run)
            mount("-o", f"remount,size={ROOM}k", str(folder))
            found += self.damage(muster)
            run = step()
            if run.code:
                return verb, [*found, f"with room it ends with {run.code}: {run.err.strip()}"]
        return stopped, found + self.damage(muster) + all_differences(muster, sim.truth(HOST))

    def no_room_for_the_key(self, muster: DirectMuster, _: Simulator) -> list[str]:
        state = muster.folder / "state"
        with full_disk(state):
            found = self.badly_said(state, muster.run("init"))
        again = muster.run("init")
        return found + ([again.err] if again.code else [])

    def no_room_for_the_recording(self, muster: DirectMuster, sim: Simulator) -> list[str]:
        """It is a loss, and said; the rows are all there."""
        muster.init().connect_kandji(sim)
        recordings = muster.project / ".muster" / "recordings"
        with full_disk(recordings):
            run = muster.must("sync", ACCOUNT)
            found = self.unnamed(recordings, run)
        return found + all_differences(muster, sim.truth(HOST))

    @staticmethod
    def no_room_for_an_export(muster: DirectMuster, sim: Simulator) -> list[str]:
        muster.init().connect_kandji(sim)
        muster.must("sync", ACCOUNT)
        target = muster.folder / "full" / "devices.csv"
        with full_disk(target.parent):
            run = muster.run("export", "devices", "--output", str(target))
            left = sorted(path.name for path in target.parent.iterdir())
        found = [] if run.code == FAILED_CODE and str(target) in run.err else [repr(run)]
        return found + ([f"left behind: {left}"] if left != ["ballast"] else [])

    @staticmethod
    def no_room_for_a_token() -> list[str]:
        """It is not asked for: an answer that cannot be stored may hold the only one there is."""
        with custody() as place, moved_to_disk(place.muster.project / ".muster", ROOM) as folder:
            place.end(EXPIRED)
            place.sim.clear_ledger()
            ballast = folder / "ballast"
            with open(ballast, "wb") as file:
                os.posix_fallocate(file.fileno(), 0, free_bytes(folder) - TOKEN_RESERVE // 2)
            run = place.muster.run("check", HARBOR)
            found = [] if run.code == FAILED_CODE and "no room to store a new token" in run.err else [repr(run)]
            found += [f"asked {len(calls)} times" for calls in [place.token_calls()] if calls]
            ballast.unlink()
            again = place.muster.run("check", HARBOR)
            return found + ([again.err] if again.code else [])

    @staticmethod
    def damage(muster: DirectMuster) -> list[str]:
        database = Database(muster.project)
        return database.damage(is_thorough=True) if database.path.exists() else []

    @staticmethod
    def badly_said(folder: pathlib.Path, run: Run) -> list[str]:
        """An error names the file and how many bytes are free, and the way out."""
        found = [] if run.code == FAILED_CODE else [f"it ends with {run.code}"]
        if "hint: " not in run.err:
            found.append(f"no way out in: {run.err.strip()}")
        return found + FullDisk.unnamed(folder, run)

    @staticmethod
    def unnamed(folder: pathlib.Path, run: Run) -> list[str]:
        named = re.search(re.escape(str(folder)) + r"/\S+: .*\(\d+ bytes free\)", run.err)
        return [] if named else [f"no file and no free bytes in: {run.err.strip()}"]
