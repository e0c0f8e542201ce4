"""JumpCloud's device management: apps from two sources, of which one only tells what happens."""

import contextlib
import datetime
import json
import sqlite3
import unittest

from jumpcloud_case import EVENTS, JumpCloudCase

DEGRADED_CODE = 3
ENTITIES = ("devices", "device_users", "apps", "device_apps")


class MdmCase(JumpCloudCase):
    VENDOR = "jumpcloud_mdm"
    OPTIONS = {"devices": 10, "apps_per_device": 3}

    def setUp(self):
        super().setUp()
        self.connect()

    def assert_mdm(self, **options):
        truth = self.truth(**options)
        for table in ENTITIES:
            self.assert_table(table, truth[table])

    def installs(self):
        return self.stored("device_apps")

    def cursor(self):
        return json.loads(self.muster.value(
            "SELECT cursor FROM stream_state WHERE stream = 'software'"))


class FirstSync(MdmCase):
    def test_the_store_equals_the_truth(self):
        self.run_sync()
        self.assert_mdm()
        self.assert_state("ok", self.account)

    def test_a_repeat_writes_nothing(self):
        self.run_sync()
        self.run_sync()
        self.assertEqual(self.counts(), [0, 0, 0, 0])

    def test_the_first_reading_asks_for_ninety_days_and_the_next_for_what_is_new(self):
        self.run_sync()
        self.sim.clear_ledger()
        first = self.since(self.sim.ledger(path=EVENTS) or self.read_again("--full"))
        again = self.since(self.read_again())
        now = datetime.datetime.now(datetime.timezone.utc)
        self.assertAlmostEqual((now - first).total_seconds() / 86400, 90, delta=0.1)
        newest = datetime.datetime.fromisoformat(self.cursor()["newest"].replace("Z", "+00:00"))
        self.assertEqual(newest - again, datetime.timedelta(minutes=15))

    def read_again(self, *arguments):
        self.sim.clear_ledger()
        self.run_sync("--stream", "software", *arguments)
        return self.sim.ledger(path=EVENTS)

    @staticmethod
    def since(entries):
        start = json.loads(entries[0]["body"])["start_time"]
        return datetime.datetime.fromisoformat(start.replace("Z", "+00:00"))


class WhoUsesWhat(MdmCase):
    """Linked directly or through a group, installed or handed out: who may sign in there uses it."""

    def test_everybody_bound_to_a_device_uses_its_apps(self):
        self.run_sync()
        found = self.muster.query(
            "SELECT v.person, i.device_source_id, i.app_source_id, i.origins ->> '$[0]' AS origin, "
            "v.how FROM installed_apps v JOIN device_apps i ON i.id = v.device_app_id "
            "WHERE v.person IS NOT NULL")
        true = {tuple(row.values()) for row in self.truth()["uses"]}
        self.assertEqual({tuple(row.values())[:4] for row in found}, true)
        self.assertEqual({row["how"] for row in found}, {"installed", "shared"})
        said = self.muster.must("apps", "who", "Everywhere", "--json", "--limit", "0").json()
        app = next(row["source_id"] for row in self.truth()["apps"] if row["name"] == "Everywhere")
        self.assertEqual({row["person"] for row in said if row["person"]},
                         {row[0] for row in true if row[2] == app})


class Changes(MdmCase):
    OPTIONS = {"devices": 6, "apps_per_device": 2}

    def setUp(self):
        super().setUp()
        self.run_sync()

    def test_they_arrive(self):
        self.change("install", name="Brand New", version="7")
        self.change("uninstall")
        self.change("rename_system")
        self.change("unlink_app")
        self.change("bind", user=self.truth()["users"][1]["source_id"])
        self.run_sync()
        self.assert_mdm()

    def test_a_removed_system_takes_its_apps_along(self):
        gone = self.change("remove_system")["system"]
        self.run_sync()
        self.assertFalse([key for key in self.installs() if key[0] == gone])
        self.assert_table("device_apps", self.truth()["device_apps"])

    def test_what_is_told_late_changes_nothing(self):
        self.change("install", name="Brand New", version="7")
        self.change("tell_late", kind="remove", name="Brand New")
        self.change("tell_late", kind="change", name="Brand New")
        self.run_sync()
        self.assert_table("device_apps", self.truth()["device_apps"])

    def test_a_managed_app_that_is_withdrawn_goes(self):
        self.change("remove_app")
        self.run_sync()
        self.assert_mdm()


