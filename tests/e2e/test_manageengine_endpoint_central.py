"""Endpoint Central: the store equals the truth, whatever its keys are called and its pages hold."""

import unittest

from manageengine import SCOPES, ManageEngineCase

HOST = "endpointcentral.manageengine.eu"
READ_SOM, READ_INVENTORY, READ_PATCHES = SCOPES["manageengine_endpoint_central"]


class CentralCase(ManageEngineCase):
    VENDOR = "manageengine_endpoint_central"


class FirstSync(CentralCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 70, "apps_per_device": 5,
                "endpoint_central": {"page_max": 20}}]

    def test_the_store_equals_the_truth_and_stays(self):
        self.join_and_sync()
        self.assert_truth()
        self.assert_state("ok", self.slug)
        before = self.muster.everything(self.slug)
        self.sim.clear_ledger()
        self.sync(account=self.slug)
        self.assert_untouched(before)
        for once in ("compdetailssummary", "installedsoftware"):
            self.assertEqual(self.asked(once), [])

    def test_a_summary_of_patches_is_a_query(self):
        self.join_and_sync()
        shown = self.muster.query(
            "SELECT custom ->> '$.patch_health' AS health, count(*) AS computers, "
            "sum(custom ->> '$.patches_missing') AS missing FROM live_devices GROUP BY health")
        wanted: dict = {}
        for row in self.sim.truth(HOST)["devices"]:
            count, missing = wanted.get(row["custom.patch_health"], (0, 0))
            wanted[row["custom.patch_health"]] = (
                count + 1, missing + (row["custom.patches_missing"] or 0))
        self.assertEqual({row["health"]: (row["computers"], row["missing"]) for row in shown}, wanted)

    def test_ids_are_exact(self):
        self.join_and_sync()
        ids = {int(row["source_id"]) for row in self.muster.rows("devices", self.slug)}
        self.assertTrue(ids and all(one > 2**53 and one % 2 for one in ids))

    def test_changes_and_removals(self):
        self.join_and_sync()
        for op in ("rename", "reassign", "install", "uninstall", "retire"):
            self.sim.change(HOST, op)
        self.sim.change(HOST, "add_machines", count=6)
        self.sim.change(HOST, "remove_machines", count=3)
        self.sync(account=self.slug)
        self.assert_truth()


class Spellings(CentralCase):
    TENANTS = [{"vendor": "manageengine", "region": region, "devices": 30,
                "endpoint_central": {"keys": keys, "scan_has_servicetag": has}}
               for region, keys, has in (("eu", "plain", True), ("in", "prefixed", False))]

    def test_keys_with_and_without_their_tables_names(self):
        self.join_and_sync()
        self.assert_truth()
        self.assertEqual(self.asked("compdetailssummary"), [])
        self.join_and_sync(account="in", region="in", typed="accounts.zoho.in")
        self.assert_truth(f"{self.VENDOR}/in", self.host_of(self.VENDOR, "in"))


class Failures(CentralCase):
    def tearDown(self):
        self.sim.change(HOST, "heal")

    def test_a_missing_scope_degrades_and_is_named(self):
        run = self.must_join(code=self.code([READ_SOM]))
        self.assertIn(READ_INVENTORY, run.said)
        self.sync(account=self.slug, code=None)
        self.assert_state("degraded", self.slug)
        self.assertTrue(self.muster.rows("devices", self.slug))

    def test_a_failure_with_status_200_removes_nothing(self):
        self.join_and_sync()
        before = self.muster.everything(self.slug)
        for entity in ("som/computers", "inventory/installedsoftware", "som/remoteoffice"):
            self.sim.change(HOST, "fail", entity=entity)
        self.sim.change(HOST, "check_in")
        run = self.sync(account=self.slug, code=None)
        self.assertNotEqual(run.code, 0)
        after = self.muster.everything(self.slug)
        for entity in ("devices", "device_apps", "apps"):
            self.assertEqual(len(after[entity]), len(before[entity]))
            self.assertFalse([row for row in after[entity] if row["removed_at"]])


class Refused(CentralCase):
    """One scope after the other is missing: what needs it is left out, with the scope's name."""

    LOST = {READ_INVENTORY: ("device_apps", "apps"), READ_PATCHES: ()}

    def test_each_scope_costs_what_needs_it(self):
        for scope, lost in self.LOST.items():
            with self.subTest(scope=scope):
                account = scope.split(".")[1].lower()
                rest = [one for one in SCOPES[self.VENDOR] if one != scope]
                run = self.must_join(code=self.code(rest), account=account)
                self.assertIn(f"not granted  {scope}", run.said)
                slug = f"{self.VENDOR}/{account}"
                self.sync(account=slug, code=None)
                self.assert_state("degraded", slug)
                self.sim.clear_ledger()
                self.sync(account=slug, code=None)
                self.assertIn(scope, self.muster.account(slug)["state_reason"])
                self.assertEqual(self.token_calls(), [])
                for entity, rows in self.sim.truth(HOST).items():
                    self.assertEqual(len(self.muster.rows(entity, slug)),
                                     0 if entity in lost else len(rows), entity)

    def test_without_computers_no_account_is_made(self):
        run = self.join(code=self.code([READ_INVENTORY, READ_PATCHES]))
        self.assertNotEqual(run.code, 0)
        self.assertIn(f'"{READ_SOM}" is missing, which computers needs', run.said)
        self.assertEqual(self.muster.query("SELECT id FROM accounts"), [])


class Gone(CentralCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu",
                "endpoint_central": {"gone": ["patch/allsystems"]}}]

    def test_a_part_that_the_vendor_removed_is_no_empty_list(self):
        self.must_join()
        self.sync(account=self.slug, code=None)
        self.assert_state("degraded", self.slug)
        account = self.muster.account(self.slug)
        self.assertIn("removed this part", account["state_reason"] + account["state_way_out"])


if __name__ == "__main__":
    unittest.main()
