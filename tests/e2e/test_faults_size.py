"""Answers that are meant to eat memory or time: a cap with a name ends them."""

import resource
import time
import unittest

from e2e.fault_case import DEVICES, FaultCase, faults_of
from e2e.fault_tables import SIZES
from e2e.harness import ACCOUNT


@faults_of(*SIZES)
class Size(FaultCase):
    """Each strikes page 2 until it is cleared."""

    def check_fault(self, case):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        super().check_fault(case)
        grown_mib = (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - before) >> 10
        self.assertLess(grown_mib, 192, "one answer must not fill the memory")


class Slow(FaultCase):
    """The low-speed and total limits of one request, once each: they take their time."""

    def check_slow(self, fault, **params):
        before = self.muster.everything()
        self.sim.fault(fault, path=DEVICES, page=2, times=0, **params)
        start = time.monotonic()
        process = self.muster.start("sync", ACCOUNT, "--json")
        self.addCleanup(process.wait)
        self.wait_for(lambda: self.sim.faults()[0]["hits"] >= 2, 100)
        self.assertGreater(time.monotonic() - start, 5, "the limit cannot be that short")
        process.terminate()
        self.assertEqual(process.communicate(timeout=60)[0].strip()[:1], b"{")
        self.assert_nothing_lost(before)
        self.sim.clear_faults()

    def test_one_byte_a_second_is_given_up(self):
        self.check_slow("slow_bytes", per_second=1)

    def test_no_answer_is_given_up(self):
        self.check_slow("stall", seconds=600)


if __name__ == "__main__":
    unittest.main()
