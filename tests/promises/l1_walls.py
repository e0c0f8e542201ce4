"""L1: whatever runs in a sandbox, Lua or machine code, gets nowhere, ends, and disturbs nobody."""

import errno
import json
import os
import pathlib
import platform
import random
import re
import subprocess
from typing import Iterator, Optional

from e2e.harness import ACCOUNT, HOST, REPOSITORY, Muster, all_differences
from promises.ground import Ground, ground
from promises.native_attacks import CALLS, FRAMES, STUBBORN
from promises.promise import Promise, Skip

SCRIPTS = sorted((REPOSITORY / "tests" / "lua" / "hostile").glob("*.lua"))
TOLD = ("pcall_once", "many_tasks")  # they return at once when a limit is no limit
BUILD = pathlib.Path(os.environ.get("MUSTER_BUILD", "."))
NEIGHBOUR, NEIGHBOUR_HOST = "kandji/beta", "beta.api.kandji.io"
TENANTS = [{"tenant": "acme", "devices": 1, "apps_per_device": 1, "plain": True},
           {"tenant": "beta", "devices": 30, "apps_per_device": 5}]
KNOWN_CODES = range(9)  # host/README.md, "Exit codes"
SCRIPT_S = 300
FRAMES_DRAWN = 4  # of ten cases, so many are frames
ALWAYS = 6  # system calls that are tried in every run


class NativeMuster(Muster):
    """The program whose sandbox has the table `native` (native.c)."""

    attacks = 0

    @property
    def refused(self) -> str:
        """What an attack returns that got nowhere: another text each time."""
        return f"refused {self.attacks}"

    def command(self, *arguments: str) -> list[str]:
        return [str(BUILD / "tests" / "promise_native"), "-C", str(self.project), *arguments]

    def attack(self, text: str) -> None:
        """Makes acme's mapping run `text`; what it returns becomes a column of the one device."""
        self.attacks += 1
        overlay = f"""local EPERM <const>, REFUSED <const> = {errno.EPERM}, "{self.refused}"
return {{ map = {{ device = {{ ["custom.attack"] = function(row)
{text}
end }} }} }}
"""
        (self.project / "mappings" / "kandji@acme.lua").write_text(overlay)


def wrong_with_script(path: pathlib.Path) -> Optional[str]:
    """None if the script is stopped by the limit that it names."""
    try:
        done = subprocess.run(
            [BUILD / "tests" / "sandbox_hostile"], capture_output=True, text=True, check=False,
            timeout=SCRIPT_S, env={**os.environ, "MUSTER_HOSTILE_SCRIPT": str(path)})
    except subprocess.TimeoutExpired:
        return f"{path.name}: not stopped within {SCRIPT_S} s"
    if done.returncode == 0:
        return None
    ended = re.search(r"ended with: .*", done.stdout + done.stderr)
    return f"{path.name}: {ended[0] if ended else done.stdout[-300:]}"


class Walls(Promise):
    """Beside each attack another account is synced, and that has to succeed."""

    id = "L1"
    title = "hostile scripts and native code in a sandbox"
    small = 40
    full = 180
    faults = ("hook-not-sticky", "no-seccomp", "budget-per-coroutine")

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        if platform.machine() != "x86_64":
            raise Skip("the numbers of system calls are those of x86-64")
        is_full = volume >= self.full
        yield from self.scripts(draw, is_full)
        with ground(TENANTS, NativeMuster) as place:
            self.settle(place)
            for attack in self.attacks(place, volume, draw, is_full):
                yield self.wrong_with_attack(place, *attack)
            yield self.wrong_afterwards(place)
        self.note = f"{len(SCRIPTS)} scripts, {len(CALLS)} system calls, {len(FRAMES)} kinds of frames"

    def scripts(self, draw: random.Random, is_full: bool) -> Iterator[Optional[str]]:
        """All of them; in the small size, where the suite `sandbox` has them all, a few."""
        chosen = SCRIPTS if is_full else [path for path in SCRIPTS if path.stem in TOLD]
        yield from map(wrong_with_script, draw.sample(chosen, len(chosen)))

    def settle(self, place: Ground) -> None:
        place.connect()
        place.muster.connect_kandji(place.sim, NEIGHBOUR_HOST, "beta")
        place.muster.must("sync", "--all")

    def attacks(self, place: Ground, volume: int, draw: random.Random,
                is_full: bool) -> Iterator[tuple[str, str, bool]]:
        """What is tried, the Lua text that tries it, and whether the sandbox may live on."""
        muster = place.muster
        paths = {"DATABASE": muster.project / ".muster" / "muster.db",
                 "KEY": next((muster.folder / "state").rglob("*.key")),
                 "TOKEN": muster.secrets / "acme"}
        calls = list(CALLS.items())
        frames = volume * FRAMES_DRAWN // 10
        if not is_full:
            calls = calls[:ALWAYS] + draw.sample(calls[ALWAYS:], volume - frames - ALWAYS)
        for name, arguments in calls:
            for word, path in paths.items():
                arguments = arguments.replace(word, str(path))
            yield name, CALL_TEXT.format(arguments=arguments), True
        for turn in range(frames):
            name, text = list(FRAMES.items())[turn % len(FRAMES)]
            yield name, text.replace("SEED", str(draw.randrange(1 << 31))), True
        if is_full:
            yield from ((name, text, False) for name, text in STUBBORN.items())

    def wrong_with_attack(self, place: Ground, name: str, text: str, may_live: bool) -> Optional[str]:
        place.sim.change(NEIGHBOUR_HOST, "rename_device")
        place.muster.attack(text)
        try:
            run = place.muster.run("sync", ACCOUNT, NEIGHBOUR, "--json")
        except subprocess.TimeoutExpired:
            return f"{name}: muster did not end"
        if run.code not in KNOWN_CODES:
            return f"{name}: the host ended with {run.code}: {run.err[-300:]}"
        sessions = {one["account"]: one for one in run.objects()}
        if sessions.get(NEIGHBOUR, {}).get("outcome") != "ok":
            return f"{name}: the account beside it: {json.dumps(sessions.get(NEIGHBOUR))[:300]}"
        attacked = sessions.get(ACCOUNT, {})
        error = (attacked.get("error") or {}).get("message", "")
        if attacked.get("outcome") == "failed" and "mappings/" not in error:
            return None  # the sandbox was ended
        said = self.said_inside(place.muster)
        if may_live and said == place.muster.refused:
            return None
        return f"{name}: {attacked.get('outcome')}, {said}, {error}"

    def said_inside(self, muster: Muster) -> Optional[str]:
        customs = [json.loads(row["custom"]) for row in muster.rows("devices")]
        return next((custom.get("attack") for custom in customs if "attack" in custom), None)

    def wrong_afterwards(self, place: Ground) -> Optional[str]:
        (place.muster.project / "mappings" / "kandji@acme.lua").unlink()
        run = place.muster.run("sync", "--all")
        found = place.differences() + all_differences(
            place.muster, place.sim.truth(NEIGHBOUR_HOST), NEIGHBOUR)
        return f"afterwards: exit code {run.code}, {found[:3]}" if run.code or found else None


# The kernel must not even look at the arguments: any other errno would say that it did.
CALL_TEXT = """  local parent, buffer = native.host, ("\\0"):rep(4096)
  local result, errno = native.call({arguments})
  if result == -1 and errno == EPERM then return REFUSED end
  return ("got through: %d, errno %d"):format(result, errno)"""
