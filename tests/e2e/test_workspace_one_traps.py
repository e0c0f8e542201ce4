"""Every trap of Workspace ONE UEM's fact sheet: an account that locks, rights one by one, versions,
pages, holes, and a role that sees nothing."""

import unittest

from workspace_one_case import ACCOUNT, DEVICES, HOST, USERS, WorkspaceCase

AUTH_CODE, PARTIAL_CODE = 4, 3
OTHER = "as99.awmdm.com"


class SignIn(WorkspaceCase):
    def failures(self):
        return self.change("set_access")["failures"]

    def test_both_credentials_and_the_version_go_with_every_request(self):
        self.connect()
        self.sync()
        entries = self.sim.ledger()
        for entry in entries:
            version = 2 if entry["path"].endswith(("devices/search", "system/groups/search")) \
                and entry["query"].get("pagesize") != "1" else 1
            self.assertEqual(entry["headers"]["accept"], f"application/json;version={version}")
            self.assertIn("aw-tenant-code", entry["headers"])
            self.assertIn("authorization", entry["headers"])

    def test_a_wrong_credential_costs_one_request(self):
        for wrong in ({"password": "wrong"}, {"tenant_code": "wrong"}, {"username": "nobody"}):
            self.sim.call("clear_ledger")
            run = self.connect(**wrong, code=AUTH_CODE)
            self.assertEqual(len(self.sim.ledger()), 1, wrong)
            self.assertIn("locked", run.said)
            self.assertIn("its account type: Admin", run.said)

    def test_a_password_that_was_changed_stops_the_session_at_its_first_request(self):
        self.connect()
        self.sync()
        before = self.everything()
        self.change("set_access", password="another")
        for arguments in ((), ("--stream", "apps"), ("--stream", "members"),
                          ("--stream", "users", "--stream", "groups")):
            self.sim.call("clear_ledger")
            self.change("unlock")
            self.sync(*arguments, code=AUTH_CODE)
            self.assertEqual(len(self.sim.ledger()), 1, arguments)
            self.assertEqual(self.failures(), 1)
        self.assert_state("needs-auth")
        self.assertEqual(self.everything(), before)

    def test_a_role_without_any_right_looks_like_a_wrong_password(self):
        self.change("set_rights", rights=[])
        self.connect(code=AUTH_CODE)
        self.assertEqual(len(self.sim.ledger()), 1)

    def test_no_secret_leaves_the_vault(self):
        self.connect()
        run = self.sync()
        tenant = self.sim.ready["tenants"][HOST]
        for secret in (tenant["password"], tenant["tenant_code"]):
            self.assertNotIn(secret, run.said)
            for file in self.muster.project.rglob("*"):
                if file.is_file():
                    self.assertNotIn(secret.encode(), file.read_bytes(), file)

    def test_the_consoles_address_is_refused_and_the_apis_is_offered(self):
        run = self.connect(url="https://cn1234.awmdm.com/AirWatch", code=6)
        self.assertIn("as1234.awmdm.com", run.err)
        self.assertEqual(self.sim.ledger(), [])

    def test_the_address_in_other_spellings(self):
        for number, url in enumerate((f"https://{HOST}", f"https://{HOST}/api", f"{HOST}/API/help")):
            self.connect(url=url, account=f"n{number}")
            self.sync(account=f"workspace_one_uem/n{number}")

    def test_a_password_that_changes_in_the_middle_does_not_lock_the_account(self):
        """Requests that were under way count, too; no more are sent."""
        self.connect()
        self.sim.fault("change_after", path="/API/mdm/devices/66010/apps", op="set_access",
                       args={"password": "another"})
        self.sync(code=None)
        self.assertIn(self.failures(), (1, 2, 3, 4))
        self.assert_state("needs-auth")


