"""V2: what the vault holds opens in its place only, unchanged, and survives a kill at any moment."""

import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
from typing import Iterator, Optional

from e2e.harness import Muster
from promises import canary
from promises.promise import Promise

TESTS = pathlib.Path(os.environ.get("MUSTER_BUILD", ".")) / "tests"
UNITS = ("test_vault", "test_vault_key", "test_vault_rotate")
VERDICT = re.compile(r"^\[ +(OK|FAILED) +\] (\w+)$", re.MULTILINE)
CREDENTIALS = 6
KILL_MS = 90  # a rekey has ended by then
SEALS, RECORDS, FULL_SEALS, FULL_RECORDS = 20000, 50, 1000000, 200


class Vault(Promise):
    """The vault's own tests try every byte of fields, data keys and slots, replays and swaps in a store;
    seals.c tries records in numbers; the kills are of the whole program."""

    id = "V2"
    title = "the vault, altered, replayed and killed"
    small = 20
    full = 100
    faults = ("unbound-secrets", "any-generation")

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        is_full = volume >= self.full
        seals, records = (FULL_SEALS, FULL_RECORDS) if is_full else (SEALS, RECORDS)
        done = subprocess.run([TESTS / "promise_seals", str(seals), str(records)], capture_output=True,
                              text=True, check=False)
        yield f"records: {done.stdout}{done.stderr}" if done.returncode else None
        for unit in UNITS if is_full else UNITS[:1]:  # tests/run has them all
            yield from self.check_unit(unit)
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-promise-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            yield from self.check_kills(Muster(folder).init(), volume, draw)
        self.note = f"{seals} nonces, {volume} kills"

    def check_unit(self, unit: str) -> Iterator[Optional[str]]:
        done = subprocess.run([TESTS / unit], capture_output=True, text=True, check=False)
        verdicts = dict((name, verdict) for verdict, name in VERDICT.findall(done.stdout + done.stderr))
        if not verdicts or done.returncode and "FAILED" not in verdicts.values():
            yield f"{unit} ended with {done.returncode}"
        yield from (None if verdict == "OK" else f"{unit}: {name}" for name, verdict in verdicts.items())

    def check_kills(self, muster: Muster, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        for number in range(CREDENTIALS):
            secret = muster.secret_file(canary.new(draw, "token"), f"token-{number}")
            muster.must("credentials", "add", f"c{number}", "kandji", "--secret-file", f"api_token={secret}")
        for _ in range(volume):
            verb = draw.choice(("rotate", "rekey"))
            delay_ms = draw.uniform(0, KILL_MS)
            process = muster.start("vault", verb)
            time.sleep(delay_ms / 1000)
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            yield self.wrong_after(muster, f"{verb} killed after {delay_ms:.1f} ms")
        yield self.wrong_at_the_end(muster)

    def wrong_after(self, muster: Muster, what: str) -> Optional[str]:
        """A rotation opens every field; the first one after a kill may only finish the one before."""
        for _ in range(2):
            run = muster.run("vault", "rotate", "--json")
            if run.code or run.json()["fields"] == CREDENTIALS:
                break
        if run.code == 0 and run.json()["fields"] == CREDENTIALS:
            return None
        return f"{what}: exit code {run.code}: {run.said.strip()[-200:]}"

    def wrong_at_the_end(self, muster: Muster) -> Optional[str]:
        muster.must("vault", "rekey")
        left = [path.name for path in (muster.folder / "state").rglob("*") if path.is_file()]
        return None if len(left) == 1 else f"beside the key: {left}"
