"""What the connector contract offers beyond one listing: children by parent, and events. The vendor
is made up (simulator/fleet); its two connectors lie in vendors/ here.
"""

import pathlib
import shutil
import unittest

from harness import E2eCase

HOST = "acme.fleet.example"
VENDORS = pathlib.Path(__file__).parent / "vendors"


class FleetCase(E2eCase):
    TENANTS = []
    VENDOR = "fleet"

    def setUp(self):
        self.sim = type(self.sim)([{"vendor": "fleet", "devices": 12, "apps_per_device": 5}])
        self.sim.start()
        self.addCleanup(self.sim.stop)
        super().setUp()
        for file in VENDORS.glob("*.lua"):
            shutil.copyfile(file, self.muster.project / "vendors" / file.name)
        self.account = f"{self.VENDOR}/acme"
        run = self.muster.connect_vendor(self.sim, self.VENDOR, HOST, ("address", HOST),
                                         ("token", None))
        self.assertEqual(run.code, 0, run)

    def run_sync(self, *arguments, code=0):
        return self.sync(*arguments, account=self.account, code=code)

    def change(self, op, **args):
        return self.sim.change(HOST, op, **args)

    def installs(self):
        return {(row["device_source_id"], row["app_source_id"], row["version"])
                for row in self.muster.rows("device_apps", self.account)}

    def true_installs(self):
        return {(row["device_source_id"], row["app_source_id"], row["version"])
                for row in self.sim.truth(HOST)["device_apps"]}

    def assert_installs_true(self):
        self.assertEqual(self.installs(), self.true_installs())

    def session(self):
        return self.muster.last_session(self.account)

    def stream(self, run, name):
        session, = run.objects()
        found, = (one for one in session["streams"] if one["stream"] == name)
        return found


class ChildrenByParent(FleetCase):
    def fault_at(self, device, name, **args):
        self.sim.fault(name, host=HOST, path=f"/v1/devices/{device}/apps", **args)

    def test_every_parents_part_arrives_and_a_repeat_writes_nothing(self):
        run = self.run_sync()
        self.assert_installs_true()
        self.assertEqual(self.stream(run, "apps")["scopes"],
                         {"entity": "device", "read": 12, "kept": 0, "failed": 0})
        self.run_sync()
        self.assertEqual([self.session()[name] for name in ("created", "updated", "removed")],
                         [0, 0, 0])

    def test_what_a_parents_part_no_longer_shows_is_removed(self):
        self.run_sync()
        self.change("uninstall", device="d-003", app="App 3")
        self.change("install", device="d-004", app="New", version="2.0")
        self.run_sync()
        self.assert_installs_true()
        self.assertEqual(self.session()["removed"], 1)

    def test_a_hole_in_one_part_costs_that_part_alone(self):
        self.run_sync()
        for device in ("d-003", "d-005"):
            self.change("uninstall", device=device, app=f"App {int(device[-1])}")
        self.fault_at("d-005", "forbidden")
        run = self.run_sync(code=None)
        apps = self.stream(run, "apps")
        self.assertEqual((run.objects()[0]["outcome"], apps["end"]), ("partial", "incomplete"))
        self.assertIn("1 of 12 parts could not be read, the first: device d-005", apps["reason"])
        self.assertEqual(apps["scopes"], {"entity": "device", "read": 11, "kept": 0, "failed": 1})
        self.assertEqual(self.installs() - self.true_installs(), {("d-005", "App 5", "1.0")})
        self.sim.clear_faults()
        self.run_sync()
        self.assert_installs_true()

    def test_a_part_that_moves_while_it_is_read_proves_nothing(self):
        self.run_sync()
        self.change("uninstall", device="d-002", app="App 2")
        self.fault_at("d-002", "wrong_total", page=1)
        run = self.run_sync(code=None)
        self.assertEqual(self.stream(run, "apps")["scopes"]["failed"], 1)
        self.assertIn(("d-002", "App 2", "1.0"), self.installs())

    def test_a_parent_that_goes_while_it_is_read_is_no_hole_once_it_is_gone(self):
        self.run_sync()
        self.change("remove_device", device="d-007")
        self.run_sync()
        self.assert_installs_true()
        self.assertEqual(len(self.muster.rows("devices", self.account)), 11)

    def test_many_empty_parts_at_once_are_held(self):
        self.run_sync()
        for index in range(6):
            for app in [row for row in self.sim.truth(HOST)["device_apps"]
                        if row["device_source_id"] == f"d-{index:03}"]:
                self.change("uninstall", device=f"d-{index:03}", app=app["app_source_id"])
        before = self.installs()
        run = self.run_sync(code=None)
        self.assertEqual(self.stream(run, "apps")["end"], "held")
        self.assertEqual(self.installs(), before)

    def test_a_stream_none_of_whose_parts_can_be_read_fails(self):
        self.run_sync()
        before = self.installs()
        self.sim.fault("forbidden", host=HOST, path="/v1/devices/*/apps", times=0)
        run = self.run_sync(code=None)
        self.assertEqual(self.stream(run, "apps")["end"], "failed")
        self.assertEqual(self.installs(), before)

    def test_a_limited_reading_removes_nothing(self):
        self.run_sync()
        self.change("uninstall", device="d-000", app="App 0")
        run = self.run_sync("--limit", "2", code=None)
        self.assertIn("limited", self.stream(run, "apps")["reason"])
        self.assertIn(("d-000", "App 0", "1.0"), self.installs())

    def test_a_dry_run_foretells_the_real_one(self):
        self.run_sync()
        self.change("uninstall", device="d-001", app="App 1")
        foretold, = self.run_sync("--dry-run").objects()
        self.assertEqual(foretold["removed"], 1)
        self.assertIn(("d-001", "App 1", "1.0"), self.installs())
        self.run_sync()
        self.assertEqual(self.session()["removed"], 1)


