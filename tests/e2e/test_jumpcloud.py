"""JumpCloud's directory: the first sync equals the truth, a repeat writes nothing, changes arrive."""

import unittest

from jumpcloud_case import CONSOLE, INSIGHTS, JumpCloudCase

DEGRADED_CODE = 3
ENTITIES = ("users", "groups", "group_members", "user_apps", "device_users")


class Directory(JumpCloudCase):
    OPTIONS = {"devices": 14, "apps_per_device": 2}

    def setUp(self):
        super().setUp()
        self.connect()

    def assert_directory(self, **options):
        truth = self.truth(**options)
        for table in ENTITIES:
            self.assert_table(table, truth[table])
        self.assert_table("apps", truth["sso_apps"])

    def test_the_store_equals_the_truth(self):
        self.run_sync()
        self.assert_directory()
        self.assert_state("ok", self.account)

    def test_a_repeat_writes_nothing(self):
        self.run_sync()
        self.run_sync()
        self.assertEqual(self.counts(), [0, 0, 0, 0])

    def test_changes_arrive(self):
        self.run_sync()
        self.change("suspend_user")
        self.change("remove_user", user=self.truth()["users"][3]["source_id"])
        self.change("add_user")
        self.change("make_admin", email="second@acme.example")
        self.change("log_in", user=self.truth()["users"][2]["source_id"], service="sso")
        group = next(row["source_id"] for row in self.truth()["groups"]
                     if row["name"] == "Nobody yet")
        self.change("join_group", group=group)
        self.run_sync()
        self.assert_directory()
        self.assertGreater(self.counts()[2], 0)

    def test_every_list_is_asked_for_in_hundreds_and_by_id(self):
        self.sim.clear_ledger()
        self.run_sync()
        for entry in self.sim.ledger(method="GET"):
            self.assertEqual(entry["query"].get("limit"), "100", entry["path"])
            is_graph = entry["path"].count("/") > 3
            self.assertEqual("sort" in entry["query"], not is_graph, entry["path"])
        self.assertEqual({entry["host"] for entry in self.sim.ledger()}, {CONSOLE, INSIGHTS})


class WithoutInsights(JumpCloudCase):
    OPTIONS = {"devices": 5, "apps_per_device": 1, "insights": 401}

    def test_a_systems_last_contact_stands_for_a_login_until_there_is_one(self):
        self.connect()
        run = self.run_sync(code=DEGRADED_CODE)
        self.assertEqual(self.stream(run, "logins")["end"], "degraded")
        self.assertIn("directoryinsights@jumpcloud.com", run.said)
        self.assert_table("users", self.truth(insights=False)["users"])
        self.change("license_insights")
        self.run_sync()
        self.assert_table("users", self.truth()["users"])
        self.assert_state("ok", self.account)


class OneKey(JumpCloudCase):
    """The credential of one connector serves the other."""

    OPTIONS = {"devices": 2, "apps_per_device": 1, "plain": True}

    def test_it_is_stored_once(self):
        self.connect()
        name = self.muster.must("credentials", "list", "--json").objects()[0]["credential"]
        words = self.connect_words(vendor="jumpcloud_mdm")
        at = words.index("--secret-file")
        words[at:at + 2] = ["--credential", name]
        self.muster.must(*words)
        self.run_sync(account="jumpcloud_mdm/acme")
        self.assert_table("devices", self.truth()["devices"], "jumpcloud_mdm/acme")
        self.assertEqual(len(self.muster.must("credentials", "list", "--json").objects()), 1)


class Pages(JumpCloudCase):
    """More than one page of everything."""

    OPTIONS = {"devices": 160, "apps_per_device": 0, "plain": True}

    def test_all_of_them(self):
        self.connect()
        self.run_sync("--stream", "users", "--stream", "groups", "--stream", "applications")
        truth = self.truth(insights=False)
        self.assertGreater(len(truth["users"]), 100)
        self.assertEqual(len(self.stored("users")), len(truth["users"]) - 1)  # the administrator is no user
        for table in ("groups", "group_members", "user_apps"):
            self.assert_table(table, truth[table])


if __name__ == "__main__":
    unittest.main()
