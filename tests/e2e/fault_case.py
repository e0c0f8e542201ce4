"""What the fault tests share: one synced account a class, and what must hold after every fault.

Each row of a table of faults becomes a test (see faults_of), so that one that fails does not hide
the next.
"""

import dataclasses
import pathlib
import re
import shutil
import tempfile
from typing import Any, Callable

from harness import ACCOUNT, DirectMuster, E2eCase, HOST, Muster, all_differences

DEVICES, APPS = "/api/v1/devices", "/api/v1/prism/apps"
STREAMS = {DEVICES: "devices", APPS: "apps"}
FAILED, PARTIAL, OK, HELD = "failed", "partial", "ok", "held"
ROW = 7  # of a page; the first row of a page may be looked at a second time only
REFUSED = (FAILED, PARTIAL)  # nothing but the healthy rest may have been stored


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
    """A tenant of two pages of devices and four of apps, synced once for the whole class."""

    TENANTS = [{"tenant": "acme", "devices": 320, "apps_per_device": 3, "seed": 5}]

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
        self.heal()
        self.assert_true()

    def heal(self) -> None:
        """What a failed test before this one left behind is not this one's failure."""
        if all_differences(self.muster, self.sim.truth(HOST)):
            self.sync(code=None)

    def order(self, case: Case) -> None:
        self.sim.fault(case.fault, path=case.path, page=case.page, times=case.times, **case.params)

    def assert_struck(self) -> None:
        """A fault that never met a request proves nothing."""
        for order in self.sim.faults():
            self.assertGreater(order["hits"], 0, order)

    def check_fault(self, case: Case) -> None:
        before = self.muster.everything()
        self.order(case)
        run = self.sync(code=None)
        self.assert_struck()
        session = self.muster.last_session()
        self.assertIn(session["outcome"], case.outcomes, run)
        if session["outcome"] in (FAILED, PARTIAL):
            self.assertNotEqual(run.code, 0, run)
            self.assert_said(case, run, session)
        self.assertEqual(session["removed"], 0, session)
        self.assert_nothing_lost(before)
        self.assert_recovers()

    def assert_said(self, case: Case, run: Any, session: dict[str, Any]) -> None:
        """The error names account, stream and cause."""
        aside = self.muster.query(
            f"SELECT stream, source_id, reason FROM quarantine WHERE session_id = {session['id']}")
        text = run.said + str(session["error"]) + str(session["streams"]) + str(aside)
        self.assertIn(ACCOUNT, text)
        self.assertIn(STREAMS[case.path], text)
        self.assertRegex(text.lower(), case.says.lower())
        self.assertNotIn("unknown error", text.lower())

    def assert_nothing_lost(self, before: dict[str, list[dict]]) -> None:
        """Every row that was there is there, live as it was."""
        after = self.muster.everything()
        for entity, rows in before.items():
            live = {row["source_id"] for row in after[entity] if not row["removed_at"]}
            lost = [row["source_id"] for row in rows
                    if not row["removed_at"] and row["source_id"] not in live]
            self.assertEqual(lost, [], entity)

    def assert_recovers(self) -> None:
        """The next sync without a fault finds the truth again."""
        self.sim.clear_faults()
        self.sync(code=None)
        removed = self.muster.rows("devices", where="t.removed_at IS NOT NULL")
        live = {row["source_id"] for row in self.sim.truth(HOST)["devices"]}
        self.assertEqual([row["source_id"] for row in removed if row["source_id"] in live], [])
        self.assert_true()
        self.assert_state(OK)
