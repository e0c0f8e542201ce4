"""Removals in bulk are held until exactly that set is approved; a hole removes nothing: what a person
sees of it. The thresholds and approvals themselves are a promise, D2 (promises/d2_guard.py)."""

import unittest

from harness import ACCOUNT, E2eCase, HOST

HELD_CODE = 3


class Guard(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 100, "apps_per_device": 3, "plain": True}]

    def setUp(self):
        super().setUp()
        self.connect_and_sync()

    def held(self):
        """The sets that wait; apps of held devices may wait in a set of their own."""
        return self.muster.must("removals", "list", "--json").objects()

    def held_devices(self):
        found, = (held for held in self.held() if held["stream"] == "devices")
        return found

    def approve_all(self):
        self.muster.must("removals", "approve", ACCOUNT, "--yes")

    def live(self):
        return len(self.muster.rows("devices"))

    def take_away(self, count):
        """Removes devices at the vendor; they are back at the end of the test."""
        before = self.live()
        done = self.sim.change(HOST, "remove_devices", count=count)
        self.addCleanup(self.sim.change, HOST, "add_devices", count=count)
        return before, set(done["devices"])

    def test_eleven_of_a_hundred_are_held(self):
        before, gone = self.take_away(11)
        self.sync(code=HELD_CODE)
        self.assert_state("held")
        self.assertEqual(self.live(), before)
        self.assertEqual(self.muster.last_session()["removed"], 0)
        identity = str(self.held_devices()["id"])
        listed = self.muster.must("removals", "list", identity, "--json").out
        for one in gone:
            self.assertIn(one, listed)

    def test_an_approval_releases_exactly_its_set(self):
        before, gone = self.take_away(12)
        self.sync(code=HELD_CODE)
        self.approve_all()
        self.assertEqual(self.live(), before)
        self.sync()
        self.assertEqual(self.live(), before - 12)
        self.assert_state("ok")
        self.assert_true()
        self.assertEqual(self.held(), [])
        self.assertTrue(self.muster.query("SELECT * FROM audit WHERE object LIKE '%acme%'"))

    def test_an_empty_listing_removes_nothing(self):
        before = self.live()
        self.sim.fault("empty_list", path="/api/v1/devices", times=0)
        self.sync(code=HELD_CODE)
        self.assertEqual(self.live(), before)
        self.assert_state("held")
        self.sim.clear_faults()
        self.sync()
        self.assert_state("ok")
        self.assertEqual(self.held(), [])
        self.assert_true()

    def test_ids_in_another_case_are_all_missing_and_all_new(self):
        before = {row["source_id"] for row in self.muster.rows("devices")}
        self.sim.change(HOST, "swap_id_case")
        self.addCleanup(self.sim.change, HOST, "swap_id_case")
        self.sync(code=HELD_CODE)
        self.assert_state("held")
        after = {row["source_id"] for row in self.muster.rows("devices")}
        self.assertLessEqual(before, after)

    def test_apps_that_vanish_in_bulk_are_held_too(self):
        before = len(self.muster.rows("device_apps"))
        self.sim.fault("empty_list", path="/api/v1/prism/apps", times=0)
        self.sync(code=HELD_CODE)
        self.assertEqual(len(self.muster.rows("device_apps")), before)


if __name__ == "__main__":
    unittest.main()
