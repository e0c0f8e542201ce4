"""What the fault tests share: one synced account, and what must hold after every fault.

A Trial strikes with a fault and says what does not hold, a line each; FaultCase makes a test of it.
Each row of a table of faults becomes one (see faults_of), so that one that fails does not hide the
next.
"""

import dataclasses
import json
import pathlib
import re
import shutil
import tempfile
from typing import Any, Callable, Iterator, Optional

from e2e.harness import (ACCOUNT, COLUMNS, DirectMuster, E2eCase, HOST, KEYS, Muster, Run,
                         all_differences)
from simulator.client import Simulator

DEVICES, APPS = "/api/v1/devices", "/api/v1/prism/apps"
STREAMS = {DEVICES: "devices", APPS: "apps"}
FAILED, PARTIAL, OK, HELD, DEGRADED = "failed", "partial", "ok", "held", "degraded"
ROW = 7  # of a page; the first row of a page may be looked at a second time only
REFUSED = (FAILED, PARTIAL)  # nothing but the healthy rest may have been stored
# Two pages of devices and four of apps. The last ones are short: losing one is below the guard, so
# that nothing but the proof stands between a hole and a removal.
TENANT = {"tenant": "acme", "devices": 308, "apps_per_device": 3, "seed": 5}


@dataclasses.dataclass
class Case:
    """One fault on order: where it strikes, how the session may end, what it has to say."""

    fault: str
    params: dict[str, Any] = dataclasses.field(default_factory=dict)
    path: str = DEVICES
    page: int = 2
    times: int = 0
    outcomes: tuple[str, ...] = REFUSED
    says: str = r"."  # a pattern for the error, any case
    name: str = ""

    @property
    def title(self) -> str:
        words = self.name or "_".join([self.fault, *map(str, self.params.values())])
        return re.sub(r"\W+", "_", f"{words}_{STREAMS[self.path]}").lower()[:80]


Keys = dict[str, set[tuple]]  # of an entity's rows


def keys_of(rows: dict[str, list[dict]]) -> Keys:
    return {entity: {tuple(row.get(key) or "" for key in KEYS[entity]) for row in rows[entity]}
            for entity in KEYS}


