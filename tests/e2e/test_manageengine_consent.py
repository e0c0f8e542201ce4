"""Zoho's consent through a browser: what the page asks for, the data centre that comes back, a consent
that would not last, and the way out of the trap of the second factor."""

import re
import subprocess
import unittest
import urllib.parse
import urllib.request

from consent_case import Waiting, free_port
from manageengine import SCOPES, ManageEngineCase
from simulator.zoho.browser import Browser, PageError

AUTH = 4


class BrowserCase(ManageEngineCase):
    """A person opens the address that muster prints, and pastes the one at which the browser ends."""

    def setUp(self):
        super().setUp()
        self.zoho("advance", seconds=601)
        self.sim.clear_ledger()

    def waiting(self, *words, region="eu", account="acme", client_id=None):
        secret = self.muster.secret_file(self.client()["client_secret"], "secret")
        command = self.muster.command(
            *self.connect_words(*words, region=region, account=account,
                                client_id=client_id or self.client()["client_id"]),
            "--secret-file", f"client_secret={secret}", "--secret-stdin", "code")
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.muster.environment,
                                   cwd=self.muster.folder, start_new_session=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return Waiting(process)

    def consent(self, waiting, change_url=str, change_back=str, **choices):
        """muster's exit code."""
        url = change_url(waiting.url)
        back = Browser(self.sim.port, self.sim.ca_file).consent(url, **choices)
        out, err = waiting.process.communicate(change_back(back).encode() + b"\n", timeout=60)
        waiting.err += (out + err).decode()
        return waiting.process.returncode


class Consent(BrowserCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 6, "forward_from": "in"}]

    def test_it_asks_for_what_is_read_and_for_nothing_that_writes(self):
        waiting = self.waiting()
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(waiting.url).query)
        self.assertEqual(sorted(asked["scope"][0].split(",")), sorted(SCOPES[self.VENDOR]))
        self.assertNotIn("code_challenge", asked)
        self.assertEqual(self.consent(waiting), 0, waiting.err)
        self.sync(account=self.slug)
        self.assert_truth()

    def test_a_person_who_refuses(self):
        waiting = self.waiting()
        self.assertEqual(self.consent(waiting, decision="reject"), AUTH, waiting.err)
        self.assertIn("access_denied", waiting.err)
        self.assertEqual(self.token_calls(), [])

    def test_an_account_that_lives_elsewhere_is_told_before_anything_is_sent(self):
        """India was typed, Zoho forwards the browser home to Europe."""
        waiting = self.waiting(region="in")
        self.assertNotEqual(self.consent(waiting), 0, waiting.err)
        self.assertIn('lives in "eu"', waiting.err)
        self.assertEqual(self.token_calls() + self.token_calls("in"), [])

    def test_what_the_browser_brings_back_never_is_an_address(self):
        waiting = self.waiting()
        code = self.consent(waiting, change_back=lambda back: back.replace(
            urllib.parse.quote("https://accounts.zoho.eu", safe=""),
            urllib.parse.quote("https://accounts.evil.example", safe="")))
        self.assertNotEqual(code, 0, waiting.err)
        self.assertIn("nothing was sent there", waiting.err)
        self.assertEqual(self.token_calls(), [])

    def test_without_a_new_consent_there_is_no_lasting_token(self):
        self.assertEqual(self.consent(self.waiting()), 0)
        waiting = self.waiting(account="second")
        code = self.consent(waiting, change_url=lambda url: re.sub("&prompt=consent", "", url))
        self.assertEqual(code, AUTH, waiting.err)
        self.assertIn("no refresh token", waiting.err)


class United(BrowserCase):
    """One consent for the three products: each connector adds what it wants to what was granted."""

    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 12}]

    def consent_by_itself(self, *words):
        """The browser comes back to muster; what muster said."""
        process = self.muster.start(*(word for word in words if word != "--no-input"))
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        waiting = Waiting(process)
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(waiting.url).query)["scope"][0]
        back = Browser(self.sim.port, self.sim.ca_file).consent(waiting.url)
        self.assertTrue(waiting.is_listening())
        with urllib.request.urlopen(back, timeout=60) as answer:
            self.assertEqual(answer.status, 200)
        self.assertEqual(waiting.end()[0], 0, waiting.err)
        return set(asked.split(",")), waiting.err

    def test_each_product_asks_for_the_difference_and_shows_it(self):
        redirect = f"http://127.0.0.1:{free_port()}/oauth/callback"
        self.zoho("client", redirects=[redirect])
        secret = self.muster.secret_file(self.client()["client_secret"], "secret")
        asked, _ = self.consent_by_itself(
            *self.connect_words("--redirect-uri", redirect, "--secret-file",
                                f"client_secret={secret}"))
        wanted = set(SCOPES[self.VENDOR])
        self.assertEqual(asked, wanted)
        for vendor in list(SCOPES)[1:]:
            wanted |= set(SCOPES[vendor])
            asked, said = self.consent_by_itself(
                *self.connect_words("--credential", self.slug, vendor=vendor))
            self.assertEqual(asked, wanted)
            shown = re.search(r"Asked for beside what was granted before: (.*)", said)[1]
            self.assertEqual(set(shown.split()), set(SCOPES[vendor]))
        for vendor in SCOPES:
            self.sync(account=f"{vendor}/acme")
            self.assert_truth(f"{vendor}/acme", self.host_of(vendor))


class SecondFactor(BrowserCase):
    """The article's troubleshooting, step by step."""

    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 6, "accounts": {"mfa": True}}]

    def test_out_of_the_trap(self):
        self.assertEqual(self.consent(self.waiting()), 0)
        self.sync(account=self.slug)
        self.zoho("revoke_all")
        self.sync(account=self.slug, code=AUTH)
        self.zoho("console", is_open=True)
        with self.assertRaisesRegex(PageError, "Additional authentication"):
            self.consent(self.waiting(account="updated"))
        self.zoho("console", is_open=False)
        waiting = self.waiting(account="updated")
        self.assertEqual(self.consent(waiting, mfa="postpone"), 0, waiting.err)
        self.muster.must("accounts", "reconnect", self.slug, "--no-input",
                         "--credential", f"{self.VENDOR}/updated")
        self.muster.must("accounts", "pause", self.slug)
        self.muster.must("sync", self.slug, "--dry-run")
        self.assertEqual(self.muster.last_session(self.slug)["outcome"], "ok")
        self.muster.must("accounts", "resume", self.slug)
        self.sync(account=self.slug)
        self.assert_state("ok", self.slug)

    def test_the_guide_says_so(self):
        shown = self.muster.must("vendors", "show", self.VENDOR).out
        for words in ("sign out of the API console", "under a new name", "180 days", "test run"):
            self.assertIn(words, re.sub(r"\s+", " ", shown))


if __name__ == "__main__":
    unittest.main()
