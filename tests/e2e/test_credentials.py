"""muster credentials: there before an account, shared, swapped and replaced under it, never shown."""

import contextlib
import json
import os
import sqlite3
import unittest

from harness import ACCOUNT, E2eCase, HOST

BETA_HOST, BETA = "beta.api.eu.kandji.io", "kandji/beta"
USAGE, AUTH, CONFIG, MISSING, BUSY = 2, 4, 6, 7, 8


class Credentials(E2eCase):
    TENANTS = [
        {"tenant": "acme", "devices": 4, "apps_per_device": 2, "seed": 1},
        {"tenant": "beta", "region": "eu", "devices": 4, "apps_per_device": 2, "seed": 2},
    ]

    def secret(self, token, name="given"):
        return f"api_token={self.muster.secret_file(token, name)}"

    def add(self, name, token=None, code=0):
        run = self.muster.run("credentials", "add", name, "kandji", "--no-input", "--secret-file",
                              self.secret(token or self.sim.token(HOST)))
        self.assertEqual(run.code, code, run)
        return run

    def connect_with(self, name, account="acme", *more, host=HOST):
        return self.muster.run(
            "connect", "kandji", "--account", account, "--set", f"api_url={host}", "--credential",
            name, "--ca-file", self.sim.ca_file, "--connect-to",
            f"{host}:443:127.0.0.1:{self.sim.port}", "--no-input", *more)

    def shared(self):
        """Two accounts of one tenant with one credential."""
        self.add("shared")
        for account in ("acme", "twin"):
            run = self.connect_with("shared", account)
            self.assertEqual(run.code, 0, run)

    def shown(self, name):
        return self.muster.must("credentials", "show", name, "--json").json()

    def names(self):
        return [entry["credential"] for entry in
                self.muster.must("credentials", "--json").json()]

    def fields(self):
        """What the vault holds, to see whether it changed."""
        path = self.muster.project / ".muster" / "muster.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute("SELECT generation, record FROM credential_fields").fetchall()

    def trail(self):
        return [(row["verb"], row["object"], json.loads(row["details"] or "null"))
                for row in self.muster.query("SELECT * FROM audit ORDER BY id")]

    def test_it_can_be_there_before_an_account(self):
        requests = len(self.sim.ledger())
        self.add("main")
        self.assertEqual(len(self.sim.ledger()), requests)
        self.assertEqual(self.shown("main")["accounts"], [])
        run = self.connect_with("main")
        self.assertEqual(run.code, 0, run)
        self.sync()
        self.assert_true()
        shown = self.shown("main")
        self.assertEqual((shown["accounts"], shown["fields"], shown["provider"]),
                         ([ACCOUNT], ["api_token"], "kandji"))
        self.assertIsNotNone(shown["last_used_at"])
        self.assertEqual(self.names(), ["main"])
        self.assertIn(("add-credential", "main", None), self.trail())
        self.assertIn(("connect", ACCOUNT, {"credential": "main"}), self.trail())

    def test_no_secret_is_ever_shown(self):
        self.add("main")
        self.connect_with("main")
        self.muster.must("credentials", "show", "main")
        self.muster.must("credentials", "list")
        for run in self.muster.runs:
            self.assertNotIn(self.sim.token(HOST), run.said)

    def test_a_wrong_one_is_found_out_when_it_is_used(self):
        self.add("wrong", "not-the-right-token")
        run = self.connect_with("wrong")
        self.assertEqual(run.code, AUTH, run)
        self.assertEqual(self.muster.query("SELECT * FROM accounts"), [])

    def test_names(self):
        self.add("main")
        for name, code, word in (("main", CONFIG, "credentials replace main"),
                                 ("Main", USAGE, "lower-case"), ("kandji/x", USAGE, "the name of a credential")):
            self.assertIn(word, self.add(name, code=code).err)
        run = self.muster.run("credentials", "show", "mian")
        self.assertEqual(run.code, MISSING, run)
        self.assertIn("did you mean main?", run.err)
        run = self.connect_with("main", "acme", "--secret-file", self.secret("x"))
        self.assertEqual(run.code, USAGE, run)

    def test_it_is_swapped_under_an_account_after_a_test(self):
        self.connect()
        self.add("wrong", "not-the-right-token")
        self.add("other", self.sim.token(BETA_HOST))
        self.add("good")
        before = self.muster.account()
        for name, code in (("wrong", AUTH), ("other", AUTH)):
            run = self.muster.run("accounts", "reconnect", ACCOUNT, "--credential", name)
            self.assertEqual(run.code, code, run)
            self.assertEqual(self.muster.account(), before)
        run = self.muster.must("accounts", "reconnect", ACCOUNT, "--credential", "good")
        self.assertIn(f"muster credentials delete {ACCOUNT}", run.err)
        self.assertEqual(self.shown("good")["accounts"], [ACCOUNT])
        self.assertEqual(self.shown(ACCOUNT)["accounts"], [])
        self.assertIn(("reconnect", ACCOUNT, {"credential": "good"}), self.trail())
        self.muster.must("credentials", "delete", ACCOUNT, "--yes")
        self.sync()

    def test_an_account_that_needs_one_is_mended_by_it(self):
        self.connect()
        self.sim.fault("unauthorized", times=0)
        self.sync(code=AUTH)
        self.assert_state("needs-auth")
        self.sim.clear_faults()
        self.add("good")
        self.muster.must("accounts", "reconnect", ACCOUNT, "--credential", "good")
        self.assert_state("stale")

    def test_new_values_reach_every_account_or_none(self):
        self.shared()
        before = self.fields()
        run = self.muster.run("credentials", "replace", "shared", "--no-input", "--secret-file",
                              self.secret("not-the-right-token"))
        self.assertEqual(run.code, AUTH, run)
        self.assertIn("nothing was changed: kandji/acme", run.err)
        self.assertEqual(self.fields(), before)
        requests = len(self.sim.ledger(host=HOST))
        run = self.muster.must("credentials", "replace", "shared", "--no-input", "--secret-file",
                               self.secret(self.sim.token(HOST)))
        self.assertIn("2 account(s) use it", run.err)
        self.assertGreaterEqual(len(self.sim.ledger(host=HOST)), requests + 2)
        self.assertEqual([row[0] for row in self.fields()], [2])
        self.assertIn(("replace-credential", "shared",
                       {"accounts": ["kandji/acme", "kandji/twin"], "was_checked": True}),
                      self.trail())

    def test_an_account_that_came_meanwhile_is_not_handed_untested_values(self):
        self.add("shared")
        self.assertEqual(self.connect_with("shared").code, 0)
        pipe = self.muster.folder / "pipe"
        os.mkfifo(pipe, 0o600)
        replacing = self.muster.start("credentials", "replace", "shared", "--no-input",
                                      "--secret-file", f"api_token={pipe}")
        self.addCleanup(replacing.communicate)
        with open(pipe, "wb") as late:
            self.assertEqual(self.connect_with("shared", "twin").code, 0)
            before = self.fields()
            late.write(self.sim.token(HOST).encode())
        _, err = replacing.communicate(timeout=120)
        self.assertEqual(replacing.returncode, BUSY, err)
        self.assertIn(b"kandji/twin uses it since a moment ago", err)
        self.assertEqual(self.fields(), before)

    def test_unchecked_values_are_taken_as_they_are(self):
        self.shared()
        requests = len(self.sim.ledger())
        self.muster.must("credentials", "replace", "shared", "--no-check", "--no-input",
                         "--secret-file", self.secret("not-the-right-token"))
        self.assertEqual(len(self.sim.ledger()), requests)
        self.sync(code=AUTH)

    def test_secrets_for_one_account_are_not_those_of_others(self):
        self.shared()
        before = self.fields()
        again = self.secret(self.sim.token(HOST))
        for run in (self.muster.run("accounts", "reconnect", ACCOUNT, "--no-input",
                                    "--secret-file", again),
                    self.muster.connect_kandji(self.sim)):
            self.assertEqual(run.code, CONFIG, run)
            self.assertIn("kandji/twin uses the credential shared, too", run.err)
            self.assertIn("muster credentials replace shared", run.err)
        self.assertEqual(self.fields(), before)

    def test_one_in_use_is_not_deleted(self):
        self.shared()
        run = self.muster.run("credentials", "delete", "shared", "--yes")
        self.assertEqual(run.code, CONFIG, run)
        self.assertIn("in use by kandji/acme, kandji/twin", run.err)
        for account in (ACCOUNT, "kandji/twin"):
            self.muster.must("accounts", "disconnect", account, "--yes")
        self.assertEqual(self.names(), ["shared"])
        run = self.muster.run("credentials", "delete", "shared", "--no-input")
        self.assertEqual(run.code, USAGE, run)
        self.muster.must("credentials", "delete", "shared", "--yes")
        self.assertEqual((self.names(), self.fields()), ([], []))
        self.assertIn(("delete-credential", "shared", None), self.trail())

    def test_one_of_an_account_goes_with_it_unless_it_serves_another(self):
        self.connect()
        self.assertEqual(self.connect_with(ACCOUNT, "twin").code, 0)
        self.muster.must("accounts", "disconnect", ACCOUNT, "--yes")
        self.assertEqual(self.names(), [ACCOUNT])
        self.sync(account="kandji/twin")
        self.muster.must("accounts", "disconnect", "kandji/twin", "--purge", "--yes")
        self.assertEqual(self.names(), [])

    def test_replace_of_an_account_keeps_the_credential_it_is_given(self):
        self.connect()
        run = self.connect_with(ACCOUNT, "acme", "--replace", "--yes")
        self.assertEqual(run.code, 0, run)
        self.assertEqual(self.shown(ACCOUNT)["accounts"], [ACCOUNT])
        self.sync()


if __name__ == "__main__":
    unittest.main()
