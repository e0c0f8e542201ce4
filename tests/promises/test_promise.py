"""The framework itself: a promise that is not kept fails, a fault that is not noticed fails."""

import contextlib
import pathlib
import re
import unittest

from promises.promise import FOLDER, Promise, all_promises, run

FAULTS = FOLDER.parents[1] / "host" / "base" / "sabotage.c"


class Sample(Promise):
    """Bad at the places it is told."""

    def __init__(self, *bad):
        self.bad = bad
        self.closed = False

    def check(self, volume, draw):
        with contextlib.ExitStack() as stack:
            stack.callback(setattr, self, "closed", True)
            for number in range(volume):
                yield f"case {number}" if number in self.bad else None


class Judgement(unittest.TestCase):
    def judge(self, *bad, volume=5, fault=None):
        sample = Sample(*bad)
        result = run(sample, volume, 1, "release", fault)
        self.assertTrue(sample.closed or not volume)
        return result

    def test_kept(self):
        self.assertTrue(self.judge().passed)

    def test_not_kept(self):
        result = self.judge(1, 3)
        self.assertFalse(result.passed)
        self.assertEqual((result.cases, result.bad), (5, ["case 1", "case 3"]))

    def test_nothing_tested_is_nothing_kept(self):
        self.assertFalse(self.judge(volume=0).passed)

    def test_what_met_nothing_is_nothing_kept(self):
        sample = Sample()
        sample.struck = 2
        result = run(sample, 5, 1, "release", None)
        self.assertEqual(result.bad, ["only 2 of 5 were struck"])
        sample.struck = 3
        self.assertTrue(run(sample, 5, 1, "release", None).passed)

    def test_what_met_nothing_is_no_fault_noticed(self):
        sample = Sample()
        sample.struck = 0
        self.assertFalse(run(sample, 5, 1, "release", "any").passed)

    def test_fault_noticed(self):
        result = self.judge(1, 3, fault="any")
        self.assertTrue(result.passed)
        self.assertEqual(result.cases, 2, "nobody asks on after the first bad case")

    def test_fault_not_noticed(self):
        self.assertFalse(self.judge(fault="any").passed)


class Rows(unittest.TestCase):
    def test_each_has_a_fault_or_says_in_its_text_why_not(self):
        for promise in all_promises().values():
            with self.subTest(promise.id):
                says_why = "no fault" in (promise.__doc__ or "").lower()
                self.assertTrue(promise.faults or says_why)

    def test_the_host_has_the_faults_and_each_is_used(self):
        known = set(re.findall(r'= "([a-z-]+)"', pathlib.Path(FAULTS).read_text()))
        used = {fault for promise in all_promises().values()
                for fault in promise.faults + promise.full_faults}
        self.assertEqual(known, used)


if __name__ == "__main__":
    unittest.main()
