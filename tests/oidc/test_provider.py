"""Tokens of npm's oidc-provider, which is strict and which nobody here wrote: consent with PKCE, refreshes
with rotation, its detection of reuse, revocation, client credentials. Skipped where node or the registry
is missing.
"""

import contextlib
import pathlib
import re
import shutil
import socket
import sqlite3
import tempfile
import unittest

from e2e.harness import BINARY, DirectMuster, REPOSITORY
from e2e.terminal import Terminal
from oidc.provider import API, LOGIN, Missing, PageError, Person, Provider, install, load

ACCOUNT = "oak/acme"
OK, AUTH, CONFIG = 0, 4, 6
URL = re.compile(r"https://login\.oak\.example/auth\?\S+")
QUESTION = "or a code of the console"


def setUpModule():
    try:
        install()
    except Missing as why:
        raise unittest.SkipTest(f"oidc-provider: {why}") from None


@unittest.skipUnless(BINARY, "MUSTER_BINARY does not say where the program is")
class OidcProvider(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.provider = cls.enterClassContext(Provider())

    def setUp(self):
        folder = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="muster-oidc-", ignore_cleanup_errors=True)))
        self.muster = DirectMuster(folder).init()
        self.connector = self.muster.project / "vendors" / "oak.lua"
        shutil.copyfile(REPOSITORY / "tests" / "e2e" / "vendors" / "oak.lua", self.connector)
        self.provider.forget_events()

    def words(self, client, way):
        secret = self.muster.secret_file(f"s&c=t {way}", "secret")
        return ["connect", "oak", "--account", "acme", "--set", f"client={client}", "--set", f"way={way}",
                "--secret-file", f"secret={secret}", "--ca-file", self.provider.ca_file,
                *(word for host in (LOGIN, API)
                  for word in ("--connect-to", f"{host}:443:127.0.0.1:{self.provider.port}"))]

    def connect_person(self, *more, client="person:client", accepts=True, pastes=True):
        """At a terminal: the address is opened in a browser, and where that ends is pasted, or loaded."""
        command = self.muster.command(*self.words(client, "person"), "--no-browser", *more)
        with Terminal(command, self.muster.environment) as terminal:
            terminal.wait_for(QUESTION)
            url = URL.search(terminal.shown)[0]
            landed = Person(self.provider).consent(url, accepts)
            if pastes:
                terminal.answer(QUESTION, landed + "\n")
            else:
                self.assertLess(load(landed), 400)
            return terminal.end(), terminal.code

    def connect(self):
        shown, code = self.connect_person()
        self.assertEqual(code, OK, shown)

    def sync(self, code=OK):
        run = self.muster.run("sync", ACCOUNT)
        self.assertEqual(run.code, code, run)
        return run

    def expire(self):
        self.change("UPDATE tokens SET expires_at_ms = obtained_at_ms, refresh_at_ms = obtained_at_ms")

    def change(self, sql):
        path = self.muster.project / ".muster" / "muster.db"
        with contextlib.closing(sqlite3.connect(path)) as opened, opened:
            opened.execute(sql)

    def granted(self):
        return [event["grant"] for event in self.provider.events("granted")]

    def assert_devices(self):
        self.assertEqual([row["source_id"] for row in self.muster.rows("devices", ACCOUNT)],
                         [f"d-{i}" for i in range(7)])

    def test_a_consent_with_pkce_is_refreshed_and_rotates(self):
        self.connect()
        self.assertEqual(self.granted(), ["authorization_code"])
        self.sync()
        self.provider.forget_events()
        for _ in range(4):
            self.expire()
            self.sync()
        self.assert_devices()
        self.assertEqual(self.granted(), ["refresh_token"] * 4)
        self.assertEqual(len(self.provider.events("rotated")), 4)
        self.assertEqual(self.provider.events("refused") + self.provider.events("revoked"), [])

    def test_the_browser_comes_back_by_itself(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        uri = f"http://127.0.0.1:{port}/oauth/callback"
        shown, code = self.connect_person("--redirect-uri", uri, pastes=False)
        self.assertEqual(code, OK, shown)
        self.sync()
        self.assert_devices()

    def test_without_pkce_it_authorizes_nobody(self):
        text = self.connector.read_text()
        self.connector.write_text(text.replace('flow = "code",', 'flow = "code", pkce = false,'))
        shown, code = self.connect_person()
        self.assertEqual(code, AUTH, shown)
        self.assertIn("invalid_request", shown)
        self.assertEqual(self.granted(), [])

    def test_an_answer_of_another_issuer_is_not_taken(self):
        """It says who it is (RFC 9207), which a connector may expect to be another."""
        text = self.connector.read_text()
        self.connector.write_text(text.replace("iss = \"https://login.", "iss = \"https://other."))
        shown, code = self.connect_person()
        self.assertEqual(code, CONFIG, shown)
        self.assertIn('came back from iss "https://login.oak.example"', shown)
        self.assertEqual(self.granted(), [])

    def test_a_person_who_refuses(self):
        shown, code = self.connect_person(accepts=False)
        self.assertEqual(code, AUTH, shown)
        self.assertIn("access_denied", shown)
        self.assertEqual(self.muster.value("SELECT count(*) FROM accounts"), 0)

    def test_a_redirect_that_is_not_registered(self):
        with self.assertRaisesRegex(PageError, "redirect_uri"):
            self.connect_person(client="elsewhere")
        self.assertEqual(self.granted(), [])

    def test_an_old_copy_of_the_database_ends_the_consent_with_one_call(self):
        """What a backup does: a refresh token that was used is used again. The family is gone then."""
        self.connect()
        self.sync()
        copy = self.muster.folder / "copy"
        shutil.copytree(self.muster.project / ".muster", copy)
        self.expire()
        self.sync()
        shutil.rmtree(self.muster.project / ".muster")
        shutil.copytree(copy, self.muster.project / ".muster")
        self.expire()
        self.provider.forget_events()
        for _ in range(3):
            self.assertIn("no longer valid (invalid_grant", self.sync(code=AUTH).err)
        self.assertEqual(len(self.provider.events("revoked")), 1)
        self.assertEqual([event["error"] for event in self.provider.events("refused")], ["invalid_grant"])
        self.assertEqual(self.muster.account(ACCOUNT)["state"], "needs-auth")

    def test_disconnecting_takes_the_consent_back(self):
        self.connect()
        self.sync()
        self.provider.forget_events()
        run = self.muster.must("accounts", "disconnect", ACCOUNT, "--yes")
        self.assertIn("taken back at the vendor", run.err)
        self.assertEqual([event["what"] for event in self.provider.events()], ["revoked"])

    def test_a_machine_has_credentials_of_its_own(self):
        run = self.muster.run(*self.words("machine", "machine"), "--no-input")
        self.assertEqual(run.code, OK, run)
        self.provider.forget_events()
        self.sync()
        self.expire()
        self.sync()
        self.assert_devices()
        self.assertEqual(self.granted(), ["client_credentials"] * 2)


if __name__ == "__main__":
    unittest.main()
