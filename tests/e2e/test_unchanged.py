"""Rows that come again from the same record are not told whole, and nothing is lost by it.

Whether a row was told whole shows in its content hash: one that was spoiled by hand is mended when
the row is written again, and stays as it is when the host only hears that the row is there.
"""

import contextlib
import json
import sqlite3
import unittest

from harness import E2eCase, HOST

SPOILED = "00" * 16


class Unchanged(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 30, "apps_per_device": 8}]

    def setUp(self):
        super().setUp()
        self.connect_and_sync()

    def write(self, sql):
        database = self.muster.project / ".muster" / "muster.db"
        with contextlib.closing(sqlite3.connect(database)) as opened, opened:
            opened.execute(sql)

    def spoil(self):
        for table in ("devices", "device_apps"):
            self.write(f"UPDATE {table} SET content_hash = x'{SPOILED}'")

    def spoiled(self, table):
        return self.muster.value(f"SELECT count(*) FROM {table} WHERE content_hash = x'{SPOILED}'")

    def told_whole(self, table):
        """How many rows the syncs since spoil() have told whole."""
        return self.muster.value(f"SELECT count(*) FROM {table}") - self.spoiled(table)

    def test_rows_are_told_by_their_place(self):
        self.spoil()
        before = self.muster.everything()
        self.sync()
        self.assertEqual(self.muster.everything(), before)
        self.assertEqual((self.told_whole("devices"), self.told_whole("device_apps")), (0, 0))
        session = self.muster.last_session()
        self.assertEqual((session["outcome"], session["seen"]), ("ok", session["unchanged"]))

    def test_a_changed_row_is_told_and_the_others_are_not(self):
        self.spoil()
        self.sim.change(HOST, "rename_device", name="New name")
        self.sync()
        row, = self.muster.query("SELECT name FROM devices WHERE content_hash <> "
                                 f"x'{SPOILED}'")
        self.assertEqual(row["name"], "New name")
        self.assertEqual(self.muster.last_session()["updated"], 1)
        self.assert_true()

    def test_full_tells_everything(self):
        self.spoil()
        self.sync("--full")
        self.assertEqual((self.spoiled("devices"), self.spoiled("device_apps")), (0, 0))

    def test_another_mapping_tells_everything(self):
        overlay = self.muster.project / "mappings" / "kandji.lua"
        overlay.parent.mkdir(exist_ok=True)
        overlay.write_text('return { map = { device = { hostname = "device_name" } } }\n')
        overlay.chmod(0o600)
        self.spoil()
        self.sync()
        self.assertEqual((self.spoiled("devices"), self.spoiled("device_apps")), (0, 0))
        self.assertEqual(self.muster.value("SELECT count(*) FROM devices WHERE hostname IS NULL"), 0)
        self.spoil()
        self.sync()
        self.assertEqual(self.told_whole("devices"), 0)

    def test_what_is_gone_is_still_seen_to_be_gone(self):
        self.sim.change(HOST, "remove_devices", count=2)
        self.spoil()
        self.sync()
        self.assert_true()
        self.assertEqual(self.muster.last_session()["removed"], self.muster.value(
            "SELECT count(*) FROM changes WHERE kind = 'removed'"))

    def test_a_row_that_comes_back_is_restored(self):
        self.write("UPDATE devices SET removed_at = '2026-01-01T00:00:00Z', streams = '[]', "
                   "removed_reason = 'missing' WHERE id = 1")
        self.sync()
        self.assert_counts(restored=1, created=0)
        self.assert_true()

    def test_a_dry_run_sees_the_same(self):
        self.sim.change(HOST, "rename_device", name="Another name")
        before = self.muster.everything()
        run = self.sync("--dry-run")
        told = json.loads(run.out.splitlines()[0])
        self.assertEqual((told["updated"], told["created"], told["removed"]), (1, 0, 0))
        self.assertEqual(self.muster.everything(), before)

    def test_raw_hashes_lost_are_noted_again(self):
        """A database of an older version has none: they are written, and nothing else is."""
        before = self.muster.everything()
        self.write("UPDATE devices SET raw_hash = NULL")
        self.sync()
        self.assertEqual(self.muster.everything(), before)
        self.assert_counts(updated=0, created=0)


if __name__ == "__main__":
    unittest.main()