class Declarations(FleetCase):
    """A connector that was changed."""

    AT_ONCE = """        local numbers = { 1, 2, 3, 4, 5, 6, 7, 8 }
        api:map(8, numbers, function(number)
          out:emit("device_app", { { name = "App " .. number } }, { d = { id = "d-000" } })
        end)
      end,
    },
"""

    def edit(self, old, new):
        path = self.muster.project / "vendors" / "fleet.lua"
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new))

    def test_what_a_stream_emits_no_more_goes_after_an_approval(self):
        self.run_sync()
        self.assertTrue(self.muster.rows("apps", self.account))
        self.edit(', app = "derived" }', " }")
        self.edit('              part:emit("app", rows)\n', "")
        for _ in range(2):
            run = self.run_sync(code=None)
            self.assertEqual(self.stream(run, "apps")["end"], "held")
            self.assertIn("does not list them any more", self.stream(run, "apps")["reason"])
            self.assertTrue(self.muster.rows("apps", self.account))
        self.muster.must("removals", "approve", self.account, "--yes")
        self.run_sync()
        self.assertEqual(self.muster.rows("apps", self.account), [])
        self.assert_installs_true()
        self.run_sync()
        self.assertEqual(self.session()["removed"], 0)

    def test_rows_of_several_tasks_that_wait_for_the_same_answer_are_kept(self):
        text = (self.muster.project / "vendors" / "fleet.lua").read_text()
        begin, end = text.index("        local parents = {}\n"), text.index("    owners = {\n")
        self.edit(text[begin:end], self.AT_ONCE)
        self.edit("    device_app = {\n",
                  '    device_app = {\n      keep = { known = field.known("device", "^d.id") },\n')
        self.edit("local page <const>",
                  'local field <const> = require "muster.field"\nlocal page <const>')
        run = self.run_sync(code=None)
        self.assertEqual(len(self.installs()), 8, run)
        self.assertEqual(self.session()["dropped"], 0)