class Rights(WorkspaceCase):
    def test_without_users_or_devices_there_is_no_account(self):
        for left, missing in ((["Apps", "Devices"], "Users (Read)"),
                              (["Apps", "Users"], "Devices (Read)")):
            self.change("set_rights", rights=left)
            self.assertIn(missing, self.connect(code=AUTH_CODE).err)

    def test_the_articles_three_rights_give_all_but_groups(self):
        self.change("set_rights", rights=["Apps", "Devices", "Users"])
        self.assertIn("Groups (Read)", self.connect().said)
        self.sync(code=PARTIAL_CODE)
        self.assert_state("degraded")
        self.assertIn("Groups (Read)", self.muster.account(ACCOUNT)["state_reason"])
        truth = self.sim.truth(HOST)
        for entity in ("users", "devices", "device_apps", "user_licenses"):
            self.assertEqual(len(self.muster.rows(entity, ACCOUNT)), len(truth[entity]), entity)
        self.change("set_rights", rights=["Apps", "Devices", "Users", "Groups"])
        self.sync()
        self.assert_state("ok")
        self.assert_true()

    def test_a_right_that_is_taken_away_removes_nothing(self):
        self.connect()
        self.sync()
        before = self.everything()
        for missing in ("Apps", "Groups"):
            left = [one for one in ("Apps", "Devices", "Users", "Groups") if one != missing]
            self.change("set_rights", rights=left)
            self.sync(code=PARTIAL_CODE)
            self.assert_state("degraded")
            self.assertEqual(self.everything(), before)
            self.assertIn(f"{missing} (Read)", self.muster.account(ACCOUNT)["state_reason"])

    def test_check_names_the_missing_right_and_shows_the_table(self):
        self.change("set_rights", rights=["Apps", "Devices", "Users"])
        self.connect()
        run = self.muster.run("check", ACCOUNT)
        self.assertEqual(run.code, PARTIAL_CODE, run)
        self.assertIn("Groups (Read)", run.out)
        self.assertIn("Device Management > Device Details, Device Details: Device Wipe (Edit), "
                      "for Lock Device, Wipe Device", run.out)
        result, = self.muster.run("check", ACCOUNT, "--json").objects()
        self.assertEqual([one["granted"] for one in result["permissions"]],
                         [True, True, True, False])
        shown = self.muster.must("vendors", "show", "workspace_one_uem", "--json").json()
        self.assertEqual(result["permission_table"], shown["permissions"])
        self.assertIn({"section": "Accounts > Users", "category": "Enrollment Status",
                       "permission": "User Registration", "access": "Edit",
                       "needed_for": ["Add User"]}, shown["permissions"])


class Nothing(WorkspaceCase):
    OPTIONS = {"users": 12, "devices": 14, "plain": True}

    def test_a_role_that_sees_nothing_is_a_warning_that_names_group_and_role(self):
        self.change("set_role_group", group="Empty")
        self.assertIn("not one user is visible", self.connect().err)
        run = self.sync()
        for stream, what in (("users", "user"), ("devices", "device")):
            warning, = self.stream(run, stream)["warnings"]
            for words in (f"not one {what} is visible", "organization group", "role"):
                self.assertIn(words, warning)
        self.assertIn("not one user is visible", self.muster.account(ACCOUNT)["state_reason"])
        self.assert_true()

    def test_a_role_that_sees_nothing_any_more_removes_nothing(self):
        self.connect()
        self.sync()
        live = {entity: len(self.muster.rows(entity, ACCOUNT)) for entity in ("users", "devices")}
        self.change("set_role_group", group="Empty")
        self.sync(code=None)
        self.assertEqual({entity: len(self.muster.rows(entity, ACCOUNT)) for entity in live}, live)

    def test_a_sub_group_s_role_sees_its_part(self):
        self.change("set_role_group", group="Sales")
        self.connect()
        self.sync()
        self.assert_true()


class Versions(WorkspaceCase):
    OPTIONS = {"versions": {"devices": [1], "groups": [1]}}

    def test_an_older_tenant_answers_in_version_one(self):
        self.connect()
        self.sync()
        self.assert_true()


class SmallPages(WorkspaceCase):
    OPTIONS = {"page_max": 7, "apps_per_device": 9}

    def test_pages_that_are_cut_lose_nothing(self):
        self.connect()
        self.sync()
        self.assert_state("ok")
        self.assert_true()

    def test_holes_remove_nothing(self):
        self.connect()
        self.sync()
        before = self.everything()
        for fault in ({"name": "keep_rows", "path": DEVICES, "page": 2},
                      {"name": "empty_list", "path": USERS, "page": 3},
                      {"name": "empty_body", "path": DEVICES, "page": 2},
                      {"name": "wrong_total", "path": USERS, "page": 1},
                      {"name": "ignore_paging", "path": DEVICES, "times": 0},
                      {"name": "html_page", "path": USERS, "page": 1},
                      {"name": "drop_rows", "path": USERS, "page": 1}):
            self.sim.fault(**fault)
            run = self.sync(code=None)
            self.assertNotEqual(run.code, 0, fault)
            self.assertEqual(self.everything(), before, fault)
            self.sim.clear_faults()
        self.sync()
        self.assert_state("ok")

    def test_devices_that_come_and_go_under_the_walk(self):
        self.connect()
        for fault in ("drift_insert", "drift_delete"):
            self.sim.fault(fault, path=DEVICES, page=2)
            self.sync(code=None)
            self.sim.clear_faults()
            self.sync()
            self.assert_true()