class Outages(MdmCase):
    """Muster did not run for a while; the log forgets what it may."""

    OPTIONS = {"devices": 6, "apps_per_device": 2}

    def setUp(self):
        super().setUp()
        self.run_sync()

    def outage(self, days):
        """As if muster had last run so many days ago: both clocks go back."""
        self.change("pass_time", days=days)
        back = datetime.timedelta(days=days)
        cursor = {name: (datetime.datetime.fromisoformat(time.replace("Z", "+00:00")) - back)
                  .strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
                  for name, time in self.cursor().items()}
        database = self.muster.project / ".muster" / "muster.db"
        with contextlib.closing(sqlite3.connect(database)) as opened, opened:
            opened.execute("UPDATE stream_state SET cursor = ? WHERE stream = 'software'",
                           [json.dumps(cursor)])
            # The marks of events are as old as what they mark.
            opened.execute("DELETE FROM event_marks")

    def warnings(self, run):
        return self.stream(run, "software").get("warnings", [])

    def happen_meanwhile(self, days_ago):
        first, second = (system["source_id"] for system in self.truth()["devices"][:2])
        self.change("install", name="Meanwhile", version="1", days_ago=days_ago, system=first)
        self.change("install", name="Meanwhile", version="2", days_ago=days_ago - 1, system=first)
        self.change("install", name="Came and Went", days_ago=days_ago, system=second)
        self.change("uninstall", name="Came and Went", system=second)
        self.change("uninstall", system=first)
        self.change("install", name="Lately", version="1", system=second)

    def test_after_ten_days_nothing_is_missed(self):
        self.outage(10)
        self.happen_meanwhile(days_ago=9)
        run = self.run_sync()
        self.assert_mdm()
        self.assertEqual(self.warnings(run), [])
        self.run_sync()
        self.assertEqual(self.counts(), [0, 0, 0, 0])

    def test_after_a_hundred_days_what_was_known_stays_and_the_gap_is_told(self):
        before = self.installs()
        system, name = next(key[:2] for key in before if key[2] == "discovered")
        self.outage(100)
        self.change("install", name="Forgotten", version="1", days_ago=95)
        self.change("uninstall", name=name, system=system)
        self.change("install", name="Lately", version="1")
        run = self.run_sync()
        after = self.installs()
        self.assertEqual({key[1] for key in after.keys() - before.keys()}, {"lately"})
        self.assertEqual(len(before.keys() - after.keys()), 1)  # what is told now, is gone now
        warning, = self.warnings(run)
        self.assertIn("what happened before they began is lost", warning)
        self.assertIn("is lost", self.muster.account(self.account)["state_reason"])
        self.assert_state("ok", self.account)
        self.assertEqual(self.warnings(self.run_sync()), [])

    def test_a_plan_that_keeps_less_is_told_of_sooner(self):
        self.outage(20)
        run = self.run_sync()
        warning, = self.warnings(run)
        self.assertIn("if your plan keeps 15 days", warning)
        self.assert_mdm()


class SmallPlan(MdmCase):
    """The log keeps fifteen days."""

    OPTIONS = {"devices": 6, "apps_per_device": 2, "plain": True, "kept_days": 15}

    def test_what_is_older_stays_unseen_and_nothing_is_removed_for_it(self):
        self.change("install", name="Lately", days_ago=10)
        self.run_sync()
        discovered = {key[1] for key in self.installs() if key[2] == "discovered"}
        truth = {row["app_source_id"] for row in self.truth()["device_apps"]
                 if row["origin"] == "discovered"}
        self.assertIn("lately", discovered)
        self.assertLess(discovered, truth)
        self.run_sync()
        self.assertEqual(self.counts(), [0, 0, 0, 0])


class WithoutInsights(MdmCase):
    OPTIONS = {"devices": 6, "apps_per_device": 2, "insights": 403}

    def test_only_managed_apps_and_why(self):
        for status in (401, 402, 403, 404):
            self.change("license_insights", insights=status)
            run = self.run_sync(code=DEGRADED_CODE)
            self.assertEqual(self.stream(run, "software")["end"], "degraded", status)
            self.assert_state("degraded", self.account)
            self.assertIn("directoryinsights@jumpcloud.com", run.said)
            for table in ENTITIES:
                self.assert_table(table, self.truth(insights=False)[table])

    def test_check_says_so(self):
        run = self.muster.run("check", self.account, "--json")
        granted = {one["name"]: one["granted"] for one in run.objects()[0]["permissions"]}
        self.assertEqual(granted, {"Devices": True, "Directory Insights": False})

    def test_they_come_when_it_is_enabled(self):
        self.run_sync(code=DEGRADED_CODE)
        self.change("license_insights")
        self.run_sync()
        self.assert_mdm()
        self.assert_state("ok", self.account)

    def test_what_was_known_stays_when_it_ends(self):
        self.change("license_insights")
        self.run_sync()
        before = self.installs()
        self.change("license_insights", insights=402)
        self.run_sync(code=DEGRADED_CODE)
        self.assertEqual(self.installs(), before)


if __name__ == "__main__":
    unittest.main()
