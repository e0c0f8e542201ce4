"""A dry run says what a real run then does, and leaves no trace in the rows."""

import unittest

from harness import E2eCase, HOST


class DryRun(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 60, "apps_per_device": 6}]

    def setUp(self):
        super().setUp()
        self.connect()

    def said_changes(self, run):
        """The changes that a dry run names, as (kind, entity, source_id)."""
        session, = run.objects()
        return sorted((row["kind"], row["entity"], row["source_id"])
                      for row in session["changes"])

    def made_changes(self):
        session = self.muster.last_session()["id"]
        return sorted((row["kind"], row["entity"], row["source_id"]) for row in self.muster.query(
            f"SELECT kind, entity, source_id FROM changes WHERE session_id = {session}"))

    def test_before_the_first_sync_everything_is_new_and_nothing_is_stored(self):
        run = self.sync("--dry-run")
        created = [source_id for kind, entity, source_id in self.said_changes(run)
                   if (kind, entity) == ("created", "device")]
        truth = {row["source_id"] for row in self.sim.truth(HOST)["devices"]}
        self.assertEqual(set(created), truth)
        for rows in self.muster.everything().values():
            self.assertEqual(rows, [])

    def test_it_equals_the_real_run(self):
        self.sync()
        self.sim.change(HOST, "rename_device", name="Anders")
        self.sim.change(HOST, "add_devices", count=2)
        self.sim.change(HOST, "remove_devices", count=3)
        self.sim.change(HOST, "archive_user")
        self.sim.change(HOST, "update_app", version="7.7.7")
        before = self.muster.everything()
        said = self.said_changes(self.sync("--dry-run"))
        self.assertEqual(self.muster.everything(), before)
        self.sync()
        self.assertEqual(said, self.made_changes())
        self.assertGreater(len(said), 8)
        self.assert_true()

    def test_an_unchanged_tenant_gives_no_changes(self):
        self.sync()
        self.assertEqual(self.said_changes(self.sync("--dry-run")), [])

    def test_it_is_allowed_on_a_paused_account(self):
        self.sync()
        self.muster.must("accounts", "pause", "kandji/acme")
        self.sim.change(HOST, "rename_device", name="Pausiert")
        said = self.said_changes(self.sync("--dry-run"))
        self.assertEqual([kind for kind, _, _ in said], ["updated"])
        self.assertEqual(self.muster.account()["is_paused"], 1)

    def test_held_removals_are_named_by_a_dry_run(self):
        self.sync()
        before = self.muster.everything()
        self.sim.fault("empty_list", path="/api/v1/devices", times=0)
        self.sync("--dry-run", code=None)
        self.sim.clear_faults()
        self.assertEqual(self.muster.everything(), before)
        self.sync()
        self.assert_true()


if __name__ == "__main__":
    unittest.main()
