"""What happens between two syncs: each change arrives, is logged once, and nothing else moves."""

import unittest

from harness import COLUMNS, E2eCase, HOST


class Changes(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 60, "apps_per_device": 8}]

    def setUp(self):
        super().setUp()
        self.connect_and_sync()

    def change(self, op, **args):
        done = self.sim.change(HOST, op, **args)
        self.sync()
        self.assert_true()
        return done

    def logged(self):
        """The last session's changes as (kind, entity, source_id)."""
        session = self.muster.last_session()["id"]
        return [(row["kind"], row["entity"], row["source_id"]) for row in self.muster.query(
            f"SELECT kind, entity, source_id FROM changes WHERE session_id = {session}")]

    def test_a_renamed_device(self):
        before = self.muster.everything()
        done = self.change("rename_device", name="Büro ’26")
        self.assertEqual(self.logged(), [("updated", "device", done["device"])])
        self.assert_counts(created=0, updated=1, removed=0)
        after = self.muster.everything()
        moved = [(old["source_id"], new["source_id"]) for entity in COLUMNS
                 for old, new in zip(before[entity], after[entity]) if old != new]
        self.assertEqual(moved, [(done["device"], done["device"])])
        old, = (row for row in before["devices"] if row["source_id"] == done["device"])
        new, = (row for row in after["devices"] if row["source_id"] == done["device"])
        self.assertEqual((new["id"], new["first_seen_at"]), (old["id"], old["first_seen_at"]))

    def test_the_change_log_has_both_sides(self):
        done = self.change("rename_device", name="New name")
        row, = self.muster.query("SELECT * FROM changes ORDER BY seq DESC LIMIT 1")
        self.assertIn("New name", str(row["after"]))
        self.assertNotIn("New name", str(row["before"]))
        self.assertEqual(row["source_id"], done["device"])

    def test_added_devices_bring_their_apps(self):
        done = self.change("add_devices", count=3)
        created = {one for kind, entity, one in self.logged()
                   if (kind, entity) == ("created", "device")}
        self.assertEqual(created, set(done["devices"]))

    def test_removed_devices_take_their_apps_along(self):
        done = self.change("remove_devices", count=2)
        gone = self.muster.rows("devices", where="t.removed_at IS NOT NULL")
        self.assertEqual({row["source_id"] for row in gone}, set(done["devices"]))
        self.assertTrue(all(row["removed_reason"] for row in gone))
        left = self.muster.value("SELECT count(*) FROM device_apps i JOIN devices d ON "
                                 "d.source_id = i.device_source_id WHERE i.removed_at IS NULL "
                                 "AND d.removed_at IS NOT NULL")
        self.assertEqual(left, 0)

    def test_what_comes_back_is_the_same_row(self):
        truth = self.sim.truth(HOST)
        device = truth["devices"][0]["source_id"]
        before, = self.muster.rows("devices", where=f"t.source_id = '{device}'")
        owner = truth["devices"][0]["user_source_id"]
        self.change("unassign", device=device)
        self.assertEqual(self.muster.rows("devices", where=f"t.source_id = '{device}' "
                                          "AND t.removed_at IS NULL"), [])
        self.change("reassign", device=device, user=owner)
        after, = self.muster.rows("devices", where=f"t.source_id = '{device}'")
        self.assertEqual((after["id"], after["removed_at"]), (before["id"], None))
        self.assertIn(("restored", "device", device), self.logged())

    def test_a_device_that_changes_hands(self):
        done = self.change("reassign")
        row, = self.muster.rows("devices", where=f"t.source_id = '{done['device']}'")
        self.assertEqual(row["user_source_id"], done["user"])

    def test_an_unassigned_device_is_removed_as_filtered(self):
        done = self.change("unassign")
        row, = self.muster.rows("devices", where=f"t.source_id = '{done['device']}'")
        self.assertEqual(row["removed_reason"], "filtered")

    def test_apps_come_go_and_change(self):
        self.change("add_app", name="Neue App", bundle_id="com.example.neue")
        self.change("update_app", version="100.0.1")
        self.change("remove_app", bundle_id="com.example.neue")
        gone = self.muster.rows("apps", where="t.source_id = 'com.example.neue'")
        self.assertIsNotNone(gone[0]["removed_at"])

    def test_people(self):
        done = self.change("archive_user")
        row, = self.muster.rows("users", where=f"t.source_id = '{done['user']}'")
        self.assertEqual(row["status"], "inactive")
        self.change("rename_user", user=done["user"], name="Ñandú O’Hara")
        self.change("remove_user", user=done["user"])
        row, = self.muster.rows("users", where=f"t.source_id = '{done['user']}'")
        self.assertIsNotNone(row["removed_at"])

    def test_a_check_in_moves_the_users_last_use(self):
        done = self.change("check_in", at="2026-03-05T01:02:03.000004Z")
        row, = self.muster.rows("devices", where=f"t.source_id = '{done['device']}'")
        self.assertTrue(row["last_seen_at"].startswith("2026-03-05T01:02:03"))

    def test_apps_of_a_device_that_left_the_listing_go(self):
        self.change("orphan_device")


if __name__ == "__main__":
    unittest.main()
