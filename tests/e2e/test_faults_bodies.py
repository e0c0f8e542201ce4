"""Bodies that are no listing, records that are none: refused or set aside, never half-read."""

import unittest

from e2e.fault_case import DEVICES, FAILED, FaultCase, ROW, faults_of
from e2e.fault_tables import BODIES, RECORDS
from e2e.harness import ACCOUNT, HOST


@faults_of(*BODIES)
class Bodies(FaultCase):
    pass


@faults_of(*RECORDS)
class Records(FaultCase):
    """One record of 308 is bad: it alone is set aside, named, and the session says so."""

    def setUp(self):
        super().setUp()
        self.rows = len(self.muster.rows("devices"))

    def test_what_was_set_aside_is_named(self):
        victim = self.sim.truth(HOST)["devices"]
        self.sim.fault("bad_timestamp", path=DEVICES, page=1, row=ROW)
        self.sync(code=None)
        self.assertEqual(self.muster.last_session()["quarantined"], 1)
        row, = self.muster.query("SELECT * FROM quarantine ORDER BY id DESC LIMIT 1")
        self.assertTrue(row["reason"])
        self.assertIn(row["source_id"], {device["source_id"] for device in victim})
        shown = self.muster.must("sessions", "show", ACCOUNT, "--json").out
        self.assertIn("quarantined", shown)

    def test_too_many_bad_records_fail_the_session(self):
        before = self.muster.everything()
        self.sim.fault("missing_id", path=DEVICES, page=1, rows=20, times=0)
        self.sync(code=None)
        self.assertEqual(self.muster.last_session()["outcome"], FAILED)
        self.assert_nothing_lost(before)

    def test_a_quarantined_row_with_an_id_counts_as_seen(self):
        self.sim.fault("bad_timestamp", path=DEVICES, page=1, row=ROW, times=0)
        for _ in range(2):
            self.sync(code=None)
        self.assertEqual(len(self.muster.rows("devices")), self.rows)

    def test_numbers_beyond_64_bit_are_kept_digit_by_digit(self):
        self.sim.fault("huge_integer", path=DEVICES, page=1, field="asset_tag", row=ROW)
        self.sync()
        tags = {row["asset_tag"] for row in self.muster.rows("devices")}
        self.assertIn("123456789012345678901234567890", tags)

    def test_terminal_escapes_do_not_reach_the_terminal(self):
        self.sim.fault("control_bytes", path=DEVICES, page=1, row=ROW, times=0)
        self.sync(code=None)
        shown = self.muster.must("devices", "list", "--limit", "0").out
        self.assertNotIn("\x1b", shown)
        self.assertNotIn("\nforged line", shown)
        name = self.muster.value("SELECT count(*) FROM devices WHERE name LIKE '%forged line%'")
        self.assertLessEqual(name, 1)

    def tearDown(self):
        self.sim.clear_faults()
        self.sync(code=None)  # what a test stored of a spoiled row is put right
        super().tearDown()


if __name__ == "__main__":
    unittest.main()