class Trial:
    """A synced account of a simulator, and what one fault after the other does to it."""

    def __init__(self, muster: Muster, sim: Simulator, host: str = HOST, account: str = ACCOUNT):
        self.muster, self.sim, self.host, self.account = muster, sim, host, account

    def truth(self) -> dict[str, list[dict]]:
        return self.sim.truth(self.host)

    def live(self) -> Keys:
        return keys_of({entity: self.muster.rows(entity, self.account) for entity in COLUMNS})

    def last_change(self) -> int:
        return self.muster.value("SELECT max(seq) FROM changes") or 0

    def removed_since(self, change: int) -> Keys:
        """What the change log says was removed, whether it came back or not."""
        return keys_of({entity: self.muster.rows(
            entity, self.account, "t.id IN (SELECT row_id FROM changes WHERE kind = 'removed' "
            f"AND entity = '{entity[:-1]}' AND seq > {change})") for entity in COLUMNS})

    def differences(self) -> list[str]:
        return all_differences(self.muster, self.truth(), self.account)

    def order(self, case: Case) -> None:
        self.sim.fault(case.fault, host=self.host, path=case.path, page=case.page, times=case.times,
                       **case.params)

    def sync(self, *arguments: str) -> Run:
        return self.muster.run("sync", self.account, "--json", *arguments)

    def strike(self, case: Case) -> Iterator[str]:
        """One sync under the fault, one after it."""
        change, before = self.last_change(), self.live()
        self.order(case)
        run = self.sync()
        yield from self.unstruck()
        yield from self.misspoken(case, run)
        yield from self.wronged(change, before)
        yield from self.unhealed()

    def unstruck(self) -> list[str]:
        """A fault that never met a request proves nothing."""
        return [f"it never struck: {order}" for order in self.sim.faults() if not order["hits"]]

    def misspoken(self, case: Case, run: Run) -> Iterator[str]:
        """The outcome is one of the case's; an error names account, stream and cause."""
        session = self.muster.last_session(self.account)
        if session["outcome"] not in case.outcomes:
            yield f"outcome {session['outcome']}, not one of {case.outcomes}: {run}"
        if session["outcome"] not in REFUSED:
            return
        text = self.said(run, session).lower()
        for word in (self.account, STREAMS[case.path], case.says.lower()):
            if not re.search(word, text):
                yield f"nothing about {word}: {text[:2000]}"
        if not run.code or "unknown error" in text:
            yield f"no error worth the name: {run}"

    def said(self, run: Run, session: dict[str, Any]) -> str:
        aside = self.muster.query(
            f"SELECT stream, source_id, reason FROM quarantine WHERE session_id = {session['id']}")
        return run.said + str(session["error"]) + str(session["streams"]) + str(aside)

    def wronged(self, change: int, before: Keys) -> Iterator[str]:
        """Rows that live at the vendor and were removed, and those that went unlogged."""
        true, after, removed = keys_of(self.truth()), self.live(), self.removed_since(change)
        for entity in KEYS:
            for key in removed[entity] & true[entity] | before[entity] & true[entity] - after[entity]:
                yield f"{entity} {key} lives at the vendor and was removed"
            for key in before[entity] - after[entity] - removed[entity]:
                yield f"{entity} {key} went without a word in the log"

    def unproven(self, before: Keys) -> Iterator[str]:
        """Rows that went although the listing of their stream did not end well."""
        ends = {stream["stream"]: stream["end"] for stream in self.streams()}
        after = self.live()
        for entity, stream in (("devices", "devices"), ("device_apps", "apps")):
            if ends.get(stream) != "ok" and ends.get("devices") != "ok":
                for key in before[entity] - after[entity]:
                    yield f"{entity} {key} was removed on the word of a listing that is {ends}"

    def streams(self) -> list[dict[str, Any]]:
        return json.loads(self.muster.last_session(self.account)["streams"] or "[]")

    def unhealed(self) -> Iterator[str]:
        """The next sync without a fault finds the truth again."""
        self.sim.clear_faults()
        change, before = self.last_change(), self.live()
        run = self.sync()
        yield from self.wronged(change, before)
        yield from self.differences()
        if self.muster.account(self.account)["state"] != OK:
            yield f"the account did not recover: {run}"


def faults_of(*cases: Case) -> Callable[[type], type]:
    """Gives a test class one test a case."""
    def add(target: type) -> type:
        for case in cases:
            def test(self: "FaultCase", case: Case = case) -> None:
                self.check_fault(case)
            name = f"test_{case.title}"
            assert not hasattr(target, name), name
            test.__doc__ = f"{case.fault} {case.params or ''} on page {case.page} of {case.path}"
            setattr(target, name, test)
        return target
    return add


class FaultCase(E2eCase):
    """One account, synced once for the whole class."""

    TENANTS = [TENANT]
    shared: Optional[Muster] = None

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.shared = DirectMuster(cls.folder).init()
        run = cls.shared.connect_kandji(cls.sim)
        assert run.code == 0, run
        cls.shared.must("sync", ACCOUNT)

    def new_project(self) -> Muster:
        return self.shared

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self.sim.clear_faults)
        self.trial = Trial(self.muster, self.sim)
        self.heal()
        self.assert_true()

    def heal(self) -> None:
        """What a failed test before this one left behind is not this one's failure."""
        if self.trial.differences():
            self.sync(code=None)

    def assert_struck(self) -> None:
        self.assertEqual(self.trial.unstruck(), [])

    def check_fault(self, case: Case) -> None:
        self.assertEqual(list(self.trial.strike(case)), [])

    def assert_nothing_lost(self, before: dict[str, list[dict]]) -> None:
        """Every row that was there is there, live as it was."""
        after = self.muster.everything()
        for entity, rows in before.items():
            live = {row["source_id"] for row in after[entity] if not row["removed_at"]}
            lost = [row["source_id"] for row in rows
                    if not row["removed_at"] and row["source_id"] not in live]
            self.assertEqual(lost, [], entity)
