"""Two accounts that one sync reads: a tenant that is listed, and a log of events with its cursor."""

import collections
import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from typing import Iterator, Optional

from e2e.harness import ACCOUNT, COLUMNS, DirectMuster, HOST, REPOSITORY
from promises.database import Database
from promises.ground import Ground, ground

LOG_HOST, LOG_ACCOUNT = "acme.fleet.example", "fleet_log/acme"
LISTED = {"tenant": "acme", "apps_per_device": 3, "seed": 11}
LOGGED = {"vendor": "fleet", "devices": 20, "apps_per_device": 4}
EVENTS = 24  # more a round: several pages of the log
END_S = 120


class Syncing:
    """The accounts, connected and read once; what happens at the vendors; what must hold."""

    def __init__(self, place: Ground, draw: random.Random):
        self.place = place
        self.draw = draw
        self.muster = place.muster
        self.database = Database(place.muster.project)
        shutil.copy(REPOSITORY / "tests" / "e2e" / "vendors" / "fleet_log.lua",
                    self.muster.project / "vendors")
        place.connect()
        run = self.muster.connect_vendor(place.sim, "fleet_log", LOG_HOST,
                                         ("address", LOG_HOST), ("token", None))
        if run.code:
            raise AssertionError(repr(run))

    def sync(self) -> None:
        """A whole sync of both."""
        self.muster.must("sync", "--all")

    def measure(self) -> tuple[float, int]:
        """A whole sync of both: how long it takes, how often it writes to the database."""
        start = time.monotonic()
        with self.started("sync", "--all") as process:
            writes = self.database.wait_for_write(process)
        if process.returncode:
            raise AssertionError(f"a sync that nothing disturbs ends with {process.returncode}")
        return time.monotonic() - start, writes

    def slow_down(self, seconds: float) -> None:
        """Every answer of the vendors is so late."""
        self.place.sim.clear_faults()
        if seconds:
            self.place.sim.fault("delay", times=0, seconds=seconds)

    def happen(self, number: int, new_devices: int = 2) -> None:
        """Time goes by at the vendors."""
        sim = self.place.sim
        sim.change(HOST, "rename_device", name=f"Round {number}")
        sim.change(HOST, "add_devices", count=new_devices)
        sim.change(HOST, "remove_devices", count=1)
        for _ in range(EVENTS):
            sim.change(LOG_HOST, "install", device=f"d-{self.draw.randrange(20):03}",
                       app=f"App {self.draw.randrange(9)}", version=f"{number}.{_}")

    # What must hold, whatever became of a sync. A line each for what does not.

    def live(self) -> dict[str, set[str]]:
        return {entity: self.database.live(entity, ACCOUNT) for entity in COLUMNS}

    def wrong(self, before: dict[str, set[str]], is_thorough: bool = False) -> list[str]:
        return [*self.database.damage(is_thorough), *self.database.torn_sessions(),
                *self.lost_or_invented(before), *self.not_as_the_cursor_says()]

    def lost_or_invented(self, before: dict[str, set[str]]) -> list[str]:
        """Of devices: what they bring with them goes with them."""
        true = {row["source_id"] for row in self.place.sim.truth(HOST)["devices"]}
        now = self.live()
        found = [f"device {lost} is lost" for lost in (before["devices"] - now["devices"]) & true]
        found += [f"device {new} is invented" for new in
                  (now["devices"] - before["devices"]) - true]
        if now["devices"] >= before["devices"]:
            found += [f"{entity} {lost} is lost" for entity in COLUMNS
                      for lost in before[entity] - now[entity]]
        return found

    def not_as_the_cursor_says(self) -> list[str]:
        after = self.database.value(
            "SELECT coalesce(cursor ->> '$.after', 0) FROM stream_state WHERE stream = 'log'") or 0
        true = {(row["device_source_id"], row["app_source_id"], row["version"])
                for row in self.place.sim.truth(LOG_HOST, after=int(after))["device_apps"]}
        stored = collections.Counter(self.database.ask(
            "SELECT device_source_id, app_source_id, version FROM device_apps t JOIN accounts a "
            "ON a.id = t.account_id WHERE a.vendor = 'fleet_log' AND t.removed_at IS NULL"))
        found = [f"event rows: {row} is not of the cursor {after}" for row in stored.keys() - true]
        found += [f"event rows: {row} is missing at the cursor {after}"
                  for row in true - stored.keys()]
        return found + [f"event rows: {row} is doubled" for row, n in stored.items() if n > 1]

    def untrue(self) -> list[str]:
        """After a sync that nothing disturbed."""
        database = self.database
        found = self.place.differences() + self.not_as_the_cursor_says()
        found += [f"row {row} of {entity} was created twice" for entity, row in database.ask(
            "SELECT entity, row_id FROM changes WHERE kind = 'created' "
            "GROUP BY entity, row_id HAVING count(*) > 1")]
        found += [f"{slug}: session {number} still runs" for slug, number in database.ask(
            "SELECT account_slug, id FROM sessions WHERE outcome = 'running'")]
        found += [f"{count} batches are left" for count, in database.ask(
            "SELECT count(*) FROM session_batches HAVING count(*) > 0")]
        return found + [f"the account {vendor} is {state}" for vendor, state in database.ask(
            "SELECT vendor, state FROM accounts WHERE state <> 'ok'")]

    # Processes.

    @contextlib.contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen]:
        """The program at work; ended with its sandboxes if it still is."""
        process = self.muster.start(*arguments)
        try:
            yield process
        finally:
            self.kill(process)
            process.communicate(timeout=END_S)

    @staticmethod
    def kill(process: subprocess.Popen) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def syncing(draw: random.Random, devices: int = 320) -> Iterator[Syncing]:
    with ground([{**LISTED, "devices": devices}, LOGGED], DirectMuster) as place:
        yield Syncing(place, draw)


def first_of(found: list[str], about: str) -> Optional[str]:
    """A case's value: None, or the first things found."""
    if not found:
        return None
    more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
    return f"{about}: " + "; ".join(found[:3]) + more
