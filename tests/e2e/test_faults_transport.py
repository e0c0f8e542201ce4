"""Transport and status: what passes is retried and unseen, what stays is an error with a name."""

import time
import unittest

from e2e.fault_case import DEVICES, FaultCase, faults_of
from e2e.fault_tables import PASSING, STAYING
from e2e.harness import ACCOUNT, HOST


@faults_of(*PASSING)
class Passing(FaultCase):
    """Each strikes once. The sync succeeds exactly; where the fault shows in the body alone it may
    also be refused, for the host does not read inventories."""

    def test_retries_are_counted(self):
        self.sim.fault("server_error", path=DEVICES, page=2, times=2)
        self.sync()
        self.assertEqual(self.muster.last_session()["retries"], 2)
        self.assert_true()

    def test_never_earlier_than_the_vendor_asked(self):
        self.sim.clear_ledger()
        self.sim.fault("too_many_requests", path=DEVICES, page=2, retry_after=2)
        self.sync()
        first, second = (entry["time"] for entry in self.sim.ledger(path=DEVICES, page=2))
        self.assertGreaterEqual(second - first, 2)


@faults_of(*STAYING)
class Staying(FaultCase):
    """Each strikes until it is cleared: an error, and nothing lost."""

    def test_other_hosts_see_nothing(self):
        self.sim.fault("redirect", path=DEVICES, times=0, to="https://beta.api.kandji.io/api")
        self.sim.clear_ledger()
        self.sync(code=None)
        self.assertEqual({entry["host"] for entry in self.sim.ledger()}, {HOST})

    def test_retries_are_bounded(self):
        self.sim.fault("server_error", path=DEVICES, times=0)
        self.sim.clear_ledger()
        self.sync(code=None)
        self.assertLessEqual(len(self.sim.ledger(path=DEVICES)), 6)


class Far(FaultCase):
    """In a class of its own, because the wait that was asked for is kept in the store."""

    def test_a_far_retry_after_ends_the_session_instead_of_sleeping(self):
        self.sim.fault("too_many_requests", path=DEVICES, page=2, times=0, retry_after=99999999)
        start = time.monotonic()
        run = self.sync(code=None)
        self.assertEqual(run.code, 5, run)
        self.assertLess(time.monotonic() - start, 120)
        self.assert_true()


class Accounts(FaultCase):
    def test_an_error_reaches_the_state_and_the_person(self):
        self.sim.fault("server_error", path=DEVICES, times=0)
        run = self.muster.run("sync", ACCOUNT)
        self.assertEqual(run.code, 5, run)
        self.assertIn("500", run.err)
        self.assertIn(ACCOUNT, run.err)
        self.assertIn("500", self.muster.must("status").out
                      + self.muster.account()["state_reason"])


if __name__ == "__main__":
    unittest.main()
