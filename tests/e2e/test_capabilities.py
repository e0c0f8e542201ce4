"""muster vendors capabilities: what each vendor can give, and what an account does give."""

import unittest

from harness import ACCOUNT, E2eCase, HOST
from jumpcloud_case import JumpCloudCase

MISSING_CODE = 7
DEVICE_LIST, APPLICATIONS = "Device list", "Applications"
ALWAYS = {"several_accounts"}

# What is not "no" of each delivered vendor, by the product statements and the fact sheets.
GIVES = {
    "jumpcloud": {"users", "user_status", "device_users", "sso_apps", "groups", "group_members",
                  "incremental"},
    "jumpcloud_mdm": {"users", "user_status", "devices", "device_users", "managed_apps",
                      "unmanaged_apps", "incremental"},
    "kandji": {"users", "user_status", "licenses", "devices", "groups", "group_members",
               "unmanaged_apps"},
    "manageengine_endpoint_central": {"devices", "unmanaged_apps", "groups", "group_members"},
    "manageengine_mdm": {"users", "licenses", "devices", "unmanaged_apps", "groups",
                         "group_members"},
    "manageengine_servicedesk_plus": {"devices"},
    "workspace_one_uem": {"users", "user_status", "licenses", "devices", "managed_apps",
                          "unmanaged_apps", "groups", "group_members"},
}


def states(one):
    return {entry["capability"]: entry["state"] for entry in one["capabilities"]}


def entry_of(one, capability):
    found, = (entry for entry in one["capabilities"] if entry["capability"] == capability)
    return found


class OfVendors(E2eCase):
    TENANTS = []

    @classmethod
    def setUpClass(cls):
        """No simulator: nobody is asked."""

    def setUp(self):
        self.muster = self.new_project()

    def told(self, *names):
        return self.muster.must("vendors", "capabilities", "--json", *names).json()

    def test_each_vendor_gives_what_its_connector_reads(self):
        told = {one["vendor"]: one for one in self.told()}
        self.assertEqual({vendor: {name for name, state in states(one).items() if state == "yes"}
                          for vendor, one in told.items()},
                         {vendor: gives | ALWAYS for vendor, gives in GIVES.items()})
        rest = {state for one in told.values() for state in states(one).values()}
        self.assertEqual(rest, {"yes", "no"})

    def test_how_one_signs_in_and_what_it_takes(self):
        kandji, = self.told("kandji")
        self.assertEqual(kandji["auth"], ["bearer"])
        self.assertEqual(kandji["permissions"], [
            {"permission": "Device list (/api/v1/devices)", "streams": ["devices"]},
            {"permission": "Applications (/api/v1/prism/apps)", "streams": ["apps"]}])
        workspace, = self.told("workspace_one_uem")
        self.assertEqual(workspace["auth"], ["basic", "oauth2 client"])

    def test_what_is_not_told_apart_is_said(self):
        kandji, mdm = self.told("kandji", "manageengine_mdm")
        self.assertIn("not told apart", entry_of(kandji, "managed_apps")["reason"])
        self.assertIn("does not tell", entry_of(mdm, "user_status")["reason"])

    def test_an_overlay_counts(self):
        (self.muster.project / "mappings" / "kandji.lua").write_text(
            'return { streams = { apps = { enabled = false } }, map = { user = { status = "x" } } }')
        kandji, = self.told("kandji")
        apps = entry_of(kandji, "unmanaged_apps")
        self.assertEqual((apps["state"], apps["reason"]), ("no", "the stream is switched off"))
        self.assertEqual(states(kandji)["user_status"], "yes")

    def test_origins_in_the_vendors_words_cannot_be_told(self):
        (self.muster.project / "mappings" / "kandji.lua").write_text(
            'return { map = { device_app = { origins = "source" } } }')
        kandji, = self.told("kandji")
        self.assertEqual(states(kandji)["managed_apps"], "unknown")

    def test_a_person_reads_it_in_eighty_columns(self):
        told = self.muster.must("vendors", "capabilities").out
        self.assertLessEqual(max(map(len, told.splitlines())), 80)
        for vendor in GIVES:
            self.assertIn(f"{vendor}: ", told)
        self.assertIn("Applications (/api/v1/prism/apps): apps", told)

    def test_each_vendor_says_where_to_find_what_it_asks_for_and_what_each_stream_needs(self):
        for vendor in GIVES:
            shown = self.muster.must("vendors", "show", vendor, "--json").json()
            self.assertTrue(shown["guide"], vendor)
            for setting in shown["settings"]:
                self.assertTrue(setting["help"], (vendor, setting["id"]))
            for stream in shown["streams"]:
                self.assertTrue(stream["needs"], (vendor, stream["stream"]))
        self.assertIn("  tenant_code    Groups & Settings > All Settings",
                      self.muster.must("vendors", "show", "workspace_one_uem").out)

    def test_a_setting_says_when_it_is_asked_for(self):
        shown = self.muster.must("vendors", "show", "workspace_one_uem", "--json").json()
        self.assertEqual({setting["id"]: setting["when"] for setting in shown["settings"]}["region"],
                         "sign_in=oauth")
        self.assertIn(["basic", "oauth"], [setting["choices"] for setting in shown["settings"]])

    def test_names_that_are_none(self):
        self.assertEqual(self.muster.run("vendors", "capabilities", "kandij").code, MISSING_CODE)
        self.assertEqual(self.muster.run("vendors", "capabilities", ACCOUNT).code, MISSING_CODE)