class Additions(FleetCase):
    """What one stream adds to the rows of another."""

    FACTS = ("user_email", "name", "is_encrypted", "mac_addresses", "custom")

    def device(self, device):
        row, = self.muster.rows("devices", self.account, f"t.source_id = '{device}'")
        return tuple(row[name] for name in self.FACTS)

    def counts(self):
        return [self.session()[name] for name in ("created", "updated", "removed", "skipped")]

    def setUp(self):
        super().setUp()
        self.change("own", device="d-001", email="ada@acme.example", name="not asked for",
                    encrypted=False, macs=["aa:bb", "cc"], desk=7)
        self.run_sync()

    def test_they_fill_what_the_owner_leaves_empty(self):
        self.assertEqual(self.device("d-001"), (
            "ada@acme.example", "Laptop d-001", 0, '["aa:bb","cc"]', '{"desk":7,"revision":6}'))
        self.assertEqual(self.device("d-002"), (None, "Laptop d-002", None, None, '{"revision":6}'))

    def test_a_repeat_writes_nothing(self):
        self.run_sync()
        self.assertEqual(self.counts(), [0, 0, 0, 0])

    def test_they_stay_when_the_owner_changes_its_part(self):
        self.change("rename", device="d-001", name="Ada's")
        self.run_sync()
        self.assertEqual(self.counts(), [0, 1, 0, 0])
        self.assertEqual(self.device("d-001"), (
            "ada@acme.example", "Ada's", 0, '["aa:bb","cc"]', '{"desk":7,"revision":6}'))
        log = self.muster.query("SELECT after FROM changes ORDER BY seq DESC LIMIT 1")
        self.assertEqual(log, [{"after": '{"name":"Ada\'s"}'}])

    def test_what_is_added_no_more_goes(self):
        self.change("own", device="d-001", email="eva@acme.example")
        self.run_sync()
        self.assertEqual(self.device("d-001"),
                         ("eva@acme.example", "Laptop d-001", None, None, '{"revision":6}'))
        self.change("own", device="d-001")
        self.run_sync()
        self.assertEqual(self.device("d-001"),
                         (None, "Laptop d-001", None, None, '{"revision":6}'))
        self.assertEqual(self.muster.value("SELECT count(*) FROM enrichments"), 0)

    def test_a_reading_that_fails_takes_nothing_away(self):
        self.change("own", device="d-001")
        self.sim.fault("forbidden", host=HOST, path="/v1/owners")
        self.run_sync(code=None)
        self.assertEqual(self.device("d-001")[0], "ada@acme.example")

    def test_what_cannot_be_used_takes_nothing_away(self):
        self.change("own", device="d-001", email=7, encrypted="perhaps")
        self.run_sync(code=None)
        self.assertEqual(self.session()["quarantined"], 1)
        self.assertEqual(self.device("d-001")[0], "ada@acme.example")

    def test_a_match_with_nothing_is_skipped(self):
        self.change("own", device="", email="nobody@acme.example")
        self.run_sync()
        self.assertEqual(self.counts(), [0, 0, 0, 1])

    def test_nobody_is_skipped(self):
        self.change("own", device="d-999", email="nobody@acme.example")
        self.run_sync()
        self.assertEqual(self.counts(), [0, 0, 0, 1])

    def test_a_dry_run_foretells_them(self):
        self.change("own", device="d-002", email="bob@acme.example")
        foretold, = self.run_sync("--dry-run").objects()
        self.assertEqual(foretold["updated"], 1)
        self.assertIsNone(self.device("d-002")[0])


