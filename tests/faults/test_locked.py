"""A database that another program keeps locked beyond the 30 s that muster waits: said, never passed over."""

import contextlib
import sqlite3
import unittest

from e2e.harness import ACCOUNT, E2eCase

BUSY_CODE = 8


class Locked(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 2, "apps_per_device": 1}]

    def test_a_timer_is_told_that_nothing_was_synced(self):
        self.connect(extra=["--every", "1h"])
        database = self.muster.project / ".muster" / "muster.db"
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            run = self.muster.run("sync", "--due", "--json")
        self.assertEqual(run.code, BUSY_CODE, run)
        [session] = run.objects()
        self.assertEqual((session["account"], session["outcome"]), (ACCOUNT, "failed"))
        self.assertIn("kept the database locked", session["error"]["message"])
        self.assertIn("try again", session["error"]["hint"])


if __name__ == "__main__":
    unittest.main()
