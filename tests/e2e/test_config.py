"""muster config: settings of the project, their ranges, their effect, and who changed them."""

import contextlib
import json
import sqlite3
import unittest

from harness import E2eCase, HOST

USAGE, CONFIG, PARTIAL = 2, 6, 3


class Config(E2eCase):
    def listed(self):
        return {row["key"]: row for row in self.muster.must("config", "--json").json()}

    def trail(self):
        return [(row["verb"], row["object"], json.loads(row["details"])) for row in
                self.muster.query("SELECT * FROM audit WHERE verb LIKE '%config' ORDER BY id")]

    def test_defaults_and_values(self):
        self.assertEqual(self.listed()["guard.share"],
                         {"key": "guard.share", "value": 10, "unit": "%", "default": 10, "min": 0,
                          "max": 100, "source": "default", "meaning":
                          "hold removals when more than this share of an entity's rows is missing"})
        self.muster.must("config", "set", "keep.recordings", "90")
        row = self.listed()["keep.recordings"]
        self.assertEqual((row["value"], row["source"]), (90, "project"))
        self.assertEqual(self.muster.must("config", "get", "keep.recordings").out, "90\n")
        self.assertIn("keep.recordings", self.muster.must("config").out)
        self.muster.must("config", "unset", "keep.recordings", "--yes")
        self.assertEqual(self.listed()["keep.recordings"]["source"], "default")
        self.assertEqual(self.trail(), [
            ("set-config", "keep.recordings", {"new": 90, "old": 30}),
            ("unset-config", "keep.recordings", {"new": 30, "old": 90})])

    def test_what_is_refused(self):
        for arguments, hint in ((("get", "guard.shaer"), "did you mean guard.share?"),
                                (("set", "guard.share", "101"), "from 0 to 100 (%)"),
                                (("set", "sync.parallel", "0"), "from 1 to 16 (accounts)"),
                                (("set", "install_id", "1"), "muster config list")):
            with self.subTest(arguments=arguments):
                run = self.muster.run("config", *arguments)
                self.assertEqual(run.code, USAGE, run)
                self.assertIn(hint, run.err)
        self.assertEqual(self.trail(), [])

    def test_a_risky_change_asks(self):
        for key, value in (("guard.share", "11"), ("guard.count", "201"), ("keep.removed", "89")):
            run = self.muster.run("config", "set", key, value, "--no-input")
            self.assertEqual(run.code, USAGE, run)
            self.assertIn("--yes", run.err)
        for key, value in (("guard.share", "9"), ("guard.count", "199"), ("keep.removed", "91"),
                           ("sync.parallel", "1")):
            self.muster.must("config", "set", key, value, "--no-input")
        self.assertEqual(self.muster.run("config", "unset", "guard.share", "--no-input").code, USAGE)

    def test_the_guard_holds_what_the_project_says(self):
        self.connect_and_sync()
        before = len(self.muster.rows("devices"))
        self.sim.change(HOST, "remove_devices", count=6)
        self.muster.must("config", "set", "guard.share-from", "5")
        self.sync(code=PARTIAL)
        self.assert_state("held")
        self.muster.must("config", "set", "guard.share", "50", "--yes")
        self.sync()
        self.assertEqual(len(self.muster.rows("devices")), before - 6)

    def test_a_value_that_somebody_else_wrote_stops_the_guard_not_the_data(self):
        self.connect_and_sync()
        self.muster.must("config", "set", "guard.count", "150")
        self.break_setting("guard.count")
        before = self.muster.rows("devices")
        self.sim.change(HOST, "remove_devices", count=1)
        run = self.sync(code=CONFIG)
        self.assertIn("muster config unset guard.count", run.said)
        self.assertEqual(self.muster.rows("devices"), before)
        self.assertEqual(self.muster.run("config", "list").code, CONFIG)
        self.muster.must("config", "unset", "guard.count")
        self.sync()

    def break_setting(self, key):
        path = self.muster.project / ".muster" / "muster.db"
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE settings SET value = 'many' WHERE key = ?", [key])

    def test_so_many_accounts_at_a_time(self):
        self.connect()
        self.connect(account="twin")
        self.muster.must("config", "set", "sync.parallel", "1")
        self.muster.must("sync", "--all")
        first, second = self.muster.query("SELECT * FROM sessions ORDER BY id")
        self.assertLessEqual(first["ended_at"], second["started_at"])


if __name__ == "__main__":
    unittest.main()
