"""A person who clicks through Zoho's pages, with the ManageEngine connector as it is delivered."""

import unittest

from consent_case import CALLBACK, ConsentCase, free_port
from harness import E2eCase
from simulator.zoho.browser import Browser

ACCOUNTS, HOST, VENDOR = "accounts.zoho.eu", "mdm.manageengine.eu", "manageengine_mdm"
SLUG = f"{VENDOR}/acme"


class Zoho(ConsentCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 6, "apps_per_device": 1, "forward_from": "in"}]

    def setUp(self):
        E2eCase.setUp(self)
        self.sim.change(ACCOUNTS, "advance", seconds=3600)  # out of the limits of the test before
        self.sim.clear_ledger()
        self.redirect = f"http://127.0.0.1:{free_port()}{CALLBACK}"
        self.sim.change(ACCOUNTS, "client", redirects=[self.redirect])
        self.browser = Browser(self.sim.port, self.sim.ca_file)

    def words(self, *extra, data_center=".eu", **_):
        tenant = self.sim.ready["tenants"][ACCOUNTS]
        return self.muster.connect_words(
            self.sim, VENDOR, HOST, ("data_center", data_center), ("client_secret", tenant["client_secret"]),
            extra=("--set", f"client_id={tenant['client_id']}", "--redirect-uri", self.redirect,
                   *(word for host in (ACCOUNTS, "accounts.zoho.in", "mdm.manageengine.in") for word in
                     ("--connect-to", f"{host}:443:127.0.0.1:{self.sim.port}")), *extra))

    def sent_to(self, url):
        return self.browser.consent(url)

    def token_calls(self, host=ACCOUNTS):
        return [entry["body"].partition("&")[0] for entry in self.sim.ledger(host=host, path="/oauth/v2/token")]

    def test_one_token_call_up_to_the_second_sync(self):
        self.consent(self.start(*self.words()))
        self.sync(account=SLUG)
        self.sync(account=SLUG)
        self.assertEqual(self.token_calls(), ["grant_type=authorization_code"])

    def test_a_login_of_another_data_centre_is_told_and_nothing_is_sent(self):
        waiting = self.start(*self.words(data_center=".in"))
        _, text, _ = self.consent(waiting, code=6)
        self.assertIn('this login lives in "eu": connect it with --set data_center=eu', waiting.err)
        self.assertIn("https://accounts.zoho.eu", text)
        self.assertEqual(self.token_calls() + self.token_calls("accounts.zoho.in"), [])

    def test_a_consent_is_never_shown_to_another_data_centre(self):
        self.consent(self.start(*self.words()))
        for _ in range(2):
            run = self.muster.run("accounts", "set", SLUG, "--set", "data_center=in")
            self.assertEqual(run.code, 4, run)
            self.assertIn("was given at https://accounts.zoho.eu/oauth/v2/token", run.err)
            self.assertIn("muster accounts reconnect", run.err)
        self.assertEqual(self.token_calls("accounts.zoho.in"), [])
        self.sync(account=SLUG)

    def test_a_person_who_rejects(self):
        waiting = self.start(*self.words())
        self.come_back(self.browser.consent(waiting.url, decision="reject"))
        self.assertEqual(waiting.end()[0], 4)
        self.assertIn("access_denied", waiting.err)

    def test_disconnecting_takes_the_consent_back(self):
        self.consent(self.start(*self.words()))
        run = self.muster.must("accounts", "disconnect", SLUG, "--yes")
        self.assertIn("taken back at the vendor", run.err)
        call, = self.sim.ledger(host=ACCOUNTS, path="/oauth/v2/token/revoke")
        self.assertEqual((call["query"], call["status"]), ({}, 200))


if __name__ == "__main__":
    unittest.main()
