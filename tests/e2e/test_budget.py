"""Who draws on one budget of requests: accounts that share a credential, connectors of one provider,
everybody of a tenant. Rates of an hour, so that no clock plays a part."""

import pathlib
import sqlite3
import unittest

from harness import E2eCase
from jumpcloud_case import JumpCloudCase

HOST = "acme.fleet.example"
FLEET = pathlib.Path(__file__).parent / "vendors" / "fleet.lua"
LIMITED = 'auth = { kind = "bearer", token = "token" },'


class FleetBudget(E2eCase):
    """A sync of two devices is four requests: six of an hour are one and a half."""

    TENANTS = [{"vendor": "fleet", "devices": 2, "apps_per_device": 1}]

    def write_connector(self, vendor, shared):
        text = FLEET.read_text().replace('id = "fleet"', f'id = "{vendor}", provider = "fleet"')
        limits = f'limits = {{ rates = {{ "6/h" }}, shared = "{shared}" }},'
        self.assertIn(LIMITED, text)
        (self.muster.project / "vendors" / f"{vendor}.lua").write_text(
            text.replace(LIMITED, f"{LIMITED} {limits}"))

    def connect_fleet(self, vendor, account, credential=None):
        words = self.muster.connect_words(self.sim, vendor, HOST, ("address", HOST),
                                          ("token", None), account)
        if credential:
            at = words.index("--secret-file")
            words[at:at + 2] = ["--credential", credential]
        self.muster.must(*words)
        self.forget_tests()

    def forget_tests(self):
        """A connection test is a request, too."""
        with sqlite3.connect(self.muster.project / ".muster" / "muster.db") as opened:
            opened.execute("DELETE FROM limits")

    def assert_left(self, vendor, account, is_left):
        run = self.muster.run("sync", f"{vendor}/{account}", "--json")
        self.assertEqual("rate limit used up" in run.said, not is_left, run)

    def test_accounts_of_one_credential_count_together(self):
        self.write_connector("fleet", "credential")
        self.connect_fleet("fleet", "one")
        self.connect_fleet("fleet", "two", credential="fleet/one")
        self.connect_fleet("fleet", "three")
        self.assert_left("fleet", "one", True)
        self.assert_left("fleet", "two", False)
        self.assert_left("fleet", "three", True)

    def test_connectors_of_one_provider_count_together_where_they_say_so(self):
        for shared, is_left in (("credential", True), ("provider", False)):
            self.muster = self.new_project()
            for vendor in ("fleet", "fleet_more"):
                self.write_connector(vendor, shared)
            self.connect_fleet("fleet", "one")
            self.connect_fleet("fleet_more", "one", credential="fleet/one")
            self.assert_left("fleet", "one", True)
            self.assert_left("fleet_more", "one", is_left)

    def test_credentials_of_one_tenant_count_together_where_the_vendor_counts_so(self):
        self.write_connector("fleet", "tenant")
        for account in ("one", "two"):
            self.connect_fleet("fleet", account)
        self.assert_left("fleet", "one", True)
        self.assert_left("fleet", "two", False)


class JumpCloudBudget(JumpCloudCase):
    OPTIONS = {"devices": 1, "apps_per_device": 0, "plain": True}
    RATE = 25  # a test, the whole directory, and not all of the devices

    def test_one_key_is_one_budget_for_both_connectors(self):
        self.overlay(rates=f'{{ "{self.RATE}/h" }}')
        self.connect()
        words = self.connect_words(vendor="jumpcloud_mdm")
        at = words.index("--secret-file")
        words[at:at + 2] = ["--credential", "jumpcloud/acme"]
        self.muster.must(*words)
        self.sim.clear_ledger()
        self.run_sync()
        run = self.run_sync(account="jumpcloud_mdm/acme", code=None)
        self.assertIn("rate limit used up", run.said)
        self.assertLessEqual(len(self.sim.ledger()), self.RATE)


if __name__ == "__main__":
    unittest.main()
