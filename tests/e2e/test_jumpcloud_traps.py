"""The traps of JumpCloud's APIs: pages, the log's paging, faults, kills, tables as an opt-in."""

import fnmatch
import unittest

from jumpcloud_case import EVENTS, JumpCloudCase

SYSTEMS = "/api/systems"
PARTIAL_CODE = 3


class MdmCase(JumpCloudCase):
    VENDOR = "jumpcloud_mdm"

    def setUp(self):
        super().setUp()
        self.connect()

    def assert_apps(self):
        for table in ("devices", "device_apps"):
            self.assert_table(table, self.truth()[table])


class TheLog(MdmCase):
    """Short pages that are not the last, equal times across their borders, a token without end."""

    OPTIONS = {"devices": 8, "apps_per_device": 3, "log_page": 9}

    def test_it_is_read_to_its_end_and_no_further(self):
        self.sim.clear_ledger()
        self.run_sync()
        self.assert_apps()
        entries = self.sim.ledger(path=EVENTS)
        self.assertGreater(len(entries), 5)
        self.assertEqual([entry["rows"] for entry in entries].count(0), 1)

    def test_a_failure_in_the_middle_goes_on_where_it_was(self):
        self.sim.fault("forbidden", path=EVENTS, from_page=4, times=0)
        run = self.run_sync(code=None)
        self.assertEqual(self.stream(run, "software")["end"], "degraded")
        first = self.muster.value("SELECT cursor FROM stream_state WHERE stream = 'software'")
        self.assertNotIn("read_at", first)
        self.sim.clear_faults()
        self.run_sync()
        self.assert_apps()

    def test_an_event_that_cannot_be_used_is_set_aside_and_the_others_go_on(self):
        for field, value in (("application", 7), ("timestamp", "yesterday"), ("system", "s1")):
            with self.subTest(field=field):
                self.change("install", name=f"With {field}")
                self.sim.fault("wrong_field_type", path=EVENTS, field=field, value=value, page=1)
                run = self.run_sync("--full", code=PARTIAL_CODE)
                self.assertGreater(self.stream(run, "software")["quarantined"], 0)
                self.sim.clear_faults()
                self.assertIn(f"with {field}", {key[1] for key in self.stored("device_apps")})
                self.run_sync("--full")
                self.assert_apps()

    def test_a_kill_in_the_middle_loses_nothing(self):
        for path in (SYSTEMS, EVENTS, "/api/v2/softwareapps"):
            self.sim.fault("stall", path=path, nth=1)
            self.sim.clear_ledger()
            process = self.muster.start("sync", self.account, "--json")
            self.wait_for(lambda: any(order["hits"] for order in self.sim.faults()))
            self.kill_group(process)
            self.sim.clear_faults()
        self.run_sync()
        self.assert_apps()
        self.run_sync()
        self.assertEqual(self.counts(), [0, 0, 0, 0])


class Empty(MdmCase):
    OPTIONS = {"devices": 0}

    def test_nothing_is_no_failure_and_what_comes_is_found(self):
        self.connect(vendor="jumpcloud")
        for account in (self.account, "jumpcloud/acme"):
            self.run_sync(account=account)
            self.assert_state("ok", account)
        self.change("add_system")
        self.run_sync()
        self.assert_apps()


class Pages(MdmCase):
    OPTIONS = {"devices": 100, "apps_per_device": 0, "plain": True}

    def devices(self):
        words = [word for name in ("users", "devices", "apple") for word in ("--stream", name)]
        return self.run_sync(*words, code=None)

    def test_a_full_last_page(self):
        self.devices()
        self.assert_table("devices", self.truth()["devices"])

    def test_rows_that_move_while_they_are_listed(self):
        self.devices()
        for fault, end in (("drift_insert", "failed"), ("drift_delete", "incomplete")):
            self.change("add_system")
            self.sim.fault(fault, path=SYSTEMS, page=1)
            before = self.stored("devices").keys()
            run = self.devices()
            self.assertEqual(self.stream(run, "devices")["end"], end)
            self.assertFalse(before - self.stored("devices").keys())
            self.sim.clear_faults()
            self.devices()
            self.assert_table("devices", self.truth()["devices"])

    def test_what_passes_is_waited_for(self):
        for fault in (("too_many_requests", {"retry_after": 1}), ("unavailable", {}),
                      ("cut_body", {}), ("server_error", {})):
            self.sim.fault(fault[0], path=SYSTEMS, **fault[1])
            self.assertEqual(self.devices().code, 0, fault)
        self.assert_table("devices", self.truth()["devices"])


