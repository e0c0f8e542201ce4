"""MDM Cloud: the store equals the truth, whatever it pages and spells like."""

import unittest

from harness import REPOSITORY
from manageengine import SCOPES, ManageEngineCase

HOST = "mdm.manageengine.eu"
READ_USERS, READ_INVENTORY, READ_DEVICES = SCOPES["manageengine_mdm"]


class MdmCase(ManageEngineCase):
    VENDOR = "manageengine_mdm"


class FirstSync(MdmCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 130, "apps_per_device": 5}]

    def test_the_store_equals_the_truth_and_stays(self):
        self.join_and_sync()
        self.assert_truth()
        self.assert_state("ok", self.slug)
        before = self.muster.everything(self.slug)
        self.sync(account=self.slug)
        self.assert_untouched(before)

    def test_apps_of_devices_that_did_not_report_are_not_asked_for_again(self):
        self.join_and_sync()
        serial = self.sim.change(HOST, "install")["serial"]
        self.sim.clear_ledger()
        self.sync(account=self.slug)
        self.assert_truth()
        asked = {entry["path"] for entry in self.sim.ledger(host=HOST)
                 if entry["path"].endswith("/apps")}
        never_seen = self.muster.value("SELECT count(*) FROM devices WHERE last_seen_at IS NULL")
        self.assertEqual(len(asked), 1 + never_seen, (serial, asked))

    def test_changes_and_removals(self):
        self.join_and_sync()
        for op in ("rename", "reassign", "install", "uninstall", "check_in"):
            self.sim.change(HOST, op)
        self.sim.change(HOST, "add_machines", count=5)
        self.sim.change(HOST, "remove_machines", count=4)
        self.sim.change(HOST, "retire")
        self.sim.change(HOST, "remove_person")
        self.sync(account=self.slug)
        self.assert_truth()


class Pagings(MdmCase):
    TENANTS = [{"vendor": "manageengine", "region": region, "devices": 400, "apps_per_device": 1,
                "mdm": {"paging": paging, "page_max": most}}
               for region, paging, most in (
                   ("eu", "full", 100), ("in", "skip_token", 100), ("jp", "no_link", 100),
                   ("uk", "bare", 200), ("sa", "full", 133))]

    def test_however_it_pages(self):
        for suffix in ("eu", "in", "jp", "uk", "sa"):
            with self.subTest(suffix=suffix):
                host = f"mdm.manageengine.{suffix}"
                self.must_join(account=suffix, region=suffix)
                account = f"{self.VENDOR}/{suffix}"
                self.sync("--stream", "users", "--stream", "devices", account=account)
                truth = self.sim.truth(host)
                for entity in ("users", "devices"):
                    ids = {row["source_id"] for row in self.muster.rows(entity, account)}
                    self.assertEqual(ids, {row["source_id"] for row in truth[entity]})

    def test_a_row_that_comes_between_is_not_lost(self):
        self.sim.fault("drift_insert", host=HOST, path="/api/v1/mdm/devices", page=1)
        self.must_join()
        self.sync("--stream", "devices", account=self.slug, code=None)
        self.sync("--stream", "devices", account=self.slug)
        ids = {row["source_id"] for row in self.muster.rows("devices", self.slug)}
        self.assertEqual(ids, {row["source_id"] for row in self.sim.truth(HOST)["devices"]})


class Links(MdmCase):
    """The connector's token goes to the vendor's own host, whatever a link says."""

    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 160,
                "mdm": {"link_host": "mdm.manageengine.in"}},
               {"vendor": "manageengine", "region": "in", "devices": 1}]

    def test_a_link_to_another_host_is_not_followed(self):
        self.must_join()
        run = self.sync(account=self.slug, code=None)
        self.assertNotEqual(run.code, 0)
        self.assertEqual(self.sim.ledger(host="mdm.manageengine.in"), [])
        self.assertIn("mdm.manageengine.in", run.said + str(self.muster.last_session(self.slug)))


class Tables(MdmCase):
    MOVED = """local function moved(setting)
  setting.table.eu.mdm = "mdm.manageengine.in"
  return setting
end

"""

    def test_a_table_that_leads_elsewhere_waits_for_approval(self):
        self.join_and_sync()
        text = (REPOSITORY / "scripts" / "vendors" / "manageengine_mdm.lua").read_text()
        changed = text.replace("return {\n  contract", self.MOVED + "return {\n  contract")
        changed = changed.replace("zoho.data_center(", "moved(zoho.data_center(")
        changed = changed.replace('cannot be connected"),', 'cannot be connected")),')
        (self.muster.project / "vendors").mkdir(exist_ok=True)
        (self.muster.project / "vendors" / "manageengine_mdm.lua").write_text(changed)
        self.sim.clear_ledger()
        run = self.sync(account=self.slug, code=None)
        self.assertNotEqual(run.code, 0)
        self.assert_state("needs-approval", self.slug)
        self.assertIn("mdm.manageengine.in", run.said)
        self.assertEqual(self.sim.ledger(), [])