class Events(FleetCase):
    VENDOR = "fleet_log"

    def cursor(self):
        return self.muster.value("SELECT cursor FROM stream_state WHERE stream = 'log'")

    def test_the_log_builds_what_is_there(self):
        self.change("uninstall", device="d-003", app="App 3")
        self.change("install", device="d-004", app="App 4", version="9")
        self.run_sync()
        self.assert_installs_true()
        self.assertEqual(self.cursor(), '{"after":62}')

    def test_only_what_is_new_is_asked_for_and_told_twice_is_told_once(self):
        self.run_sync()
        self.sim.clear_ledger()
        self.run_sync()
        self.assertEqual([self.session()[name] for name in ("created", "updated", "removed")],
                         [0, 0, 0])
        self.assertEqual(len(self.sim.ledger(host=HOST)), 1)

    def test_removed_and_put_back_keeps_its_id(self):
        self.run_sync()
        known = {row["source_id"]: row["id"] for row in self.muster.rows("device_apps", self.account)}
        self.change("uninstall", device="d-003", app="App 3")
        self.run_sync()
        self.assert_installs_true()
        gone, = self.muster.rows("device_apps", self.account, "t.removed_at IS NOT NULL")
        self.assertEqual(gone["removed_reason"], "deleted")
        self.change("install", device="d-003", app="App 3", version="2")
        self.run_sync()
        self.assert_installs_true()
        self.assertEqual(self.session()["restored"], 1)
        after = {row["source_id"]: row["id"] for row in self.muster.rows("device_apps", self.account)}
        self.assertEqual(after, known)

    def test_what_comes_late_changes_nothing(self):
        self.run_sync()
        self.change("late", kind="removed", device="d-001", app="App 1")
        self.change("late", kind="changed", device="d-002", app="App 2", version="0.0.1")
        self.run_sync()
        self.assert_installs_true()
        self.assertEqual([self.session()[name] for name in ("updated", "removed")], [0, 0])

    def test_a_removal_told_before_its_beginning_wins(self):
        self.change("install", device="d-001", app="Brief")
        self.change("uninstall", device="d-001", app="Brief")
        self.run_sync()
        self.change("late", kind="added", device="d-001", app="Brief")
        self.run_sync()
        self.assert_installs_true()

    def test_a_patch_changes_the_fields_it_has(self):
        self.run_sync()
        self.change("move", device="d-001", app="App 1", path="/opt/one")
        self.change("move", device="d-001", app="nobody's", path="/opt/two")
        self.run_sync()
        self.assert_installs_true()
        row, = self.muster.rows("device_apps", self.account, "t.path IS NOT NULL")
        self.assertEqual((row["path"], row["version"]), ("/opt/one", "1.0"))
        self.assertEqual([self.session()[name] for name in ("updated", "skipped")], [1, 1])

    def test_what_a_rule_drops_now_goes(self):
        self.run_sync()
        self.change("install", device="d-003", app="App 3", version="withdrawn")
        self.run_sync()
        gone, = self.muster.rows("device_apps", self.account, "t.removed_at IS NOT NULL")
        self.assertEqual((gone["app_source_id"], gone["removed_reason"]), ("App 3", "filtered"))

    def test_an_event_of_the_future_is_set_aside_and_blocks_nothing(self):
        self.run_sync()
        self.change("early", kind="changed", device="d-003", app="App 3")
        self.change("early", kind="removed", device="d-004", app="App 4")
        run = self.run_sync(code=3)
        self.assertIn("ahead of this machine's clock", self.stream(run, "log")["first_quarantined"])
        self.change("install", device="d-003", app="App 3", version="10")
        self.run_sync(code=None)  # the log repeats its last events
        self.assert_installs_true()

    def test_an_event_without_a_time_is_set_aside_and_the_log_goes_on(self):
        self.run_sync()
        self.change("install", device="d-003", app="Undated", at="yesterday")
        self.change("install", device="d-003", app="Timeless", at=None)
        self.change("install", device="d-004", app="Dated")
        run = self.run_sync(code=3)
        self.assertIn("no time that can be read", self.stream(run, "log")["first_quarantined"])
        self.assertEqual(self.session()["quarantined"], 2)
        self.assertEqual({key[1] for key in self.true_installs() - self.installs()},
                         {"Undated", "Timeless"})
        self.assertIn(("d-004", "Dated", "1.0"), self.installs())

    def test_what_cannot_be_used_comes_again(self):
        self.run_sync()
        before = self.cursor()
        for index in range(12):
            self.change("install", device="d-003", app=f"Late {index}", when="soon")
        run = self.run_sync(code=None)
        self.assertEqual(self.stream(run, "log")["end"], "failed")
        self.assertEqual(self.cursor(), before)

    def test_a_failure_keeps_the_cursor_where_it_was(self):
        self.sim.fault("forbidden", host=HOST, path="/v1/events", nth=4)
        run = self.run_sync(code=None)
        self.assertEqual(self.stream(run, "log")["end"], "failed")
        self.assertEqual(self.cursor(), '{"after":30}')
        self.sim.clear_faults()
        self.run_sync()
        self.assert_installs_true()

    def test_full_starts_from_the_beginning_and_changes_nothing(self):
        self.run_sync()
        self.sim.clear_ledger()
        self.run_sync("--full")
        self.assertGreater(len(self.sim.ledger(host=HOST)), 5)
        self.assertEqual([self.session()[name] for name in ("created", "updated", "removed")],
                         [0, 0, 0])

    def test_a_dry_run_moves_no_cursor(self):
        self.run_sync()
        before = self.cursor()
        self.change("uninstall", device="d-003", app="App 3")
        foretold, = self.run_sync("--dry-run").objects()
        self.assertEqual(foretold["removed"], 1)
        self.assertEqual(self.cursor(), before)
        self.run_sync()
        self.assert_installs_true()

    def test_a_log_that_is_read_again_after_it_was_not_brings_its_rows_back(self):
        self.run_sync()
        overlay = self.muster.project / "mappings" / "fleet_log.lua"
        overlay.write_text("return { streams = { log = { enabled = false } } }\n")
        self.run_sync(code=None)
        self.muster.must("removals", "approve", self.account, "--yes")
        self.run_sync()
        self.assertEqual(self.installs(), set())
        overlay.unlink()
        self.run_sync()
        self.assert_installs_true()

    def test_a_limited_reading_moves_no_cursor(self):
        self.run_sync("--limit", "5", code=None)
        self.assertIsNone(self.cursor())


