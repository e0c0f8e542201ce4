"""Listings that do not end, repeat, end early or move: nothing is removed on their word."""

import unittest

from e2e.fault_case import APPS, DEVICES, FaultCase, ROW, faults_of
from e2e.fault_tables import PAGING
from e2e.harness import HOST


@faults_of(*PAGING)
class Paging(FaultCase):
    pass


class Drift(FaultCase):
    """A real removal must wait while the listing cannot prove absence."""

    def setUp(self):
        super().setUp()
        self.gone = self.sim.change(HOST, "remove_devices", count=1)["devices"][0]

    def is_live(self):
        return bool(self.muster.rows("devices", where=f"t.source_id = '{self.gone}' "
                                     "AND t.removed_at IS NULL"))

    def check_waits(self, fault, **where):
        self.assertTrue(self.is_live())
        self.sim.fault(fault, path=DEVICES, **where)
        self.sync(code=None)
        self.assert_struck()
        self.assertTrue(self.is_live(), f"{self.gone} was removed on the word of {fault}")
        self.sim.clear_faults()
        self.sync()
        self.assertFalse(self.is_live())
        self.assert_true()

    def test_a_row_inserted_while_paging(self):
        self.check_waits("drift_insert", page=1)

    def test_a_row_deleted_while_paging(self):
        self.check_waits("drift_delete", page=1)

    def test_a_row_twice(self):
        self.check_waits("duplicate_id_across_pages", page=2)

    def test_an_error_on_the_last_page(self):
        self.check_waits("html_page", page=2, times=0)

    def test_a_record_without_an_id(self):
        self.check_waits("missing_id", page=1, row=ROW)


class Holes(FaultCase):
    """Rows that a listing leaves out silently are the guard's business."""

    def test_a_listing_that_ends_early_is_held(self):
        before = len(self.muster.rows("devices"))
        self.sim.fault("keep_rows", path=DEVICES, page=1, times=0, count=30)
        self.sync(code=3)
        self.assert_struck()
        self.assertEqual(len(self.muster.rows("devices")), before)
        self.assert_state("held")
        self.sim.clear_faults()
        self.sync()
        self.assert_state("ok")
        self.assert_true()

    def test_totals_that_do_not_add_up_prove_nothing(self):
        before = self.muster.everything()
        self.sim.fault("wrong_total", path=APPS, times=0, delta=5000)
        self.sync(code=None)
        self.assert_nothing_lost(before)


if __name__ == "__main__":
    unittest.main()
