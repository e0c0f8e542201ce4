"""ServiceDesk Plus: assets that are devices."""

import json
import unittest

from manageengine import SCOPES, ManageEngineCase

HOST = "sdpondemand.manageengine.eu"
READ_ASSETS, = SCOPES["manageengine_servicedesk_plus"]


class DeskCase(ManageEngineCase):
    VENDOR = "manageengine_servicedesk_plus"


class FirstSync(DeskCase):
    TENANTS = [{"vendor": "manageengine", "region": region, "devices": 260,
                "servicedesk_plus": {"end": end, "max_rows": most}}
               for region, end, most in (("eu", "false", 100), ("au", "absent", 37))]

    def test_the_store_equals_the_truth_and_stays(self):
        self.join_and_sync()
        self.assert_truth()
        self.assert_state("ok", self.slug)
        before = self.muster.everything(self.slug)
        self.sync(account=self.slug)
        self.assert_untouched(before)

    def test_hosts_that_follow_no_rule_and_pages_that_are_smaller_than_asked(self):
        self.join_and_sync(account="au", region="au", typed="accounts.zoho.com.au")
        self.assert_truth(f"{self.VENDOR}/au", "servicedeskplus.net.au")

    def test_it_asks_with_json_in_the_query_and_in_a_stable_order(self):
        self.must_join()
        self.sim.clear_ledger()
        self.sync(account=self.slug)
        for entry in self.sim.ledger(host=HOST):
            asked = json.loads(entry["query"]["input_data"])["list_info"]
            self.assertEqual((asked["sort_field"], asked["row_count"]), ("id", 100))
            self.assertEqual(entry["headers"]["accept"], "application/vnd.manageengine.sdp.v3+json")

    def test_changes_and_removals(self):
        self.join_and_sync()
        for op in ("rename", "reassign", "retire"):
            self.sim.change(HOST, op)
        self.sim.change(HOST, "add_machines", count=4)
        self.sync(account=self.slug)
        self.assert_truth()


class Failures(DeskCase):
    def tearDown(self):
        self.sim.change(HOST, "fail", is_failing=False)

    def test_a_failure_with_status_200_removes_nothing(self):
        self.join_and_sync()
        before = self.muster.everything(self.slug)
        self.sim.change(HOST, "fail")
        for _ in range(2):
            self.assertNotEqual(self.sync(account=self.slug, code=None).code, 0)
            self.assertIn("says that it failed", self.muster.last_session(self.slug)["error"])
            self.assert_untouched(before)
        self.assertNotEqual(self.join(account="other").code, 0)

    def test_a_portal_by_name_and_a_wrong_one(self):
        self.join_and_sync(account="named", settings=[f"portal=https://{HOST}/app/itdesk/ui/"])
        self.assertTrue(self.muster.rows("devices", f"{self.VENDOR}/named"))
        run = self.join(account="wrong", settings=["portal=nobody"])
        self.assertNotEqual(run.code, 0)
        self.assertIn("name of the portal", run.said)

    def test_a_missing_scope_is_named(self):
        run = self.join(code=self.code(["MDMOnDemand.MDMUser.READ"]))
        self.assertIn(READ_ASSETS, run.said)


if __name__ == "__main__":
    unittest.main()
