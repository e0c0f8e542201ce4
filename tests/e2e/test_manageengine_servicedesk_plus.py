"""ServiceDesk Plus: assets that are devices; and one laptop, told by three products, is one."""

import json
import unittest

from manageengine import ManageEngineCase

HOST = "sdpondemand.manageengine.eu"
READ_ASSETS = "SDPOnDemand.assets.READ"


class DeskCase(ManageEngineCase):
    VENDOR, HOST = "manageengine_servicedesk_plus", HOST


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
        host = "servicedeskplus.net.au"
        run = self.join(account="au", data_center="accounts.zoho.com.au", host=host)
        self.assertEqual(run.code, 0, run)
        self.sync(account=f"{self.VENDOR}/au")
        self.assert_truth(f"{self.VENDOR}/au", host)

    def test_it_asks_with_json_in_the_query_and_in_a_stable_order(self):
        self.assertEqual(self.join().code, 0)
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
        self.assertNotEqual(self.sync(account=self.slug, code=None).code, 0)
        self.assert_untouched(before)
        self.assertNotEqual(self.join(account="other").code, 0)

    def test_a_portal_by_name_and_a_wrong_one(self):
        run = self.muster.connect_vendor(
            self.sim, self.VENDOR, HOST, ("data_center", ".eu"), ("client_secret", None), "named",
            ("--set", "client_id=1000.TEST", "--set", f"portal=https://{HOST}/app/itdesk/ui/"))
        self.assertEqual(run.code, 0, run)
        self.sync(account=f"{self.VENDOR}/named")
        self.assertTrue(self.muster.rows("devices", f"{self.VENDOR}/named"))
        run = self.muster.connect_vendor(
            self.sim, self.VENDOR, HOST, ("data_center", ".eu"), ("client_secret", None), "wrong",
            ("--set", "client_id=1000.TEST", "--set", "portal=nobody"))
        self.assertNotEqual(run.code, 0)
        self.assertIn("name of the portal", run.said)

    def test_a_missing_scope_is_named(self):
        run = self.join(token=self.grant("MDMOnDemand.MDMUser.READ"))
        self.assertIn(READ_ASSETS, run.said)


class OneLaptop(ManageEngineCase):
    """Three accounts of one organisation."""

    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 48}]
    HOSTS = {"manageengine_mdm": "mdm.manageengine.eu",
             "manageengine_endpoint_central": "endpointcentral.manageengine.eu",
             "manageengine_servicedesk_plus": HOST}

    def setUp(self):
        self.VENDOR = "manageengine_mdm"
        super().setUp()

    def test_a_serial_number_is_one_device_whoever_tells_of_it(self):
        serials = {}
        for vendor, host in self.HOSTS.items():
            self.VENDOR = vendor
            if vendor != "manageengine_mdm":
                self.copy_connector()
            self.join_and_sync(host=host)
            for row in self.sim.truth(host)["devices"]:
                serial = (row["serial_number"] or "").upper()
                serials[serial] = serials.get(serial, 0) + 1
        serials.pop("", None)
        self.assertIn(3, serials.values())
        shown = self.muster.query("SELECT upper(serial_number) AS serial, source_count "
                                  "FROM inventory WHERE serial_number IS NOT NULL")
        self.assertEqual({row["serial"]: row["source_count"] for row in shown}, serials)


if __name__ == "__main__":
    unittest.main()
