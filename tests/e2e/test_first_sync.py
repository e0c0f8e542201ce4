"""The first sync equals the truth row by row, whatever the tenant is like; the second writes
nothing."""

import unittest

from harness import ACCOUNT, E2eCase, HOST

ENDS = ("null", "empty", "absent", "empty_page")


class FirstSync(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 120, "apps_per_device": 12}]

    def test_the_store_equals_the_truth(self):
        self.connect()
        run = self.sync()
        self.assert_true()
        self.assert_state("ok")
        session, = run.objects()
        self.assertEqual(session["outcome"], "ok")
        for name in ("seen", "created", "updated", "unchanged", "removed", "requests", "retries"):
            self.assertEqual(session[name], self.muster.last_session()[name], name)

    def test_the_credential_knows_when_it_was_used(self):
        self.connect()
        self.assertIsNone(self.muster.value("SELECT last_used_at FROM credentials"))
        self.sync()
        self.assertEqual(self.muster.value("SELECT last_used_at FROM credentials"),
                         self.muster.last_session()["started_at"])

    def test_what_was_dropped_is_counted_by_its_rule(self):
        self.connect_and_sync()
        everything = self.sim.truth(HOST, owned_only=False)
        owned = self.sim.truth(HOST)
        dropped = self.muster.value("SELECT dropped_by_rule FROM sessions ORDER BY id DESC LIMIT 1")
        self.assertIn("owned", dropped)
        self.assertIn("helper", dropped)
        self.assertIn("updater", dropped)
        self.assertGreater(len(everything["devices"]), len(owned["devices"]))

    def test_the_second_sync_writes_no_row(self):
        self.connect_and_sync()
        before = self.muster.everything()
        changes = self.muster.value("SELECT count(*) FROM changes")
        self.sync()
        self.assertEqual(self.muster.everything(), before)
        self.assertEqual(self.muster.value("SELECT count(*) FROM changes"), changes)
        self.assert_counts(created=0, updated=0, removed=0, restored=0)
        rows = sum(len(found) for found in before.values())
        self.assertEqual(self.muster.last_session()["unchanged"], rows)

    def test_it_asks_for_what_it_needs_and_no_more(self):
        self.connect()
        self.sim.clear_ledger()
        self.sync()
        asked = self.sim.ledger()
        self.assertEqual({entry["path"] for entry in asked},
                         {"/api/v1/devices", "/api/v1/prism/apps"})
        self.assertEqual({entry["host"] for entry in asked}, {HOST})
        for entry in asked:
            self.assertEqual(entry["query"].get("limit"), "300")
            self.assertIn("gzip", entry["headers"].get("accept-encoding", ""))
        devices = [entry["query"] for entry in asked if entry["path"] == "/api/v1/devices"]
        self.assertTrue(all(query.get("ordering") == "device_id" for query in devices))

    def test_people_and_their_apps_can_be_asked_for(self):
        self.connect_and_sync()
        truth = self.sim.truth(HOST)
        owners = {row["source_id"]: row["user_source_id"] for row in truth["devices"]}
        held = {(owners[row["device_source_id"]], row["app_source_id"])
                for row in truth["device_apps"]}
        shown = self.muster.query(
            "SELECT DISTINCT u.source_id AS user, p.source_id AS app FROM installed_apps i "
            "JOIN users u ON u.id = i.user_id JOIN apps p ON p.id = i.app_id")
        self.assertEqual({(row["user"], row["app"]) for row in shown}, held)
        self.assertEqual(self.muster.value("SELECT count(*) FROM people"), len(truth["users"]))


