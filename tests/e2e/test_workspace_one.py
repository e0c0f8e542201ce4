"""Workspace ONE UEM: the first sync equals the truth row by row, the second writes nothing, changes
and removals arrive."""

import json
import unittest

from workspace_one_case import ACCOUNT, HOST, WorkspaceCase

CONFIG_CODE = 6


class FirstSync(WorkspaceCase):
    def test_the_store_equals_the_truth_and_a_repeat_writes_nothing(self):
        self.connect()
        run = self.sync()
        self.assert_state("ok")
        self.assert_true()
        self.assertEqual(self.stream(run, "apps")["scopes"],
                         {"entity": "device", "read": 40, "kept": 0, "failed": 0})
        before = self.everything()
        self.sync()
        self.assert_nothing_written()
        self.assertEqual(self.everything(), before)

    def test_changes_arrive(self):
        self.connect()
        self.sync()
        for op in ("rename_device", "check_in", "unassign", "deactivate_user", "move_user",
                   "update_app", "add_app", "add_users", "add_devices"):
            self.change(op)
            self.sync()
            self.assertNotEqual(self.counts()["created"] + self.counts()["updated"], 0, op)
            self.assert_true()

    def test_removals_arrive(self):
        self.connect()
        self.sync()
        for op, args in (("remove_app", {}), ("remove_app", {"listed": True}), ("remove_device", {}),
                         ("remove_user", {}), ("remove_user_group", {"group": "Nobody Yet"}),
                         ("set_members", {"group": "Field Staff", "users": [781004, 781007]})):
            self.change(op, **args)
            self.sync()
            self.assertNotEqual(self.counts()["removed"], 0, op)
            self.assert_true()
        self.assert_state("ok")

    def test_what_was_dropped_is_counted_by_its_rule(self):
        self.connect()
        run = self.sync()
        session, = run.objects()
        self.assertEqual(session["dropped_by_rule"], {"device_app.not_there": 2})


class Plain(WorkspaceCase):
    OPTIONS = {"plain": True, "users": 3, "devices": 5, "apps_per_device": 2}

    def test_a_plain_tenant(self):
        self.connect()
        self.sync()
        self.assert_true()
        groups = self.muster.rows("groups", ACCOUNT, where="json_extract(t.custom, '$.type') = 'Customer'")
        uuid, = (json.loads(group["custom"])["uuid"] for group in groups)
        self.assertEqual(self.muster.account(ACCOUNT)["tenant"], f"{uuid}@{HOST}")

    def test_another_organization_group_is_another_tenant(self):
        self.connect()
        self.change("set_role_group", group="Sales")
        run = self.muster.run("check", ACCOUNT)
        self.assertEqual(run.code, CONFIG_CODE, run)
        self.assertIn("belongs to the tenant", run.said)

    def test_a_tenant_that_could_not_be_told_is_told_later(self):
        self.change("set_rights", rights=["Apps", "Devices", "Users"])
        self.connect()
        self.assertEqual(self.muster.account(ACCOUNT)["tenant"], HOST)
        self.change("set_rights", rights=["Apps", "Devices", "Users", "Groups"])
        self.muster.must("check", ACCOUNT)
        self.muster.must("accounts", "reconnect", ACCOUNT, "--no-input", *self.secret_words())
        told = self.muster.account(ACCOUNT)["tenant"]
        self.assertRegex(told, f"^[0-9a-f-]+@{HOST}$")
        self.change("set_rights", rights=["Apps", "Devices", "Users"])
        self.muster.must("accounts", "reconnect", ACCOUNT, "--no-input", *self.secret_words())
        self.assertEqual(self.muster.account(ACCOUNT)["tenant"], told)

    def secret_words(self):
        ready = self.sim.ready["tenants"][HOST]
        return [word for name in ("password", "tenant_code") for word in
                ("--secret-file", f"{name}={self.muster.secret_file(ready[name], name)}")]


class Large(WorkspaceCase):
    OPTIONS = {"users": 1001, "devices": 500, "apps_per_device": 1}

    def test_more_pages_than_one_and_a_last_page_that_is_full(self):
        self.connect()
        self.sync()
        self.assert_true()
        self.assert_state("ok")


if __name__ == "__main__":
    unittest.main()
