"""Workspace ONE UEM by a client of OAuth Client Management: its region's own host gives the tokens,
no account can be locked, and no tenant code is needed."""

import unittest

from workspace_one_case import ACCOUNT, HOST, WorkspaceCase

AUTH_CODE = 4
DEVICES = "/API/mdm/devices/search"


class OauthCase(WorkspaceCase):
    REGION = "emea"

    def setUp(self):
        self.OPTIONS = {"users": 12, "devices": 9, "apps_per_device": 2, "oauth_region": self.REGION}
        super().setUp()
        self.token_host = f"{self.REGION}.uemauth.workspaceone.com"

    def connect_client(self, region=None, secret=None, code=0):
        region = region or self.REGION
        ready = self.sim.ready["tenants"][HOST]
        words = self.muster.connect_words(
            self.sim, "workspace_one_uem", HOST, ("api_url", HOST),
            ("client_secret", secret or ready["client_secret"]), extra=(
                "--set", "sign_in=oauth", "--set", f"region={region}",
                "--set", f"client_id={ready['client_id']}", "--connect-to",
                f"{region}.uemauth.workspaceone.com:443:127.0.0.1:{self.sim.port}"))
        run = self.muster.run(*words)
        self.assertEqual(run.code, code, run)
        if not code:
            self.sim.clear_ledger()  # a test's token is kept by nobody
        return run

    def token_calls(self):
        return self.sim.ledger(host=self.token_host)

    def api_calls(self):
        return self.sim.ledger(host=HOST)


class Regions(OauthCase):
    def test_each_has_a_host_of_its_own(self):
        for self.REGION in ("na", "emea", "apac", "uat"):
            self.setUp()
            self.connect_client()
            self.sync()
            self.assert_true()
            call, = self.token_calls()
            self.assertEqual((call["method"], call["path"], call["query"]),
                             ("POST", "/connect/token", {}))
            self.assertIn("grant_type=client_credentials", call["body"])

    def test_another_region_s_host_does_not_know_the_client(self):
        for region in ("na", "apac"):
            run = self.connect_client(region=region, code=AUTH_CODE)
            self.assertIn("check region, client ID and client secret", run.err)
            self.assertEqual(self.api_calls(), [])

    def test_it_is_one_of_four(self):
        run = self.connect_client(region="eu", code=6)
        for region in ("na", "emea", "apac", "uat"):
            self.assertIn(region, run.err)


class Tokens(OauthCase):
    def test_the_tenant_code_is_left_out_and_one_token_serves_all_sessions(self):
        self.connect_client()
        for _ in range(2):
            self.sync()
        self.assertEqual(len(self.token_calls()), 1)
        for entry in self.api_calls():
            self.assertNotIn("aw-tenant-code", entry["headers"])
            self.assertIn("authorization", entry["headers"])

    def test_a_wrong_secret_asks_the_tenant_nothing(self):
        run = self.connect_client(secret="wrong-secret", code=AUTH_CODE)
        self.assertNotIn("wrong-secret", run.said)
        self.assertIn("OAuth Client Management", run.err)
        self.assertEqual((len(self.token_calls()), self.api_calls()), (1, []))

    def test_an_hour_later_it_is_renewed_once(self):
        self.connect_client()
        self.sync()
        self.change("advance", seconds=3601)
        self.sync()
        self.assert_true()
        self.assertEqual(len(self.token_calls()), 2)

    def test_a_token_that_ends_in_the_middle(self):
        self.connect_client()
        self.sync()
        for path in (DEVICES, "/API/mdm/devices/66003/apps"):
            self.sim.clear_ledger()
            self.sim.fault("change_after", path=path, op="expire_tokens")
            self.sync()
            self.assert_true()
            self.assertEqual(len(self.token_calls()), 1)

    def test_a_secret_that_was_replaced(self):
        self.connect_client()
        self.sync()
        before = self.everything()
        self.change("replace_client_secret", secret="another-secret")
        self.change("expire_tokens")
        self.sync(code=AUTH_CODE)
        self.assert_state("needs-auth")
        self.assertEqual(self.everything(), before)
        file = self.muster.secret_file("another-secret", "new")
        self.muster.must("accounts", "reconnect", ACCOUNT, "--secret-file", f"client_secret={file}")
        self.sync()
        self.assert_state("ok")

    def test_a_client_whose_role_was_taken_away(self):
        self.connect_client()
        self.sync()
        self.change("set_rights", rights=[])
        self.sim.clear_ledger()
        run = self.sync(code=AUTH_CODE)
        self.assertIn("OAuth Client Management", run.said)
        self.assertNotIn("password", run.said)
        self.assertLessEqual(len(self.api_calls()), 2)  # once more with a token that is new
        self.assert_state("needs-auth")

    def test_rights_one_by_one(self):
        self.connect_client()
        self.change("set_rights", rights=["Apps", "Devices", "Users"])
        self.sync(code=3)
        self.assertIn("Groups (Read)", self.muster.account(ACCOUNT)["state_reason"])

    def test_nothing_secret_is_anywhere(self):
        self.connect_client()
        self.sync()
        secret = self.sim.ready["tenants"][HOST]["client_secret"].encode()
        for file in self.muster.project.rglob("*"):
            self.assertNotIn(secret, file.read_bytes() if file.is_file() else b"", file)


if __name__ == "__main__":
    unittest.main()
