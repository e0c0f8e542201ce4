"""A person's own mappings, and connectors that changed after they were approved."""

import unittest

from harness import ACCOUNT, E2eCase, HOST, REPOSITORY

CONNECTOR = REPOSITORY / "scripts" / "vendors" / "kandji.lua"
CONFIG_CODE = 6


class Overlays(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 40, "apps_per_device": 6},
               {"tenant": "beta", "region": "eu", "devices": 12, "apps_per_device": 3}]

    def overlay(self, text, name="kandji.lua"):
        path = self.muster.project / "mappings" / name
        path.write_text(text + "\n")

    def test_an_overlay_changes_a_field(self):
        self.overlay('return { map = { device = { name = "serial_number" } } }')
        self.connect_and_sync()
        truth = self.sim.truth(HOST)
        for row in truth["devices"]:
            row["name"] = row["serial_number"]
        self.assert_true_to(truth)

    def test_an_overlay_drops_a_filter(self):
        self.connect_and_sync()
        self.overlay("return { map = { device_app = { drop = { updater = false } } } }")
        self.sync()
        self.assert_true_to(self.sim.truth(HOST, drop=["helper"]))

    def test_an_overlay_shows_devices_without_a_user(self):
        self.overlay("return { map = { device = { keep = { owned = false } } } }")
        self.connect_and_sync()
        self.assert_true_to(self.sim.truth(HOST, owned_only=False))

    def test_a_filter_that_comes_later_removes_as_filtered(self):
        self.overlay("return { map = { device_app = { drop = { updater = false } } } }")
        self.connect_and_sync()
        (self.muster.project / "mappings" / "kandji.lua").unlink()
        self.sync(code=None)  # the first listing under another mapping is the new baseline
        self.sync(code=None)
        self.assert_true()
        reasons = {row["removed_reason"] for row in self.muster.rows(
            "device_apps", where="t.removed_at IS NOT NULL")}
        self.assertEqual(reasons, {"filtered"})

    def test_a_changed_mapping_is_a_new_baseline(self):
        self.connect_and_sync()
        before = {row["source_id"] for row in self.muster.rows("devices")}
        self.sim.change(HOST, "remove_devices", count=2)
        self.overlay('return { map = { device = { hostname = "device_name" } } }')
        self.sync(code=None)
        after = {row["source_id"] for row in self.muster.rows("devices")}
        self.assertEqual(after, before)
        self.sync()
        self.assertEqual(len(self.muster.rows("devices")), len(before) - 2)

    def test_an_overlay_of_one_account_is_its_own(self):
        self.overlay('return { map = { device = { name = "serial_number" } } }',
                     "kandji@acme.lua")
        self.connect_and_sync()
        self.connect("beta.api.eu.kandji.io", "beta")
        self.sync(account="kandji/beta")
        self.assert_true("beta.api.eu.kandji.io", "kandji/beta")
        names = {row["name"] for row in self.muster.rows("devices")}
        self.assertEqual(names, {row["serial_number"] for row in self.muster.rows("devices")})

    def test_map_show_tells_where_a_field_comes_from(self):
        self.overlay('return { map = { device = { name = "serial_number" } } }')
        self.connect()
        run = self.muster.must("map", "show", ACCOUNT, "--json")
        self.assertIn("mappings/kandji.lua", run.out)
        self.assertIn("serial_number", run.out)

    def test_a_mistake_names_file_key_and_the_nearest_key(self):
        self.connect_and_sync()
        before = self.muster.everything()
        self.overlay('return { map = { device = { serial_numbr = "serial_number" } } }')
        run = self.sync(code=CONFIG_CODE)
        for word in ("mappings/kandji.lua", "serial_numbr", "serial_number"):
            self.assertIn(word, run.said)
        self.assertEqual(self.muster.everything(), before)
        check = self.muster.run("vendors", "check", "kandji")
        self.assertEqual(check.code, CONFIG_CODE, check)
        self.assertIn("serial_numbr", check.said)


class Approval(E2eCase):
    def edit(self, old, new):
        """The project's own copy of the connector, with one change."""
        text = CONNECTOR.read_text(encoding="utf-8")
        self.assertIn(old, text)
        (self.muster.project / "vendors").mkdir(exist_ok=True)
        (self.muster.project / "vendors" / "kandji.lua").write_text(text.replace(old, new, 1))

    def test_another_host_is_held_for_approval_and_shown(self):
        self.connect_and_sync()
        before = self.muster.everything()
        self.edit('"*.api.kandji.io",', '"*.api.kandji.io", "*.elsewhere.example",')
        self.sim.clear_ledger()
        run = self.sync(code=None)
        self.assertNotEqual(run.code, 0, run)
        self.assert_state("needs-approval")
        self.assertEqual(self.sim.ledger(), [])
        shown = self.muster.run("vendors", "approve", "kandji", "--dry-run")
        self.assertIn("*.elsewhere.example", shown.said)
        self.assertEqual(self.muster.everything(), before)
        self.muster.must("vendors", "approve", "kandji", "--yes")
        self.sync()
        self.assert_state("ok")
        self.assert_true()

    def test_no_secret_leaves_with_it_in_other_ways_either(self):
        self.connect_and_sync()
        self.edit('"*.api.kandji.io",', '"*.api.kandji.io", "*.elsewhere.example",')
        self.sim.clear_ledger()
        secret = self.muster.secret_file("another-token", "new")
        for words in (("check", ACCOUNT), ("accounts", "set", ACCOUNT, "--set", f"api_url={HOST}"),
                      ("accounts", "reconnect", ACCOUNT, "--secret-file", f"api_token={secret}"),
                      ("credentials", "replace", ACCOUNT, "--secret-file", f"api_token={secret}")):
            run = self.muster.run(*words, "--no-input")
            self.assertEqual(run.code, 6, run)
            self.assertIn("+ host *.elsewhere.example", run.err)
            self.assertIn("muster vendors approve kandji", run.err)
        self.assertEqual(self.sim.ledger(), [])
        self.muster.must("vendors", "approve", "kandji", "--yes")
        self.muster.must("check", ACCOUNT)

    def test_another_call_is_held_for_approval(self):
        self.connect_and_sync()
        self.edit("calls = { DEVICES_CALL },", 'calls = { DEVICES_CALL, "GET api:/users" },')
        self.assertNotEqual(self.sync(code=None).code, 0)
        self.assert_state("needs-approval")
        shown = self.muster.run("vendors", "approve", ACCOUNT, "--dry-run")
        self.assertIn("/users", shown.said)

    def test_another_mapping_is_not_held(self):
        self.connect_and_sync()
        self.edit('name = "device_name",', 'name = "serial_number",')
        self.sync(code=None)
        self.assertNotEqual(self.muster.account()["state"], "needs-approval")
        names = {row["name"] for row in self.muster.rows("devices")}
        self.assertEqual(names, {row["serial_number"] for row in self.muster.rows("devices")})

    def test_a_call_that_is_not_declared_is_refused(self):
        self.edit('page.offset(api, "api:/devices", {', 'page.offset(api, "api:/users", {')
        self.connect()
        self.sim.clear_ledger()
        run = self.sync(code=None)
        self.assertNotEqual(run.code, 0, run)
        self.assertEqual(self.sim.ledger(path="/api/v1/users"), [])
        self.assertIn("/users", run.said)


if __name__ == "__main__":
    unittest.main()
