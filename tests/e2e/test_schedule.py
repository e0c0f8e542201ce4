"""muster accounts set --every and sync --due: who is read, who is not, and what a timer is told."""

import contextlib
import datetime
import os
import sqlite3
import unittest

from harness import ACCOUNT, E2eCase, HOST

BETA_HOST, BETA = "beta.api.eu.kandji.io", "kandji/beta"
AUTH_CODE, CONFIG_CODE, USAGE_CODE = 4, 6, 2


class Due(E2eCase):
    TENANTS = [
        {"tenant": "acme", "devices": 5, "apps_per_device": 2, "seed": 1},
        {"tenant": "beta", "region": "eu", "devices": 5, "apps_per_device": 2, "seed": 2},
    ]

    def due(self, *more, code=0):
        run = self.muster.run("sync", "--due", "--json", *more)
        self.assertEqual(run.code, code, run)
        return [session["account"] for session in run.objects()]

    def edit(self, sql, *values):
        """What a vendor or a clock would have to do for us."""
        path = self.muster.project / ".muster" / "muster.db"
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute(sql, values)

    def started(self, hours):
        """The newest session began so many hours from now."""
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
        self.edit("UPDATE sessions SET started_at = ? WHERE id = (SELECT max(id) FROM sessions "
                  "WHERE kind <> 'dry-run')", at.strftime("%Y-%m-%dT%H:%M:%S.000Z"))

    def every(self, interval, account=ACCOUNT):
        self.muster.must("accounts", "set", account, "--every", interval)

    def shown(self, account=ACCOUNT):
        return self.muster.must("accounts", "show", account, "--json").json()

    def test_an_interval_decides(self):
        self.connect()
        self.assertEqual(self.due(), [])
        self.every("6h")
        self.assertEqual(self.due(), [ACCOUNT])
        self.assertEqual(self.due(), [])
        self.started(-5.9)
        self.assertEqual(self.due(), [])
        self.started(-6.1)
        self.sync("--dry-run")
        self.assertEqual(self.due(), [ACCOUNT])
        self.assertEqual(self.due(), [])
        self.started(-60)
        self.every("never")
        self.assertEqual(self.due(), [])

    def test_connect_takes_a_schedule_and_keeps_it_when_renewed(self):
        self.connect(extra=["--every", "1d"])
        self.connect()
        self.assertEqual(self.shown()["every"], "1d")
        self.assertEqual(self.muster.account()["every_seconds"], 86400)

    def test_what_is_due_is_said(self):
        self.connect()
        self.assertIn("muster accounts set", self.muster.must("sync", "--due").err)
        self.every("6h")
        self.sync()
        self.assertIn(f"Nothing is due. The next one is {ACCOUNT}, at 20",
                      self.muster.must("sync", "--due").err)
        for shown in (self.shown(), self.muster.must("status", "--json").json()[0],
                      self.muster.must("accounts", "--json").json()[0]):
            self.assertEqual(shown["every"], "6h")
            self.assertGreater(shown["next_due_at"], self.muster.last_session()["started_at"])
        for verb, said in (("status", "NEXT DUE"), ("accounts", "6h")):
            self.assertIn(said, self.muster.must(verb).out)
        self.every("never")
        self.assertIsNone(self.shown()["next_due_at"])
        self.assertNotIn("NEXT DUE", self.muster.must("status").out)

    def test_a_schedule_that_nobody_keeps_is_told(self):
        self.connect()
        self.every("6h")
        self.sync()
        for hours, is_told in ((-11.9, False), (-12.1, True)):
            self.started(hours)
            self.assertEqual("a timer has to call: muster sync --due"
                             in self.muster.must("status").err, is_told, hours)

    def test_a_clock_that_jumps_costs_one_session(self):
        self.connect()
        self.every("6h")
        self.sync()
        for hours in (-24 * 365 * 20, 24 * 365 * 5):
            self.started(hours)
            self.assertEqual(self.due(), [ACCOUNT])
            self.assertEqual(self.due(), [])

    def test_paused_ones_are_left_out(self):
        self.connect()
        self.every("1m")
        self.muster.must("accounts", "pause", ACCOUNT)
        run = self.muster.must("sync", "--due", ACCOUNT)
        self.assertIn(f"{ACCOUNT} is paused.", run.err)
        self.assertEqual(self.due(), [])
        self.assertIsNone(self.shown()["next_due_at"])

    def test_who_waits_for_a_person_is_not_asked_and_fails_alone(self):
        self.connect()
        self.connect(BETA_HOST, "beta")
        for account in (ACCOUNT, BETA):
            self.every("1h", account)
        for state, code, way in (("needs-auth", AUTH_CODE, "reconnect"),
                                 ("needs-approval", CONFIG_CODE, "approve")):
            with self.subTest(state=state):
                self.edit("UPDATE accounts SET state = ?, state_reason = 'so it is', "
                          "state_way_out = ? WHERE name = 'acme'", state, f"muster {way} it")
                self.edit("UPDATE sessions SET started_at = '2020-01-01T00:00:00.000Z'")
                before = len(self.sim.ledger(host=HOST))
                run = self.muster.run("sync", "--due", "--json")
                self.assertEqual(run.code, code, run)
                by_account = {line["account"]: line for line in run.objects()}
                self.assertEqual(by_account[BETA]["outcome"], "ok")
                error = by_account[ACCOUNT]["error"]
                self.assertIn("is not asked until", error["message"])
                self.assertEqual(error["hint"], f"muster {way} it")
                self.assertEqual(len(self.sim.ledger(host=HOST)), before)

    def test_accounts_narrow_it(self):
        self.connect()
        self.connect(BETA_HOST, "beta")
        for account in (ACCOUNT, BETA):
            self.every("1h", account)
        self.assertEqual(self.due(BETA), [BETA])
        self.assertEqual(self.due(), [ACCOUNT])

    def test_what_another_process_syncs_is_no_failure(self):
        self.connect()
        self.every("1m")
        self.sim.fault("delay", seconds=3, path="/api/v1/prism/apps", times=1)
        before = len(self.sim.ledger(path="/api/v1/devices", host=HOST))
        process = self.muster.start("sync", ACCOUNT)
        self.addCleanup(process.communicate)
        self.wait_for(lambda: len(self.sim.ledger(path="/api/v1/devices", host=HOST)) > before)
        self.started(-1)
        run = self.muster.must("sync", "--due")
        self.assertIn("another session runs", run.err)
        self.assertEqual(run.out, "")
        self.assertEqual(process.wait(60), 0)

    def test_timers_on_two_hosts_sync_once(self):
        """One of them has seen that the account is due, and waits for the vault's passphrase."""
        passphrase = self.muster.secret_file("correct horse battery staple", "passphrase")
        opened = ("--passphrase-file", str(passphrase))
        self.connect()
        self.every("1h")
        self.muster.must("vault", "rekey", "--key", "passphrase", "--new-passphrase-file",
                         str(passphrase))
        pipe = self.muster.folder / "pipe"
        os.mkfifo(pipe, 0o600)
        timer = self.muster.start("sync", "--due", "--json", "--passphrase-file", str(pipe))
        self.addCleanup(timer.communicate)
        with open(pipe, "wb") as late:
            self.assertEqual(self.due(*opened), [ACCOUNT])
            late.write(passphrase.read_bytes())
        out, err = timer.communicate(timeout=120)
        self.assertEqual((timer.returncode, out), (0, b""), err)
        self.assertIn(b"was synced by another process", err)
        self.assertEqual(self.muster.value("SELECT count(*) FROM sessions"), 1)

    def test_the_vault_is_not_opened_for_nothing(self):
        self.connect()
        self.every("1h")
        self.sync()
        for key in (self.muster.folder / "state").rglob("*"):
            if key.is_file():
                key.unlink()
        self.assertEqual(self.due(), [])

    def test_what_excludes_each_other(self):
        self.connect()
        for arguments in (["--due", "--all"], ["--all", ACCOUNT], []):
            self.assertEqual(self.muster.run("sync", *arguments).code, USAGE_CODE)
        run = self.muster.run("accounts", "set", ACCOUNT, "--every", "6 hours")
        self.assertEqual(run.code, USAGE_CODE, run)
        self.assertIn("30m, 6h, 1d", run.err)


if __name__ == "__main__":
    unittest.main()
