"""kill -9 in the middle of each ManageEngine sync: the next one makes up for it, and what a connector
notes for itself (apps that need not be read again) never runs ahead of the rows."""

import contextlib
import os
import signal
import unittest

from manageengine import ManageEngineCase, differences

MOMENTS = (2, 5, 9, 14, 20)


class KillCase(ManageEngineCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 40, "titles": 400}]

    def kill_at(self, requests):
        """Ends a sync once so many requests have been answered, or after it is done."""
        self.sim.clear_ledger()
        process = self.muster.start("sync", self.slug)
        self.wait_for(lambda: len(self.sim.ledger(host=self.HOST)) >= requests
                      or process.poll() is not None)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def missing(self):
        """What the truth has and the store has not. Apps that nobody has any more may stay until
        everything is read again: devices that did not report are not asked for theirs."""
        truth = self.sim.truth(self.HOST)
        return [line for entity, rows in truth.items()
                for line in differences(entity, self.muster.rows(entity, self.slug), rows)
                if not line.startswith("apps: too much")]

    def slow_kill(self, children, requests):
        """The vendor is slow for one device at a time, so that some of them are stored by then."""
        self.sim.fault("delay", path=children, times=0, seconds=0.4)
        self.kill_at(requests)
        self.sim.clear_faults()
        self.sync(account=self.slug)
        self.assertEqual(self.missing(), [])

    def check_kills(self, children):
        self.assertEqual(self.join().code, 0)
        self.slow_kill(children, 20)
        for requests in (12, 16, 20):
            self.sim.change(self.HOST, "add_machines", count=24)
            self.slow_kill(children, requests)
        for turn, requests in enumerate(MOMENTS):
            self.sim.change(self.HOST, ("install", "uninstall")[turn % 2])
            self.sim.change(self.HOST, "add_machines", count=2)
            self.kill_at(requests)
        self.sync("--full", account=self.slug)
        self.assert_truth()
        self.assert_state("ok", self.slug)


class Mdm(KillCase):
    VENDOR, HOST = "manageengine_mdm", "mdm.manageengine.eu"

    def test_it_makes_up_for_a_kill(self):
        self.check_kills("*/apps")


class EndpointCentral(KillCase):
    VENDOR, HOST = "manageengine_endpoint_central", "endpointcentral.manageengine.eu"

    def test_it_makes_up_for_a_kill(self):
        self.check_kills("*/installedsoftware")


class ServiceDeskPlus(KillCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 700,
                "servicedesk_plus": {"max_rows": 25}}]
    VENDOR, HOST = "manageengine_servicedesk_plus", "sdpondemand.manageengine.eu"

    def test_it_makes_up_for_a_kill(self):
        self.assertEqual(self.join().code, 0)
        for requests in MOMENTS:
            self.kill_at(requests)
        self.sync(account=self.slug)
        self.assert_truth()


if __name__ == "__main__":
    unittest.main()
