"""What only a stream showed that is not read any more goes, and never more than the guard lets go."""

import re
import unittest

from harness import ACCOUNT, E2eCase, HOST, REPOSITORY

CONNECTOR = REPOSITORY / "scripts" / "vendors" / "kandji.lua"
HELD_CODE = 3
# The stream and its maps.
APPS = re.compile(r"^    (apps|app|device_app) = \{\n.*?^    \},\n", re.DOTALL | re.MULTILINE)
USER = re.compile(r"^    user = \{\n(.*?)^    \},\n", re.DOTALL | re.MULTILINE)
PEOPLE = """
    people = {
      calls = { DEVICES_CALL }, emits = { person = "derived" },
      read = function(api, out)
        for rows in page.offset(api, "api:/devices", { size = 300 }) do
          out:emit("person", rows)
        end
      end,
    },
"""
OF_MACS = '      keep = { mac = f.present(f.pick("platform", { Mac = "yes" })) },\n'
OFF = "return { streams = { apps = { enabled = false } } }\n"


class SilentStreams(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 120, "apps_per_device": 2, "plain": True, "seed": 7}]

    def setUp(self):
        super().setUp()
        self.connect_and_sync()
        self.overlay = self.muster.project / "mappings" / "kandji.lua"
        self.before = self.live()

    def live(self):
        return {entity: {row["source_id"] for row in self.muster.rows(entity)}
                for entity in ("devices", "users", "apps", "device_apps")}

    def edit(self, change):
        """The project's own copy of the connector, changed and approved."""
        text = CONNECTOR.read_text(encoding="utf-8")
        changed = change(text)
        self.assertNotEqual(changed, text)
        (self.muster.project / "vendors").mkdir(exist_ok=True)
        (self.muster.project / "vendors" / "kandji.lua").write_text(changed)
        self.muster.must("vendors", "approve", "kandji", "--yes")

    def held(self):
        return {held["stream"]: held
                for held in self.muster.must("removals", "list", "--json").objects()}

    def ends(self):
        run = self.muster.must("sessions", "show", ACCOUNT, "--json")
        return {stream["stream"]: stream["end"] for stream in run.json()["streams"]}

    def reasons(self, entity):
        return {row["removed_reason"] for row in self.muster.rows(
            entity, where="t.removed_at IS NOT NULL")}

    def test_a_disabled_stream_waits_for_an_approval_and_then_goes(self):
        self.overlay.write_text(OFF)
        self.sync(code=HELD_CODE)
        self.assertEqual(self.live(), self.before)
        self.assert_state("held")
        why = self.held()["apps"]["why"]
        self.assertIn("is not read any more", why)
        self.muster.must("removals", "approve", ACCOUNT, "--yes")
        self.sync()
        after = self.live()
        self.assertEqual((after["apps"], after["device_apps"]), (set(), set()))
        self.assertEqual(after["devices"], self.before["devices"])
        self.assertEqual(self.reasons("apps"), {"unread"})
        self.assertEqual(self.ends()["apps"], "withdrawn")
        self.assert_state("ok")
        self.assertEqual(self.held(), {})
        self.sync()
        self.assertNotIn("apps", self.ends())

    def test_what_is_enabled_again_is_there_again(self):
        self.overlay.write_text(OFF)
        self.sync(code=HELD_CODE)
        self.muster.must("removals", "approve", ACCOUNT, "--yes")
        self.sync()
        self.overlay.unlink()
        self.sync()
        self.assertEqual(self.live(), self.before)
        self.assert_true()

    def test_enabled_before_the_approval_nothing_waits_any_more(self):
        self.overlay.write_text(OFF)
        self.sync(code=HELD_CODE)
        self.overlay.unlink()
        self.sync()
        self.assertEqual(self.held(), {})
        self.assertEqual(self.live(), self.before)
        self.assert_state("ok")

    def test_a_stream_that_the_connector_drops_is_held_too(self):
        self.edit(lambda text: APPS.sub("", text))
        self.sync(code=HELD_CODE)
        self.assertEqual(self.live(), self.before)
        self.assertIn("apps", self.held())

    def test_a_stream_that_only_changed_its_name_loses_nothing(self):
        self.edit(lambda text: text.replace("\n    apps = {\n", "\n    installs = {\n"))
        self.sync()
        self.assertEqual(self.live(), self.before)
        voices = {row["streams"] for row in self.muster.rows("device_apps")}
        self.assertEqual(voices, {'["installs"]'})
        self.assert_true()

    def test_a_small_loss_goes_at_once_and_a_dry_run_says_so(self):
        gone = set(self.sim.change(HOST, "remove_devices", count=2)["devices"])
        self.addCleanup(self.sim.change, HOST, "add_devices", count=2)
        self.edit(lambda text: text.replace("\n    devices = {\n", "\n    machines = {\n")
                  .replace('depends = { "devices" }', 'depends = { "machines" }'))
        said = self.sync("--dry-run").objects()[0]["changes"]
        self.assertEqual({change["source_id"] for change in said
                          if (change["kind"], change["entity"]) == ("removed", "device")}, gone)
        self.assertEqual(self.live(), self.before)
        self.sync()
        self.assertEqual(self.live()["devices"], self.before["devices"] - gone)
        self.assertEqual(self.reasons("devices"), {"unread"})
        self.assertEqual(self.held(), {})

    def with_people(self, rule=""):
        """A second stream of users; that of the devices then shows only some of them."""
        def change(text):
            fields = USER.search(text)[1]
            text = USER.sub(lambda _: f"    user = {{\n{rule}{fields}    }},\n"
                            f'    person = {{\n      entity = "user",\n{fields}    }},\n', text)
            return text.replace("\n  streams = {", "\n  streams = {" + PEOPLE)
        self.edit(change)
        self.sync()

    def test_only_what_would_go_is_listed_for_approval(self):
        self.with_people()
        self.with_people(rule=OF_MACS)
        self.assertEqual(self.live(), self.before)
        only = {row["source_id"] for row in self.muster.rows("users")
                if row["streams"] == '["people"]'}
        self.overlay.write_text(OFF.replace("apps", "people"))
        self.sync(code=HELD_CODE)
        held = self.held()["people"]
        listed = self.muster.must("removals", "list", str(held["id"]), "--json").objects()
        self.assertGreater(len(only), 10)
        self.assertEqual({row["source_id"] for row in listed}, only)
        self.assertEqual(held["rows"], len(only))
        self.muster.must("removals", "approve", ACCOUNT, "--yes")
        self.sync()
        self.assertEqual(self.live()["users"], self.before["users"] - only)
        self.assertEqual({row["streams"] for row in self.muster.rows("users")}, {'["devices"]'})

    def test_a_dry_run_names_what_would_be_held(self):
        self.overlay.write_text(OFF)
        run = self.sync("--dry-run", code=HELD_CODE)
        session, = run.objects()
        self.assertEqual(session["outcome"], "held")
        self.assertEqual({stream["stream"]: stream["end"] for stream in session["streams"]},
                         {"devices": "ok", "apps": "held"})
        self.assertEqual(self.held(), {})

    def test_a_stream_that_is_only_not_asked_for_keeps_its_voice(self):
        self.sync("--stream", "devices")
        self.assertEqual(self.live(), self.before)
        self.assertEqual(self.ends(), {"devices": "ok"})

    def test_nothing_is_withdrawn_while_another_stream_falls_short(self):
        self.overlay.write_text(OFF)
        self.sim.fault("missing_id", path="/api/v1/devices", times=0)
        self.sync(code=None)
        self.assertEqual((self.ends(), self.held()), ({"devices": "incomplete"}, {}))
        self.sim.clear_faults()
        self.sync("--limit", "1000", code=None)
        self.assertEqual((self.ends(), self.held()), ({"devices": "ok"}, {}))
        self.assertEqual(self.live(), self.before)


if __name__ == "__main__":
    unittest.main()