class Quota(WorkspaceCase):
    def test_when_the_days_calls_are_used_up_it_asks_no_more_and_removes_nothing(self):
        self.connect()
        self.sync()
        before = self.everything()
        self.change("set_remaining", remaining=9)  # the ninth answer says that none is left
        run = self.sync(code=None)
        self.assertNotEqual(run.code, 0, run)
        self.assertIn("asked to be left alone", run.said)
        self.assertLess(self.muster.last_session(ACCOUNT)["requests"], 9 + 4)  # four at a time
        self.assertEqual(self.everything(), before)


class Doubles(WorkspaceCase):
    OPTIONS = {"page_max": 10, "doubles": True}

    def test_rows_that_come_twice_are_there_once(self):
        self.connect()
        self.sync(code=None)
        truth = self.sim.truth(HOST)
        for entity in ("users", "devices"):
            ids = [row["source_id"] for row in self.muster.rows(entity, ACCOUNT)]
            self.assertEqual(sorted(ids), sorted(row["source_id"] for row in truth[entity]))


class Apps(WorkspaceCase):
    def path(self, device):
        return f"/API/mdm/devices/{device}/apps"

    def test_a_hole_in_one_device_costs_that_device_alone(self):
        self.connect()
        self.sync()
        self.change("add_app", device=66001)
        self.change("update_app", device=66002)
        before = self.muster.rows("device_apps", ACCOUNT, where="t.device_source_id = '66001'")
        self.sim.fault("truncated_json", path=self.path(66001), times=0)
        run = self.sync(code=PARTIAL_CODE)
        self.assertEqual(self.stream(run, "apps")["scopes"]["failed"], 1)
        self.assertEqual(before, self.muster.rows("device_apps", ACCOUNT,
                                                  where="t.device_source_id = '66001'"))
        self.assertEqual(self.counts()["updated"], 1)
        self.sim.clear_faults()
        self.sync()
        self.assert_true()

    def test_a_device_that_went_meanwhile_is_no_failure(self):
        self.connect()
        self.sim.fault("change_after", path=DEVICES, op="remove_device", args={"device": 66009})
        self.sync()
        self.sync()
        self.assert_true()

    def test_no_more_than_four_at_a_time_and_each_device_once(self):
        self.connect()
        self.sim.call("clear_ledger")
        self.sync()
        paths = [entry["path"] for entry in self.sim.ledger() if entry["path"].endswith("/apps")]
        self.assertEqual((len(paths), len(set(paths))), (40, 40))

    def test_who_cannot_be_told_is_left_out_with_a_warning(self):
        self.connect()
        warning, = self.stream(self.sync(), "members")["warnings"]
        self.assertIn("1 members of custom user groups are left out", warning)


class TwoAccounts(WorkspaceCase):
    def setUp(self):
        super().setUp()
        self.sim.stop()
        self.sim.tenants = [{"vendor": "workspace_one_uem", "seed": 1},
                            {"vendor": "workspace_one_uem", "seed": 2, "host": OTHER, "devices": 9}]
        self.sim.start()

    def test_they_never_touch_each_others_rows(self):
        other = "workspace_one_uem/other"
        self.connect()
        self.connect(OTHER, "other")
        self.sync()
        self.sync(account=other)
        self.change("remove_device")
        self.sync()
        self.assert_true()
        self.assert_true(OTHER, other)
        self.sync(account=other)
        self.assert_true()
        self.assert_true(OTHER, other)


class Killed(WorkspaceCase):
    def test_a_sync_that_was_killed_is_finished_by_the_next_one(self):
        self.connect()
        self.sim.fault("stall", path="/API/mdm/devices/66020/apps", times=0)
        process = self.muster.start("sync", ACCOUNT)
        self.wait_for(lambda: self.asked("/API/mdm/devices/66020/apps"))
        self.kill_group(process)
        self.sim.clear_faults()
        self.sync()
        self.assert_true()


if __name__ == "__main__":
    unittest.main()
