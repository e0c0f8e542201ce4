"""Zoho's tokens and their oddities: a console's code pasted, refreshes, throttling, another data centre,
tokens that are pushed out, and one consent that serves all three products."""

import unittest

from manageengine import EVERY_SCOPE, SCOPES, ManageEngineCase

ACCOUNTS = "accounts.zoho.eu"
AUTH = 4


class Tokens(ManageEngineCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 6, "apps_per_device": 1,
                "forward_from": "in"}]

    def setUp(self):
        super().setUp()
        self.sim.clear_ledger()

    def test_a_pasted_code_connects_and_tokens_are_refreshed(self):
        run = self.must_join()
        self.assertIn("https://accounts.zoho.eu/oauth/v2/auth?", run.err)
        for part in ("access_type=offline", "prompt=consent", "MDMOnDemand.MDMUser.READ"):
            self.assertIn(part, run.err)
        self.sync(account=self.slug)
        self.assertEqual(self.token_calls()[0], "grant_type=authorization_code")
        self.zoho("expire_access")
        self.sim.clear_ledger()
        self.sync(account=self.slug)
        self.assert_truth()
        self.assertEqual(self.token_calls(), ["grant_type=refresh_token"])
        for entry in self.sim.ledger():
            self.assertNotIn("token=", entry["target"])

    def test_a_code_that_is_none(self):
        run = self.join(code="1000.no.code")
        self.assertEqual(run.code, AUTH, run)
        self.assertEqual(self.muster.query("SELECT id FROM accounts"), [])

    def test_a_consent_that_would_not_last_is_explained(self):
        """Zoho gives no refresh token to who consented before, but for prompt=consent."""
        run = self.join(code=self.code(offline=False))
        self.assertEqual(run.code, AUTH, run)
        self.assertIn("no refresh token", run.said)

    def test_a_wrong_secret_is_a_matter_of_configuration(self):
        run = self.join(client_secret="wrong-secret-wrong")
        self.assertNotEqual(run.code, 0)
        self.assertIn("each data centre may have its own", run.said)

    def test_a_client_that_is_not_enabled_here(self):
        code = self.code()
        self.zoho("client", enabled=False)
        self.addCleanup(self.zoho, "client", enabled=True)
        run = self.join(code=code)
        self.assertNotEqual(run.code, 0)
        self.assertIn("Settings tab", run.said)

    def test_a_secret_that_was_swapped_stops_asking(self):
        self.join_and_sync()
        self.zoho("client", secret="another-secret-of-the-console")
        self.addCleanup(self.zoho, "client", secret=self.client()["client_secret"])
        self.zoho("expire_access")
        self.sim.clear_ledger()
        for _ in range(3):
            self.sync(account=self.slug, code=AUTH)
        self.assertLessEqual(len(self.token_calls()), 3)
        code = self.code()
        self.muster.must("accounts", "reconnect", self.slug, "--no-input",
                         *self.secret_words(code, client_secret="another-secret-of-the-console"))
        self.sync(account=self.slug)
        self.assert_truth()

    def test_a_code_of_another_data_centre(self):
        run = self.connect(*self.secret_words(self.code()), region="in", account="in",
                           client_id=self.client()["client_id"])
        self.assertEqual(run.code, AUTH, run)

    def test_a_revoked_consent_needs_a_person(self):
        self.join_and_sync()
        before = self.muster.everything(self.slug)
        self.zoho("revoke_all")
        self.sim.clear_ledger()
        self.sync(account=self.slug, code=AUTH)
        self.assert_state("needs-auth", self.slug)
        self.assertEqual(self.token_calls(), ["grant_type=refresh_token"])
        self.sync(account=self.slug, code=AUTH)
        self.assertEqual(self.token_calls(), ["grant_type=refresh_token"])
        self.assert_untouched(before)

    def test_twenty_consents_push_the_first_one_out(self):
        """The 21st refresh token of a user silently ends the oldest; a new consent mends it."""
        self.join_and_sync()
        for number in range(20):
            self.must_join(account=f"other{number}")
        self.zoho("advance", seconds=3600)
        self.sync(account=f"{self.VENDOR}/other0")
        self.sync(account=self.slug, code=AUTH)
        self.assert_state("needs-auth", self.slug)
        self.muster.must("accounts", "reconnect", self.slug, "--no-input",
                         *self.secret_words(self.code()))
        self.sync(account=self.slug)
        self.assert_state("ok", self.slug)

    def test_a_throttled_client_does_not_hammer(self):
        self.must_join()
        self.sim.fault("body", host=ACCOUNTS, path="/oauth/v2/token", times=0, status=200,
                       value={"error": "Access Denied", "status": "failure",
                              "error_description": "too many requests"})
        self.zoho("expire_access")
        self.sim.clear_ledger()
        for _ in range(3):
            self.assertNotEqual(self.sync(account=self.slug, code=None).code, 0)
        self.assertLessEqual(len(self.token_calls()), 1)
        self.assertNotEqual(self.muster.account(self.slug)["state"], "needs-auth")


