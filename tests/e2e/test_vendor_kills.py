"""kill -9 at several requests of each vendor's sync: what was stored until then is sound, and the next
sync makes up for all of it, row by row, as it does when the vendor changed in between."""

import contextlib
import os
import signal
import unittest

from delivered import DeliveredCase, for_every_vendor


class VendorKills:
    def setUp(self):
        super().setUp()
        self.join(0)

    def requests(self):
        """How many a sync makes."""
        self.sim.clear_ledger()
        self.sync_one(0, "--dry-run")
        return len(self.sim.ledger())

    def kill_at(self, number):
        """Ends a sync that waits for the answer to so many requests; a short one may be over first."""
        self.sim.fault("stall", nth=number)
        process = self.muster.start("sync", self.slug(0))
        self.wait_for(lambda: process.poll() is not None
                      or any(order["hits"] for order in self.sim.faults()))
        was_running = process.poll() is None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        self.sim.clear_faults()
        return was_running

    def assert_no_doubles(self):
        for table in self.vendor.truth(0):
            ids = [row["source_id"] for row in self.muster.rows(table, self.slug(0), where="1")]
            self.assertEqual(len(ids), len(set(ids)), table)

    def test_the_next_sync_makes_up_for_it(self):
        count, kills = self.requests(), 0
        for share in (0, 0.3, 0.6, 0.9):
            kills += self.kill_at(1 + int(share * count))
            self.assert_no_doubles()
        self.assertGreaterEqual(kills, 3)
        self.sync_one(0)
        self.assert_truth(0)
        self.vendor.shrink(0)
        self.vendor.grow(0)
        self.kill_at(1 + count // 2)
        self.sync_one(0, *self.vendor.AFTER_CHANGES)
        self.assert_truth(0)
        self.assert_state("ok", self.slug(0))
        rows = self.rows(0)
        self.sync_one(0)
        self.assert_nothing_written(0)
        self.assertEqual(self.rows(0), rows)


class VendorKillsCase(VendorKills, DeliveredCase):
    pass


globals().update(for_every_vendor(VendorKillsCase))
del VendorKillsCase, DeliveredCase


if __name__ == "__main__":
    unittest.main()