class Between(MdmCase):
    def test_a_device_that_goes_between_two_listings_is_no_failure(self):
        self.must_join()
        self.sim.fault("change_after", host=HOST, path="/api/v1/mdm/devices", op="remove_machines")
        self.sync("--stream", "devices", "--stream", "apps", account=self.slug)
        self.sync(account=self.slug)
        self.assert_truth()

    def test_a_token_that_is_over_in_the_middle_removes_nothing(self):
        self.join_and_sync()
        before = self.muster.everything(self.slug)
        self.sim.fault("body", path="/api/v1/mdm/groups", times=0, status=401,
                       value={"error_code": "INVALID_OAUTHTOKEN"})
        run = self.sync(account=self.slug, code=None)
        self.assertEqual(run.code, 4, run)
        self.assert_state("needs-auth", self.slug)
        self.assert_untouched(before)


class Numbers(MdmCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "mdm": {"numbers": True}}]

    def test_ids_that_are_numbers_beyond_a_double(self):
        self.join_and_sync()
        self.assert_truth()


class Empty(MdmCase):
    TENANTS = [{"vendor": "manageengine", "region": region, "devices": 0, "mdm": {"empty": empty}}
               for region, empty in (("eu", "204"), ("in", "nothing"), ("uk", "envelope"))]

    def test_nothing_is_no_failure_however_it_is_said(self):
        for suffix in ("eu", "in", "uk"):
            with self.subTest(suffix=suffix):
                self.must_join(account=suffix, region=suffix)
                self.sync(account=f"{self.VENDOR}/{suffix}")
                self.assertEqual(self.muster.rows("users", f"{self.VENDOR}/{suffix}"), [])


class Scopes(MdmCase):
    LOST = {READ_USERS: ("users", "licenses", "user_licenses"),
            READ_DEVICES: ("groups", "group_members")}

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
                self.assertIn(scope, self.muster.account(slug)["state_reason"])
                for entity, rows in self.sim.truth(HOST).items():
                    self.assertEqual(len(self.muster.rows(entity, slug)),
                                     0 if entity in lost else len(rows), entity)

    def test_without_devices_no_account_is_made(self):
        run = self.join(code=self.code([READ_USERS, READ_DEVICES]))
        self.assertNotEqual(run.code, 0)
        self.assertIn(f'"{READ_INVENTORY}" is missing, which devices needs', run.said)

    def test_inventory_alone_degrades_and_names_the_scopes(self):
        """The scopes of the asset load have neither users nor groups."""
        run = self.must_join(code=self.code([READ_INVENTORY]))
        self.assertIn(READ_USERS, run.said)
        self.sync(account=self.slug, code=None)
        self.assert_state("degraded", self.slug)
        account = self.muster.account(self.slug)
        self.assertIn(READ_USERS, account["state_reason"] + account["state_way_out"])
        self.assertEqual(len(self.muster.rows("devices", self.slug)),
                         len(self.sim.truth(HOST)["devices"]))

    def test_a_scope_that_is_taken_away_removes_nothing(self):
        self.join_and_sync()
        before = self.muster.everything(self.slug)
        self.muster.must("accounts", "reconnect", self.slug, "--no-input",
                         *self.secret_words(self.code([READ_INVENTORY])))
        self.sync(account=self.slug, code=None)
        self.assert_state("degraded", self.slug)
        self.assert_untouched(before)

    def test_what_is_no_data_centre_is_refused_before_anything_is_asked(self):
        self.sim.clear_ledger()
        for typed, said in (("mdm.acme.example:9383", "no server of your own"),
                            ("acounts.zoho.com.au", 'did you mean "accounts.zoho.com.au"?')):
            run = self.connect(typed=typed)
            self.assertNotEqual(run.code, 0)
            self.assertIn(said, run.said)
        self.assertEqual(self.sim.ledger(), [])


class Throttled(MdmCase):
    def test_a_lock_ends_the_session_and_removes_nothing(self):
        self.join_and_sync()
        before = self.muster.everything(self.slug)
        self.sim.fault("body", path="/api/v1/mdm/devices", times=0, status=400,
                       value={"error_code": 1002, "error_description": "locked"})
        run = self.sync(account=self.slug, code=None)
        self.assertNotEqual(run.code, 0)
        self.assert_untouched(before)


class Locked(MdmCase):
    """The vendor counts by endpoint and minute, and locks for five minutes who asks too much."""

    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 260, "apps_per_device": 1,
                "mdm": {"enforce_rate": True}}]

    def test_what_the_vendor_locks_is_left_alone_and_the_next_session_goes_on_there(self):
        self.must_join()
        self.sync(account=self.slug, code=None)
        self.assert_state("partial", self.slug)
        # 120, and six tries of the four that were under way
        self.assertLess(len(self.asked("/apps")), 150)
        self.sim.change(HOST, "forget_rates")
        self.sim.clear_ledger()
        self.sync(account=self.slug)
        self.assert_state("ok", self.slug)
        self.assertLess(len(self.asked("/apps")), 120)
        self.assert_truth()


class TwoOrganisations(MdmCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "organisations": ["acme", "beta"]}]

    def test_they_never_touch_each_other(self):
        self.join_and_sync()
        before = self.muster.everything(self.slug)
        self.join_and_sync(code=self.code(user="admin@beta.example"), account="beta")
        self.assert_truth(f"{self.VENDOR}/beta", organisation="beta")
        run = self.join(code=self.code(user="admin@beta.example"))
        self.assertNotEqual(run.code, 0)
        self.assertIn("is connected to the tenant", run.said)
        self.assert_untouched(before)


if __name__ == "__main__":
    unittest.main()
