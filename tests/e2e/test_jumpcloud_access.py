"""Keys, organisations, regions and roles of JumpCloud: what each refusal tells a person to do."""

import unittest

from jumpcloud_case import CONSOLE, INSIGHTS, TABLES, JumpCloudCase

DEGRADED_CODE = 3


class Refusals(JumpCloudCase):
    OPTIONS = {"devices": 2, "apps_per_device": 1, "plain": True}

    def refused(self, **options):
        run = self.muster.run(*self.connect_words(**options))
        self.assertNotEqual(run.code, 0, run)
        return run.said

    def test_a_wrong_key(self):
        self.assertIn("My API Key", self.refused(key="wrong"))

    def test_a_key_that_is_replaced_needs_a_new_credential(self):
        self.connect()
        self.run_sync()
        before = self.stored("users")
        self.change("replace_key")
        run = self.run_sync(code=None)
        self.assertNotEqual(run.code, 0)
        self.assertIn("My API Key", run.said)
        self.assert_state("needs-auth", self.account)
        self.assertEqual(self.stored("users"), before)

    def test_a_role_that_may_not_read(self):
        self.change("set_role", role="Command Runner")
        self.assertIn("administrator's role", self.refused())

    def test_a_read_only_administrator_is_enough(self):
        self.change("set_role", role="Read Only")
        self.connect()
        self.run_sync()

    def test_settings_that_cannot_be_right(self):
        for name, value, said in (("organization_id", "12345", "24 digits"),
                                  ("domain", "de", "us, eu or in"),
                                  ("domain", "evil.example", "us, eu or in")):
            self.assertIn(said, self.refused(settings={name: value}), value)


class Guide(JumpCloudCase):
    OPTIONS = {"devices": 0}

    def test_it_says_what_the_vendor_s_articles_say(self):
        common = ("My API Key", "No Expiration", "accounts reconnect", "Organization Profile",
                  "directoryinsights@jumpcloud.com")
        for vendor, words in (("jumpcloud", common),
                              ("jumpcloud_mdm", (*common, "managed apps only", "90 days"))):
            guide = " ".join(self.muster.must("vendors", "show", vendor, "--json").json()["guide"])
            for word in words:
                self.assertIn(word, guide)


class Degraded(JumpCloudCase):
    """What a role may not read costs that alone, and what was known of it stays."""

    OPTIONS = {"devices": 2, "apps_per_device": 1, "plain": True}
    PATHS = {
        "jumpcloud": {"/api/users": "admins", "/api/v2/usergroups": "groups",
                      "/api/applications": "applications",
                      "/api/v2/users/*/systems": "bindings", "/api/systems": "system_contacts"},
        "jumpcloud_mdm": {"/api/v2/applemdms": "apple", "/api/v2/systems/*/users": "bindings",
                          "/api/v2/softwareapps": "managed"},
    }

    def test_one_by_one(self):
        for vendor, paths in self.PATHS.items():
            account = f"{vendor}/acme"
            self.connect(vendor=vendor)
            self.run_sync(account=account)
            tables = [table for table in TABLES if self.stored(table, account)]
            before = {table: self.stored(table, account) for table in tables}
            for path, stream in paths.items():
                with self.subTest(vendor=vendor, stream=stream):
                    self.sim.fault("forbidden", path=path, times=0)
                    run = self.run_sync(account=account, code=DEGRADED_CODE)
                    self.sim.clear_faults()
                    ends = {one["stream"]: one["end"] for one in run.objects()[0]["streams"]}
                    degraded = [name for name, end in ends.items() if end != "ok"]
                    self.assertEqual((degraded, ends[stream]), ([stream], "degraded"))
                    self.assertIn("an administrator's role", self.stream(run, stream)["reason"])
                    self.assertEqual({table: self.stored(table, account) for table in tables},
                                     before)


class Silent(JumpCloudCase):
    """The organisation does not tell what is in its plan: a question to the log does."""

    OPTIONS = {"devices": 1, "apps_per_device": 1, "plain": True, "features": False}

    def test_the_log_is_asked(self):
        self.connect()
        for licensed in (True, 404, True):
            self.change("license_insights", insights=licensed)
            run = self.muster.run("check", self.account, "--json")
            granted = {one["name"]: one["granted"] for one in run.objects()[0]["permissions"]}
            self.assertEqual(granted["Directory Insights"], licensed is True)


class Several(JumpCloudCase):
    """An administrator of several organisations, who has one key for all."""

    OPTIONS = {"organizations": ["acme", "beta"], "devices": 3, "apps_per_device": 1,
               "plain": True}
    VENDOR = "jumpcloud_mdm"

    def portal(self, name):
        said = self.said()
        return {"key": said["portal_key"], "account": name,
                "settings": {"organization_id": said["organizations"][name].upper()}}

    def test_it_has_to_say_which(self):
        run = self.muster.run(*self.connect_words(key=self.said()["portal_key"]))
        self.assertNotEqual(run.code, 0)
        self.assertIn("Organization ID", run.said)

    def test_an_organisation_that_the_key_does_not_see(self):
        other = self.said()["organizations"]["beta"]
        run = self.muster.run(*self.connect_words(settings={"organization_id": other}))
        self.assertNotEqual(run.code, 0)
        self.assertIn("does not see the organization", run.said)

    def test_two_accounts_never_touch_each_others_rows(self):
        for name in ("acme", "beta"):
            self.connect(**self.portal(name))
            self.run_sync(account=f"jumpcloud_mdm/{name}")
        before = self.stored("device_apps", "jumpcloud_mdm/beta")
        self.change("remove_system")
        self.change("install", name="Only Here", organization="acme")
        self.run_sync(account="jumpcloud_mdm/acme")
        self.assertEqual(self.stored("device_apps", "jumpcloud_mdm/beta"), before)
        for name in ("acme", "beta"):
            truth = self.truth(organization=name)
            for table in ("devices", "device_apps"):
                self.assert_table(table, truth[table], f"jumpcloud_mdm/{name}")

    def test_the_header_goes_where_it_may_and_nowhere_else(self):
        self.connect(**self.portal("acme"))
        self.run_sync(account="jumpcloud_mdm/acme")
        for entry in self.sim.ledger():
            expected = None if entry["path"] == "/api/organizations" \
                else self.said()["organizations"]["acme"]
            self.assertEqual(entry["headers"].get("x-org-id"), expected, entry["path"])

    def test_the_directory_knows_its_own_administrators_only(self):
        self.connect(vendor="jumpcloud", **self.portal("acme"))
        self.run_sync(account="jumpcloud/acme")
        emails = {row["email"] for row in self.muster.rows("users", "jumpcloud/acme")}
        self.assertFalse([email for email in emails if "beta" in email])


class Region(JumpCloudCase):
    OPTIONS = {"devices": 2, "apps_per_device": 1, "region": "eu"}
    EU = tuple(host.replace("jumpcloud", "eu.jumpcloud") for host in (CONSOLE, INSIGHTS))

    def test_a_region_has_hosts_of_its_own(self):
        self.hosts = self.EU
        for typed in ("eu", "https://console.eu.jumpcloud.com/#/home"):
            self.connect(settings={"domain": typed}, account=typed[:2])
            self.run_sync(account=f"jumpcloud/{typed[:2]}")
            truth = self.sim.truth(self.EU[0])
            self.assert_table("users", truth["users"], f"jumpcloud/{typed[:2]}")
        self.assertEqual({entry["host"] for entry in self.sim.ledger()}, set(self.EU))


if __name__ == "__main__":
    unittest.main()