class OneConsent(ManageEngineCase):
    """The three connectors are of one provider: one consent, one refresh token, one access token."""

    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 16, "apps_per_device": 2}]
    CREDENTIAL = "manageengine_mdm/acme"

    def setUp(self):
        super().setUp()
        self.slugs = [f"{vendor}/acme" for vendor in SCOPES]
        self.sim.clear_ledger()

    def share(self):
        self.must_join(code=self.code(EVERY_SCOPE))
        for vendor in list(SCOPES)[1:]:
            run = self.connect("--credential", self.CREDENTIAL, vendor=vendor)
            self.assertEqual(run.code, 0, run)

    def sync_all(self, code=0):
        for slug in self.slugs:
            self.sync(account=slug, code=code)

    def test_it_serves_all_three_with_one_token_at_a_time(self):
        self.share()
        self.sync_all()
        self.assertEqual(self.token_calls().count("grant_type=authorization_code"), 1)
        self.zoho("expire_access")
        self.sim.clear_ledger()
        self.sync_all()
        self.assertEqual(self.token_calls(), ["grant_type=refresh_token"])
        for vendor in SCOPES:
            self.assert_truth(f"{vendor}/acme", self.host_of(vendor))

    def test_its_end_is_theirs_and_so_is_a_new_one(self):
        self.share()
        self.sync_all()
        self.zoho("revoke_all")
        self.sim.clear_ledger()
        self.sync_all(code=AUTH)
        self.assertEqual(self.token_calls(), ["grant_type=refresh_token"])
        for slug in self.slugs:
            self.assert_state("needs-auth", slug)
        self.must_join(code=self.code(EVERY_SCOPE), account="updated")
        for slug in self.slugs:
            self.muster.must("accounts", "reconnect", slug, "--no-input",
                             "--credential", "manageengine_mdm/updated")
        self.sync_all()
        for slug in self.slugs:
            self.assert_state("ok", slug)

    def test_a_consent_for_one_product_is_none_for_another(self):
        self.must_join()
        run = self.connect("--credential", self.CREDENTIAL, vendor="manageengine_endpoint_central")
        self.assertNotEqual(run.code, 0)
        self.assertIn("DesktopCentralCloud.SOM.READ", run.said)
        self.assertEqual(len(self.muster.query("SELECT id FROM accounts")), 1)

    def test_a_wider_consent_is_as_good(self):
        """The article's SDPOnDemand.assets.ALL covers what is read."""
        self.must_join(vendor="manageengine_servicedesk_plus",
                       code=self.code(["SDPOnDemand.assets.ALL"]))
        self.sync(account="manageengine_servicedesk_plus/acme")
        self.assert_state("ok", "manageengine_servicedesk_plus/acme")


class Milliseconds(ManageEngineCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 2,
                "accounts": {"expires_in_ms": True}}]

    def test_lives_told_in_milliseconds_are_not_taken_for_seconds(self):
        self.join_and_sync()
        self.zoho("expire_access")
        self.sync(account=self.slug)
        self.assertEqual(self.muster.value("SELECT max(expires_at_ms - obtained_at_ms) FROM tokens"),
                         3600 * 1000)


if __name__ == "__main__":
    unittest.main()