class OfAnAccount(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 4, "apps_per_device": 2}]

    def allow(self, *permissions):
        self.sim.change(HOST, "set_permissions", permissions=list(permissions))

    def told(self):
        one, = self.muster.must("vendors", "capabilities", ACCOUNT, "--json").json()
        self.assertEqual(one["account"], ACCOUNT)
        return one

    def setUp(self):
        super().setUp()
        self.allow(DEVICE_LIST, APPLICATIONS)

    def test_before_the_first_sync_nothing_can_be_told(self):
        self.connect()
        told = self.told()
        self.assertEqual(states(told)["devices"], "unknown")
        self.assertEqual(entry_of(told, "devices")["reason"], "never read")
        said = self.muster.must("vendors", "capabilities", ACCOUNT).out
        self.assertRegex(said, "cannot be told  users, user status, [^:]*: never\\s+read\n")

    def test_a_missing_permission_is_named_until_it_is_granted(self):
        self.allow(DEVICE_LIST)
        self.connect()
        self.sync(code=None)
        apps = entry_of(self.told(), "unmanaged_apps")
        self.assertEqual(apps["state"], "not_granted")
        self.assertEqual(apps["permissions"], ["Applications (/api/v1/prism/apps)"])
        said = self.muster.must("vendors", "capabilities", ACCOUNT).out
        self.assertIn("not granted     unmanaged apps: Applications (/api/v1/prism/apps)\n", said)
        self.allow(DEVICE_LIST, APPLICATIONS)
        self.sync("--dry-run")
        self.assertEqual(states(self.told())["unmanaged_apps"], "yes")

    def test_of_a_stream_that_waits_for_another_that_one_is_named(self):
        self.connect()
        self.sync()
        self.allow(APPLICATIONS)
        self.sync(code=None)
        told = self.told()
        self.assertEqual({states(told)[name] for name in ("users", "devices", "unmanaged_apps")},
                         {"not_granted"})
        self.assertEqual(entry_of(told, "unmanaged_apps")["permissions"],
                         ["Device list (/api/v1/devices)"])

    def test_another_failure_says_nothing_of_permissions(self):
        self.connect()
        self.sync()
        self.sim.fault("null_list", path="/api/v1/prism/apps", times=0)
        self.sync(code=None)
        told = self.told()
        self.assertEqual(states(told)["unmanaged_apps"], "unknown")
        self.assertIn("prism/apps", entry_of(told, "unmanaged_apps")["reason"])
        self.assertEqual(states(told)["devices"], "yes")


class WithoutALicence(JumpCloudCase):
    VENDOR = "jumpcloud_mdm"
    OPTIONS = {"devices": 2, "apps_per_device": 1, "plain": True, "insights": 402}

    def test_what_the_plan_lacks(self):
        self.connect()
        self.run_sync(code=None)
        told, = self.muster.must("vendors", "capabilities", self.account, "--json").json()
        self.assertEqual({name: states(told)[name] for name in
                          ("managed_apps", "unmanaged_apps", "incremental")},
                         {"managed_apps": "yes", "unmanaged_apps": "not_licensed",
                          "incremental": "not_licensed"})
        self.assertIn("Directory Insights", entry_of(told, "unmanaged_apps")["permissions"][0])
        said = self.muster.must("vendors", "capabilities", self.account).out
        self.assertIn("not licensed    unmanaged apps, incremental: Directory Insights", said)
        self.assertEqual(said.count("unmanaged apps"), 1)


if __name__ == "__main__":
    unittest.main()
