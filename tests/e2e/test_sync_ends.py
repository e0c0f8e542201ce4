"""Sessions end, whatever happens in the middle: each with a reason, none with a hang or a crash."""

import contextlib
import pathlib
import sqlite3
import unittest

from harness import ACCOUNT, E2eCase, HOST, REPOSITORY

DELIVERED = REPOSITORY / "scripts" / "vendors" / "kandji.lua"
STREAMS = "  streams = {\n"

# More rows than a batch and the next one hold, and then a failure: emits are still unanswered.
FLOOD = """
    a_flood = {
      calls = { DEVICES_CALL }, emits = { device = "primary" },
      read = function(_, out)
        for first = 1, 26000, 500 do
          local rows = {}
          for i = first, first + 499 do
            rows[#rows + 1] = {
              device_id = "flood-" .. i, device_name = ("name %d"):format(i), platform = "Mac",
              user = { id = "u" .. i, email = "u@example.com" },
            }
          end
          out:emit("device", rows)
        end
        error { kind = "remote", message = "that was all" }
      end,
    },
"""


class SyncEnds(E2eCase):
    def write_connector(self, *changes):
        """The delivered connector in the project, with texts replaced."""
        text = DELIVERED.read_text()
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new, 1)
        folder = pathlib.Path(self.muster.project) / "vendors"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / "kandji.lua"
        path.write_text(text)
        path.chmod(0o600)

    def change_database(self, *statements):
        database = self.muster.project / ".muster" / "muster.db"
        with contextlib.closing(sqlite3.connect(database)) as opened, opened:
            for statement in statements:
                opened.execute(statement)

    def test_a_stream_that_fails_with_emits_unanswered_does_not_stop_the_next(self):
        self.write_connector((STREAMS, STREAMS + FLOOD))
        self.connect()
        run = self.sync("--stream", "a_flood", "--stream", "devices", code=None)
        self.assertIn("that was all", run.said)
        self.assert_state("partial")
        truth = self.sim.truth(HOST)["devices"]
        self.assertEqual(
            len(self.muster.rows("devices", where="t.source_id NOT LIKE 'flood-%'")), len(truth))

    def test_a_stream_of_events_removes_nothing(self):
        self.write_connector(("    devices = {\n", '    devices = {\n      mode = "events",\n'))
        self.connect()
        self.sync("--stream", "devices")
        before = len(self.muster.rows("devices"))
        self.sim.change(HOST, "remove_devices", count=2)
        self.addCleanup(self.sim.change, HOST, "add_devices", count=2)
        self.sync("--stream", "devices")
        self.assertEqual(len(self.muster.rows("devices")), before)
        self.assert_state("ok")

    def test_a_failure_only_the_connector_knows_of_is_a_hole_even_if_a_script_goes_on(self):
        self.write_connector(
            ("  errors = {\n",
             '  errors = {\n    { call = APPS_CALL, status = 200, kind = "remote" },\n'),
            ("      calls = { DEVICES_CALL },\n", "      calls = { DEVICES_CALL, APPS_CALL },\n"),
            ("local function read_devices(api, out)\n", "local function read_devices(api, out)\n"
             '  pcall(api.get, api, "api:/prism/apps", { limit = 1 })\n'),
            ('probe(api, "Applications", "api:/prism/apps", APPS_HINT)',
             '{ name = "Applications", granted = true }'))
        self.connect()
        self.sync("--stream", "devices", code=None)
        before = len(self.muster.rows("devices"))
        self.sim.change(HOST, "remove_devices", count=2)
        self.addCleanup(self.sim.change, HOST, "add_devices", count=2)
        self.sync("--stream", "devices", code=None)
        self.assertEqual(len(self.muster.rows("devices")), before)
        self.assertIn("GET api:/prism/apps: answered 200", self.muster.account()["state_reason"])

    def test_a_credential_that_is_gone_is_told(self):
        self.connect()
        self.change_database("DELETE FROM credentials")
        run = self.muster.run("sync", ACCOUNT)
        self.assertGreater(run.code, 0, run)
        self.assertIn("credential", run.said)
        self.assertEqual(self.muster.query("SELECT * FROM sessions"), [])

    def test_a_credential_without_its_token_is_told(self):
        self.connect()
        self.change_database("DELETE FROM credential_fields")
        run = self.sync(code=None)
        self.assertIn("api_token", run.said)
        self.assert_state("needs-auth")
        self.assertEqual(self.muster.last_session()["outcome"], "failed")

    def test_a_recording_that_cannot_be_removed_keeps_no_session_from_its_end(self):
        self.connect_and_sync()
        file = self.muster.project / ".muster" / "recordings" / self.muster.value(
            "SELECT file FROM recordings")
        file.unlink()
        file.mkdir()
        self.change_database("UPDATE recordings SET started_at = '2020-01-01T00:00:00Z'",
                             "DELETE FROM settings WHERE key = 'expired_on'")
        run = self.sync()
        self.assertIn("past its time", run.said)
        self.assert_state("ok")
        self.assertEqual(self.muster.last_session()["outcome"], "ok")

    def test_the_first_session_after_a_dry_run_is_still_the_first(self):
        self.connect()
        self.sync("--dry-run")
        self.sync()
        self.assertEqual(self.muster.query("SELECT * FROM changes"), [])


if __name__ == "__main__":
    unittest.main()
