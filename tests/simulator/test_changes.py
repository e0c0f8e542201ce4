"""Changes between syncs: each moves the truth by exactly what it says."""

import unittest

from .kandji.changes import CHANGES
from .probe import open_service
from .vendor import SpecError


def by_id(rows):
    return {row["source_id"]: row for row in rows}


class Changes(unittest.TestCase):
    def setUp(self):
        self.service = open_service(devices=20, apps_per_device=4, plain=True)
        self.before = self.service.truth()

    def change(self, op, **args):
        return self.service.change(op, **args), self.service.truth()

    def test_add_and_remove_devices(self):
        added, now = self.change("add_devices", count=2, family="iPad")
        new = by_id(now["devices"]).keys() - by_id(self.before["devices"]).keys()
        self.assertEqual(new, set(added["devices"]))
        removed, now = self.change("remove_devices", devices=added["devices"])
        self.assertEqual(set(removed["devices"]), new)
        self.assertEqual(now["devices"], self.before["devices"])

    def test_remove_by_count(self):
        _, now = self.change("remove_devices", count=5)
        self.assertEqual(len(now["devices"]), 15)
        self.assertEqual(len(now["device_apps"]), 60)

    def test_rename_reassign_unassign(self):
        done, now = self.change("rename_device", name="Ny dator")
        self.assertEqual(by_id(now["devices"])[done["device"]]["name"], "Ny dator")
        done, now = self.change("reassign", device=done["device"])
        self.assertEqual(by_id(now["devices"])[done["device"]]["user_source_id"], done["user"])
        done, now = self.change("unassign", device=done["device"])
        self.assertNotIn(done["device"], by_id(now["devices"]))

    def test_users(self):
        done, now = self.change("archive_user")
        self.assertEqual(by_id(now["users"])[done["user"]]["status"], "inactive")
        done, now = self.change("rename_user", user=done["user"], name="N")
        self.assertEqual(by_id(now["users"])[done["user"]]["name"], "N")
        done, now = self.change("remove_user", user=done["user"])
        self.assertNotIn(done["user"], by_id(now["users"]))

    def test_apps(self):
        done, now = self.change("add_app", name="Neu", bundle_id="com.example.neu")
        self.assertIn("com.example.neu", by_id(now["apps"]))
        done, now = self.change("remove_app", bundle_id="com.example.neu")
        self.assertEqual(now["device_apps"], self.before["device_apps"])
        done, now = self.change("update_app", version="99.1")
        self.assertEqual([row["version"] for row in now["device_apps"]].count("99.1"), 1)

    def test_id_case_changes_every_id(self):
        _, now = self.change("swap_id_case")
        old, new = by_id(self.before["devices"]).keys(), by_id(now["devices"]).keys()
        self.assertFalse(old & new)
        self.assertEqual({one.lower() for one in old}, {one.lower() for one in new})

    def test_drift_happens_at_the_front(self):
        done, _ = self.change("insert_first")
        self.assertEqual(min(by_id(self.service.truth()["devices"])), done["device"])
        removed, now = self.change("remove_first")
        self.assertEqual(removed, done)
        self.assertEqual(now, self.before)

    def test_an_orphan_stays_in_prism(self):
        done, now = self.change("orphan_device")
        self.assertNotIn(done["device"], by_id(now["devices"]))
        self.assertEqual(self.service.tenant.install_count(), 80)

    def test_the_token_can_be_replaced(self):
        done, _ = self.change("replace_token", token="next")
        self.assertEqual(done, {"token": "next"})
        self.assertEqual(self.service.describe()["token"], "next")

    def test_mistakes_are_named(self):
        with self.assertRaisesRegex(SpecError, "unknown change 'explode'"):
            self.service.change("explode")
        with self.assertRaisesRegex(SpecError, "no such device: nope"):
            self.service.change("rename_device", device="nope")

    def test_every_change_is_documented_and_tested_or_trivial(self):
        self.assertGreaterEqual(len(CHANGES), 18)


if __name__ == "__main__":
    unittest.main()
