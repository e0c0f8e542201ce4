"""Permissions that are missing, taken away, given back; tokens that expire and are replaced."""

import unittest

from harness import ACCOUNT, E2eCase, HOST

AUTH_CODE = 4
DEVICES, APPS = "Device list", "Applications"


class Permissions(E2eCase):
    def setUp(self):
        super().setUp()
        self.sim.change(HOST, "set_permissions", permissions=[DEVICES, APPS])

    def allow(self, *permissions):
        self.sim.change(HOST, "set_permissions", permissions=list(permissions))

    def test_without_applications_the_account_is_degraded_and_says_why(self):
        self.allow(DEVICES)
        run = self.muster.connect_kandji(self.sim)
        self.assertEqual(run.code, 0, run)
        self.assertIn(APPS, run.said)
        self.sync(code=None)
        self.assert_state("degraded")
        account = self.muster.account()
        self.assertIn(APPS, account["state_reason"] + account["state_way_out"])
        truth = self.sim.truth(HOST)
        self.assertEqual(len(self.muster.rows("devices")), len(truth["devices"]))
        self.assertEqual(len(self.muster.rows("users")), len(truth["users"]))
        self.assertEqual(self.muster.rows("device_apps"), [])

    def test_the_permission_given_later_is_all_it_takes(self):
        self.allow(DEVICES)
        self.connect()
        self.sync(code=None)
        self.allow(DEVICES, APPS)
        self.sync()
        self.assert_state("ok")
        self.assert_true()

    def test_a_permission_that_is_taken_away_removes_nothing(self):
        self.connect_and_sync()
        before = self.muster.everything()
        self.allow(DEVICES)
        self.sync(code=None)
        self.assert_state("degraded")
        self.assertEqual(self.muster.everything(), before)

    def test_a_permission_that_is_taken_away_in_the_middle_removes_nothing(self):
        self.connect_and_sync()
        before = self.muster.everything()
        self.sim.fault("forbidden", path="/api/v1/prism/apps", from_page=2, times=0)
        self.sync(code=None)
        self.assertEqual(self.muster.everything(), before)

    def test_without_the_device_list_nothing_is_removed(self):
        self.connect_and_sync()
        before = self.muster.everything()
        self.allow(APPS)
        run = self.sync(code=None)
        self.assertNotEqual(run.code, 0)
        self.assertEqual(self.muster.everything(), before)
        self.assertIn(DEVICES, run.said + str(self.muster.account()))

    def test_check_names_what_is_granted(self):
        self.connect()
        run = self.muster.must("check", ACCOUNT, "--json")
        self.assertIn(DEVICES, run.out)
        self.assertIn(APPS, run.out)


class Tokens(E2eCase):
    def setUp(self):
        super().setUp()
        self.first = self.sim.change(HOST, "replace_token")["token"]
        run = self.muster.connect_kandji(self.sim, token=self.first)
        self.assertEqual(run.code, 0, run)

    def test_a_revoked_token_needs_auth_and_asks_once(self):
        self.sync()
        before = self.muster.everything()
        self.sim.change(HOST, "replace_token")
        self.sim.clear_ledger()
        run = self.sync(code=AUTH_CODE)
        self.assert_state("needs-auth")
        self.assertIn("reconnect", run.said + self.muster.account()["state_way_out"])
        self.assertLessEqual(len(self.sim.ledger()), 4)
        self.assertEqual(self.muster.everything(), before)

    def test_a_token_that_expires_at_page_two(self):
        self.sync()
        before = self.muster.everything()
        self.sim.fault("unauthorized", path="/api/v1/prism/apps", from_page=2, times=0)
        run = self.sync(code=None)
        self.assertNotEqual(run.code, 0)
        self.assertEqual(self.muster.everything(), before)

    def test_reconnect_with_a_new_token(self):
        self.sync()
        new = self.sim.change(HOST, "replace_token")["token"]
        self.sync(code=AUTH_CODE)
        secret = self.muster.secret_file(new, "new-token")
        self.muster.must("accounts", "reconnect", ACCOUNT, "--secret-file",
                         f"api_token={secret}", "--no-input")
        self.sync()
        self.assert_state("ok")
        self.assert_true()

    def test_reconnect_with_a_wrong_token_keeps_the_old_one(self):
        secret = self.muster.secret_file("wrong-token-here", "new-token")
        run = self.muster.run("accounts", "reconnect", ACCOUNT, "--secret-file",
                              f"api_token={secret}", "--no-input")
        self.assertEqual(run.code, AUTH_CODE, run)
        self.sync()


if __name__ == "__main__":
    unittest.main()