if __name__ == "__main__":
    unittest.main()


class Tree(FleetCase):
    """One stream lists parents and children."""

    VENDOR = "fleet_tree"

    def test_a_parent_that_is_listed_no_more_goes_with_its_children(self):
        self.run_sync()
        self.change("remove_device", device="d-003")
        run = self.run_sync()
        self.assertEqual(self.stream(run, "tree")["end"], "ok")
        self.assert_installs_true()
        self.assertEqual(len(self.muster.rows("devices", self.account)), 11)

    def test_a_hole_in_one_part_does_not_keep_another_parent(self):
        self.run_sync()
        self.change("remove_device", device="d-003")
        self.sim.fault("forbidden", host=HOST, path="/v1/devices/d-005/apps")
        run = self.run_sync(code=None)
        self.assertEqual(self.stream(run, "tree")["end"], "incomplete")
        self.assert_installs_true()
        self.assertEqual(len(self.muster.rows("devices", self.account)), 11)

    def test_many_parents_at_once_are_held_with_their_children(self):
        self.run_sync()
        before = self.installs()
        for index in range(12):
            self.change("remove_device", device=f"d-{index:03}")
        self.change("add_device", device="d-100")
        self.change("add_device", device="d-101")
        self.run_sync(code=None)
        self.assertEqual(self.installs(), before)

    def test_what_is_told_last_stands_also_within_one_session(self):
        self.change("install", device="d-003", app="App 3", version="2")
        self.run_sync("--stream", "feed")
        self.assert_installs_true()
