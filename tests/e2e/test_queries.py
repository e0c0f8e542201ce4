"""examples/queries.md: every query of the cookbook runs as it stands, and finds what it is about."""

import re
import unittest

from harness import ACCOUNT, E2eCase, HOST, REPOSITORY

COOKBOOK = REPOSITORY / "examples" / "queries.md"
TWIN = "kandji/twin"


def queries():
    """Heading -> SQL."""
    text = COOKBOOK.read_text(encoding="utf-8")
    return dict(re.findall(r"^### ([^\n]*)\n\n```sql\n(.*?)```$", text, re.M | re.S))


class Cookbook(E2eCase):
    """Two accounts of one tenant, then what a week brings: people leave, devices change hands."""

    TENANTS = [{"tenant": "acme", "devices": 60, "apps_per_device": 8}]

    def prepare(self):
        (self.muster.project / "mappings" / "kandji.lua").write_text(
            "return { map = { device = { keep = { owned = false } } } }")
        self.connect_and_sync()
        self.connect(account="twin")
        self.sync(account=TWIN)
        for change in ("reassign", "unassign", "update_app", "add_app", "archive_user"):
            self.sim.change(HOST, change)
        self.sim.change(HOST, "remove_devices", count=2)
        self.sim.change(HOST, "add_devices", count=1)
        self.sync()
        self.sim.fault("missing_id", path="/api/v1/devices", times=1)
        self.sync(code=None)
        self.sim.change(HOST, "remove_devices", count=30)
        self.sync(code=None)
        self.assert_state("held")

    def test_every_query_runs_and_finds_something(self):
        self.prepare()
        found = {title: len(self.muster.must("query", "--json", sql).json())
                 for title, sql in queries().items()}
        self.assertGreaterEqual(len(found), 20)
        self.assertEqual([title for title, rows in found.items() if not rows], [])

    def test_no_block_is_missed(self):
        text = COOKBOOK.read_text(encoding="utf-8")
        self.assertEqual(len(queries()), text.count("```sql"))

    def test_answers_that_are_known(self):
        self.connect_and_sync()
        by_title = queries()
        gone = self.sim.change(HOST, "reassign")["device"]
        self.sync()
        changed = self.muster.must("query", "--json", by_title["Which devices changed hands?"]).json()
        self.assertEqual(len(changed), 1)
        truth, = (row for row in self.sim.truth(HOST)["devices"] if row["source_id"] == gone)
        self.assertEqual(changed[0]["after"], truth["user_email"])
        fresh, = self.muster.must("query", "--json", by_title["How fresh is each account?"]).json()
        self.assertEqual((fresh["account"], fresh["state"]), (ACCOUNT, "ok"))


if __name__ == "__main__":
    unittest.main()