class OneByOne(MdmCase):
    """Lists that are asked for each parent by itself."""

    OPTIONS = {"devices": 12, "apps_per_device": 0, "plain": True}
    PATHS = {"jumpcloud_mdm": ("/api/v2/systems/*/users", "/api/v2/softwareapps/*/systems"),
             "jumpcloud": ("/api/v2/users/*/systems", "/api/v2/applications/*/users",
                           "/api/v2/usergroups/*/members")}

    def test_some_at_a_time_and_no_more_than_five(self):
        self.connect(vendor="jumpcloud")
        for vendor, paths in self.PATHS.items():
            for path in paths:
                self.sim.clear_ledger()
                self.sim.fault("delay", path=path, times=0, seconds=0.2)
                self.run_sync(account=f"{vendor}/acme")
                self.sim.clear_faults()
                most = max(entry["together"] for entry in self.sim.ledger())
                parents = len(fnmatch.filter((entry["path"] for entry in self.sim.ledger()), path))
                self.assertEqual(most, min(5, parents), path)


class ManySystems(MdmCase):
    """An app that more systems are linked to than a page holds, directly and through a group."""

    OPTIONS = {"devices": 130, "apps_per_device": 0, "plain": True}

    def test_all_of_them_count(self):
        app = self.truth()["apps"][0]["source_id"]
        for system in self.truth()["devices"][:125]:
            self.change("link_app", app=app, system=system["source_id"])
        self.run_sync("--stream", "users", "--stream", "devices", "--stream", "managed")
        truth = self.truth()["device_apps"]
        self.assert_table("device_apps", truth)
        links = [row["link"] for row in truth if row["app_source_id"] == app]
        self.assertGreater(len(links), 100)
        self.assertEqual(set(links), {"direct", "group"})


class Tables(MdmCase):
    """System Insights lists all software where it is switched on."""

    OPTIONS = {"devices": 6, "apps_per_device": 3}

    def setUp(self):
        super().setUp()
        self.overlay(vendors=("jumpcloud_mdm",), more="streams = { system_insights = { enabled = true } }")

    def found(self):
        return {(row["device_source_id"], row["path"], row["version"])
                for row in self.muster.rows("device_apps", self.account,
                                            "t.streams LIKE '%system_insights%'")}

    def test_also_what_the_log_never_told(self):
        self.run_sync()
        names = {row["name"] for row in self.muster.rows("apps", self.account)}
        self.assertIn("Silent", names)
        self.assertTrue(self.found())

    def test_it_knows_the_models_that_nothing_else_tells(self):
        self.run_sync()
        truth = self.truth(tables=True)["devices"]
        self.assert_table("devices", truth)
        self.assertIn("Latitude 7440", {row["model"] for row in truth})

    def test_it_is_a_source_of_its_own(self):
        self.run_sync()
        self.run_sync()
        self.assertEqual(self.counts(), [0, 0, 0, 0])
        told = {row["streams"] for row in self.muster.rows("device_apps", self.account)}
        self.assertEqual(told, {'["managed"]', '["software"]', '["system_insights"]'})

    def test_it_is_not_asked_unless_wanted(self):
        self.overlay()
        self.run_sync()
        self.assertFalse([entry for entry in self.sim.ledger()
                          if "systeminsights" in entry["path"]])


if __name__ == "__main__":
    unittest.main()