class Tenants(E2eCase):
    """Kinds of tenants that differ in how they page and spell."""

    TENANTS = [{"tenant": f"end-{end}".replace("_", "-"), "cursor_end": end, "devices": 45,
                "apps_per_device": 9} for end in ENDS] + [
        {"tenant": "offset", "prism": "offset", "devices": 45, "apps_per_device": 9},
        {"tenant": "total", "prism_total": True, "devices": 45, "apps_per_device": 9},
        {"tenant": "numbers", "user_ids": "int", "devices": 30, "apps_per_device": 3},
        {"tenant": "plain", "plain": True, "region": "eu", "devices": 10, "apps_per_device": 3},
        {"tenant": "old", "region": "clients", "devices": 10, "apps_per_device": 3},
        {"tenant": "single", "devices": 1, "apps_per_device": 1, "plain": True},
        {"tenant": "exact", "plain": True, "devices": 300, "apps_per_device": 2},
    ]

    def check_tenant(self, host):
        name = host.partition(".")[0]
        self.connect(host, name)
        self.sync(account=f"kandji/{name}")
        self.assert_true(host, f"kandji/{name}")
        self.assert_state("ok", f"kandji/{name}")

    def test_every_way_in_which_a_cursor_walk_ends(self):
        for end in ENDS:
            with self.subTest(end=end):
                self.check_tenant(f"end-{end}.api.kandji.io".replace("_", "-"))

    def test_a_service_without_cursors(self):
        self.check_tenant("offset.api.kandji.io")
        offsets = [entry["query"].get("offset") for entry in
                   self.sim.ledger(host="offset.api.kandji.io", path="/api/v1/prism/apps")]
        self.assertIn("300", offsets)

    def test_a_cursor_service_that_tells_the_total(self):
        self.check_tenant("total.api.kandji.io")

    def test_user_ids_beyond_a_double(self):
        self.check_tenant("numbers.api.kandji.io")
        ids = {row["source_id"] for row in self.muster.rows("users", "kandji/numbers")}
        self.assertIn("9007199254740993", ids)

    def test_other_regions_and_spellings_of_hosts(self):
        self.check_tenant("plain.api.eu.kandji.io")
        self.check_tenant("old.clients.us-1.kandji.io")

    def test_one_device_and_a_full_last_page(self):
        self.check_tenant("single.api.kandji.io")
        self.check_tenant("exact.api.kandji.io")


class Empty(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 0, "plain": True}]

    def test_a_tenant_without_devices_is_no_failure(self):
        self.connect_and_sync()
        self.assert_state("ok")
        self.assertEqual(self.muster.rows("devices"), [])


class Parts(E2eCase):
    def test_one_stream_only(self):
        self.connect()
        self.sync("--stream", "devices")
        self.assertEqual(len(self.muster.rows("devices")), len(self.sim.truth(HOST)["devices"]))
        self.assertEqual(self.muster.rows("device_apps"), [])
        self.sync()
        self.assert_true()

    def test_a_limit_removes_nothing(self):
        self.connect_and_sync()
        before = self.muster.everything()
        self.sync("--limit", "5", code=None)
        self.assertEqual(self.muster.everything(), before)

    def test_lists_show_what_was_found(self):
        self.connect_and_sync()
        truth = self.sim.truth(HOST)
        for verb, entity in (("users", "users"), ("devices", "devices"), ("apps", "apps"),
                             ("installs", "device_apps")):
            shown = self.muster.must(verb, "list", "--json", "--limit", "0").objects()
            self.assertEqual(len(shown), len(truth[entity]), verb)
        lines = self.muster.must("export", "devices", "--format", "csv").out
        self.assertIn(truth["devices"][0]["source_id"], lines)
        status = self.muster.must("status", "--json")
        self.assertIn(ACCOUNT, status.out)

    def test_query_is_read_only(self):
        self.connect_and_sync()
        for sql in ("DELETE FROM devices", "UPDATE devices SET name = 'x'", "DROP TABLE users",
                    "ATTACH 'other.db' AS other", "PRAGMA user_version = 9"):
            self.assertNotEqual(self.muster.run("query", sql).code, 0, sql)
        self.assert_true()


if __name__ == "__main__":
    unittest.main()
