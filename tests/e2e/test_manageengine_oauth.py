"""The ManageEngine connectors as they are delivered, with Zoho's own tokens: a console's code pasted,
refreshes, throttling, another data centre, tokens that are pushed out."""

import unittest

from harness import E2eCase, REPOSITORY
from manageengine import differences

ACCOUNTS, HOST, VENDOR = "accounts.zoho.eu", "mdm.manageengine.eu", "manageengine_mdm"
SLUG = f"{VENDOR}/acme"
SCOPES = ["MDMOnDemand.MDMUser.READ", "MDMOnDemand.MDMInventory.READ",
          "MDMOnDemand.MDMDeviceMgmt.READ"]


@unittest.skipUnless((REPOSITORY / "host" / "connector" / "consent.h").exists(),
                     "the host does not carry out oauth2")
class Oauth(E2eCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 6, "apps_per_device": 1,
                "forward_from": "in"}]

    def setUp(self):
        super().setUp()
        self.sim.change(ACCOUNTS, "advance", seconds=3600)  # out of the limits of the test before
        self.sim.clear_ledger()

    def code(self, **more):
        return self.sim.change(ACCOUNTS, "self_client", scopes=SCOPES, **more)["code"]

    def connect_with(self, code, data_center=".eu", host=ACCOUNTS, client_secret=None):
        tenant = self.sim.ready["tenants"][ACCOUNTS]
        pasted = self.muster.secret_file(code, "code")
        extra = ("--set", f"client_id={tenant['client_id']}", "--secret-file", f"code={pasted}",
                 "--connect-to", f"{host}:443:127.0.0.1:{self.sim.port}")
        return self.muster.connect_vendor(
            self.sim, VENDOR, HOST, ("data_center", data_center),
            ("client_secret", client_secret or tenant["client_secret"]), extra=extra)

    def token_calls(self):
        return [entry["body"].partition("&")[0] for entry in
                self.sim.ledger(host=ACCOUNTS, path="/oauth/v2/token")]

    def test_a_pasted_code_connects_and_tokens_are_refreshed(self):
        run = self.connect_with(self.code())
        self.assertEqual(run.code, 0, run)
        self.assertIn("https://accounts.zoho.eu/oauth/v2/auth?", run.err)
        for part in ("access_type=offline", "prompt=consent", "MDMOnDemand.MDMUser.READ"):
            self.assertIn(part, run.err)
        self.sync(account=SLUG)
        self.assertEqual(self.token_calls()[0], "grant_type=authorization_code")
        self.sim.change(ACCOUNTS, "expire_access")
        self.sim.clear_ledger()
        self.sync(account=SLUG)
        found = [line for entity, rows in self.sim.truth(HOST).items()
                 for line in differences(entity, self.muster.rows(entity, SLUG), rows)]
        self.assertEqual(found, [])
        self.assertEqual(self.token_calls(), ["grant_type=refresh_token"])
        for entry in self.sim.ledger():
            self.assertNotIn("token=", entry["target"])

    def test_a_code_without_a_lasting_consent_is_explained(self):
        self.assertNotEqual(self.connect_with("1000.no.code").code, 0)

    def test_a_wrong_secret_is_a_matter_of_configuration(self):
        run = self.connect_with(self.code(), client_secret="wrong-secret-wrong")
        self.assertNotEqual(run.code, 0)
        self.assertIn("each data centre may have its own", run.said)

    def test_a_code_of_another_data_centre(self):
        run = self.connect_with(self.code(), data_center=".in", host="accounts.zoho.in")
        self.assertNotEqual(run.code, 0, run)

    def test_a_revoked_consent_needs_a_person(self):
        self.assertEqual(self.connect_with(self.code()).code, 0)
        self.sync(account=SLUG)
        before = self.muster.everything(SLUG)
        self.sim.change(ACCOUNTS, "revoke_all")
        self.sim.clear_ledger()
        self.sync(account=SLUG, code=4)
        self.assert_state("needs-auth", SLUG)
        self.assertEqual(self.token_calls(), ["grant_type=refresh_token"])
        self.assertEqual(self.muster.everything(SLUG), before)

    def test_a_throttled_client_does_not_hammer(self):
        self.assertEqual(self.connect_with(self.code()).code, 0)
        self.sim.fault("body", host=ACCOUNTS, path="/oauth/v2/token", times=0, status=200,
                       value={"error": "Access Denied", "status": "failure",
                              "error_description": "too many requests"})
        self.sim.change(ACCOUNTS, "expire_access")
        self.sim.clear_ledger()
        for _ in range(3):
            self.assertNotEqual(self.sync(account=SLUG, code=None).code, 0)
        self.assertLessEqual(len(self.token_calls()), 1)
        self.assertNotEqual(self.muster.account(SLUG)["state"], "needs-auth")


if __name__ == "__main__":
    unittest.main()
