"""kill -9 in the middle of each ManageEngine sync: the next one makes up for it, and what a connector
notes for itself (apps that need not be read again) never runs ahead of the rows."""

import contextlib
import os
import signal
import unittest

from manageengine import ManageEngineCase

MOMENTS = (2, 5, 9, 14, 20)


class KillCase(ManageEngineCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 40, "titles": 400}]

    def kill_at(self, requests):
        """Ends a sync once so many requests have been answered, or after it is done."""
        self.sim.clear_ledger()
        process = self.muster.start("sync", self.slug)
        self.wait_for(lambda: len(self.sim.ledger(host=self.host)) >= requests
                      or process.poll() is not None)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def missing(self):
        """What the truth has and the store has not. Apps that nobody has any more may stay until
        everything is read again: devices that did not report are not asked for theirs."""
        return [line for line in self.untrue() if not line.startswith("apps: too much")]

    def slow_kill(self, children, requests):
        """The vendor is slow for one device at a time, so that some of them are stored by then."""
        self.sim.fault("delay", path=children, times=0, seconds=0.4)
        self.kill_at(requests)
        self.sim.clear_faults()
        self.sync(account=self.slug)
        self.assertEqual(self.missing(), [])

    def check_kills(self, children):
        self.must_join()
        self.slow_kill(children, 20)
        for requests in (12, 16, 20):
            self.sim.change(self.host, "add_machines", count=24)
            self.slow_kill(children, requests)
        for turn, requests in enumerate(MOMENTS):
            self.sim.change(self.host, ("install", "uninstall")[turn % 2])
            self.sim.change(self.host, "add_machines", count=2)
            self.kill_at(requests)
        self.sync("--full", account=self.slug)
        self.assert_truth()
        self.assert_state("ok", self.slug)


class Mdm(KillCase):
    VENDOR = "manageengine_mdm"

    def test_it_makes_up_for_a_kill(self):
        self.check_kills("*/apps")


class EndpointCentral(KillCase):
    VENDOR = "manageengine_endpoint_central"

    def test_it_makes_up_for_a_kill(self):
        self.check_kills("*/installedsoftware")


class ServiceDeskPlus(KillCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 700,
                "servicedesk_plus": {"max_rows": 25}}]
    VENDOR = "manageengine_servicedesk_plus"

    def test_it_makes_up_for_a_kill(self):
        self.must_join()
        for requests in MOMENTS:
            self.kill_at(requests)
        self.sync(account=self.slug)
        self.assert_truth()


if __name__ == "__main__":
    unittest.main()
