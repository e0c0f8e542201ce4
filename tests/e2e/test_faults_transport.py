"""Transport and status: what passes is retried and unseen, what stays is an error with a name."""

import time
import unittest

from fault_case import APPS, Case, DEVICES, FAILED, FaultCase, OK, PARTIAL, faults_of
from harness import ACCOUNT, HOST

ANY = (OK, PARTIAL, FAILED)


def once(fault, path=DEVICES, outcomes=(OK,), **params):
    """A fault that the next try gets past."""
    name = "_".join(["once", fault, *map(str, params.values())])
    return Case(fault, params, path=path, times=1, outcomes=outcomes, name=name)


@faults_of(
    once("too_many_requests", retry_after=1),
    once("too_many_requests", retry_after=None),
    once("too_many_requests", retry_after="date", ahead_s=1),
    once("too_many_requests", retry_after="-1"),
    once("too_many_requests", retry_after="soon"),
    once("too_many_requests", path=APPS, retry_after=1),
    once("server_error"), once("server_error", status=502, shape="empty"),
    once("server_error", status=504), once("server_error", status=408),
    once("unavailable", retry_after=1), once("unavailable", path=APPS),
    once("cut_body", after=700), once("cut_body", path=APPS, after=0),
    once("reset", after=700), once("reset", after=-1), once("early_close"),
    once("wrong_content_length", delta=10), once("chunked"), once("delay", seconds=0.5),
    once("wrong_content_length", outcomes=ANY, delta=-10),
    once("truncated_json", outcomes=ANY), once("corrupt_gzip", outcomes=ANY),
)
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


@faults_of(
    Case("server_error", {}, outcomes=(FAILED,), says=r"500"),
    Case("server_error", {}, path=APPS, says=r"500"),
    Case("cut_body", {"after": 700}, says=r"short|clos|end|transfer|incomplete|cut"),
    Case("reset", {"after": 700}, path=APPS, says=r"reset|recv|connection"),
    Case("not_found", {}, says=r"404|api url"),
    Case("expired_cursor", {}, path=APPS, says=r"400|cursor"),
    Case("redirect", {"status": 302}, says=r"redirect|302"),
    Case("redirect", {"status": 301, "to": "http://acme.api.kandji.io/"}, says=r"redirect|301"),
    Case("redirect", {"status": 307, "to": "//evil.example/x"}, path=APPS, says=r"redirect|307"),
    Case("redirect", {"status": 308, "to": "https://acme.api.kandji.io@evil.example/"},
         says=r"redirect|308"),
    Case("not_http", {}, says=r"http|protocol|response"),
    Case("bad_header", {}, says=r"header"),
    Case("bad_header", {"line": "X-Nul: a\x00b"}, says=r"header"),
    Case("unknown_content_encoding", {}, says=r"encoding"),
)
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
