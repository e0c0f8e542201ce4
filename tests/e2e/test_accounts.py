"""Connecting: wrong tokens and addresses, names in use, several accounts that never meet."""

import unittest

from harness import ACCOUNT, COLUMNS, E2eCase, HOST

BETA = "beta.api.eu.kandji.io"
UNKNOWN = "acmee.api.kandji.io"
TWO_TENANTS = [
    {"tenant": "acme", "devices": 25, "apps_per_device": 4, "seed": 1},
    {"tenant": "beta", "region": "eu", "devices": 30, "apps_per_device": 4, "seed": 2},
]
AUTH_CODE = 4


class Connecting(E2eCase):
    TENANTS = TWO_TENANTS

    def accounts(self):
        return self.muster.query("SELECT vendor, name FROM accounts WHERE archived_at IS NULL")

    def test_a_wrong_token_stores_nothing(self):
        run = self.muster.connect_kandji(self.sim, token="not-the-right-token")
        self.assertEqual(run.code, AUTH_CODE, run)
        self.assertRegex(run.said.lower(), r"token|credential")
        self.assertNotIn("not-the-right-token", run.said)
        self.assertEqual(self.accounts(), [])

    def test_a_wrong_token_is_told_from_a_missing_permission(self):
        self.sim.change(HOST, "set_permissions", permissions=["Applications"])
        self.addCleanup(self.sim.change, HOST, "set_permissions",
                        permissions=["Device list", "Applications"])
        run = self.muster.connect_kandji(self.sim)
        self.assertEqual(run.code, AUTH_CODE, run)
        self.assertIn("Device list", run.said)
        self.assertEqual(self.accounts(), [])

    def test_a_wrong_address_is_called_a_wrong_address(self):
        run = self.muster.connect_kandji(self.sim, UNKNOWN, token="any-token-will-do")
        self.assertNotEqual(run.code, 0, run)
        self.assertRegex(run.said, r"API URL|address")
        self.assertEqual(self.accounts(), [])

    def test_an_address_of_somebody_else_is_refused_without_a_request(self):
        for url in ("https://evil.example", "https://acme.api.kandji.io@evil.example",
                    "http://127.0.0.1:9", "https://kandji.io.evil.example", "https://[::1]/"):
            with self.subTest(url=url):
                before = len(self.sim.ledger())
                run = self.muster.connect_kandji(self.sim, url=url)
                self.assertNotEqual(run.code, 0, run)
                self.assertEqual(len(self.sim.ledger()), before)

    def test_every_spelling_of_the_address(self):
        for number, url in enumerate((
                "acme", "acme.kandji.io", "https://acme.api.kandji.io", "ACME.api.kandji.io/",
                " acme.api.kandji.io/api/v1 ", "https://acme.kandji.io/devices",
                "https://acme.api.kandji.io/api")):
            with self.subTest(url=url):
                self.connect(account=f"acme{number}", url=url)

    def test_the_eu_spelling(self):
        self.connect(BETA, "beta", url="beta.eu.kandji.io")

    def test_an_untrusted_certificate_is_refused(self):
        secret = self.muster.secret_file(self.sim.token(HOST))
        run = self.muster.run(
            "connect", "kandji", "--account", "acme", "--set", f"api_url={HOST}", "--secret-file",
            f"api_token={secret}", "--connect-to", f"{HOST}:443:127.0.0.1:{self.sim.port}",
            "--no-input")
        self.assertNotEqual(run.code, 0, run)
        self.assertRegex(run.said.lower(), r"certificate|tls")

    def test_the_guide_is_shown_when_an_answer_is_missing(self):
        run = self.muster.run("connect", "kandji", "--account", "acme", "--no-input")
        self.assertNotEqual(run.code, 0)
        self.assertIn("api_url", run.said)

    def test_a_secret_is_no_setting_of_the_command_line(self):
        run = self.muster.run("connect", "kandji", "--account", "acme", "--set",
                              f"api_url={HOST}", "--set", "api_token=visible", "--no-input")
        self.assertEqual(run.code, 2, run)
        self.assertNotIn("visible", run.said)

    def test_a_secret_by_stdin(self):
        run = self.muster.run(
            "connect", "kandji", "--account", "acme", "--set", f"api_url={HOST}",
            "--secret-stdin", "api_token", "--ca-file", self.sim.ca_file, "--connect-to",
            f"{HOST}:443:127.0.0.1:{self.sim.port}", stdin=self.sim.token(HOST) + "\n")
        self.assertEqual(run.code, 0, run)
        self.sync()


class Names(E2eCase):
    TENANTS = TWO_TENANTS

    def test_a_name_of_another_tenant_is_refused_and_both_are_named(self):
        self.connect_and_sync()
        before = self.muster.everything()
        run = self.muster.connect_kandji(self.sim, BETA, "acme")
        self.assertNotEqual(run.code, 0, run)
        self.assertIn(HOST, run.said)
        self.assertIn(BETA, run.said)
        self.assertIn("--replace", run.said)
        self.assertEqual(self.muster.everything(), before)
        self.assertEqual(self.muster.account()["tenant"], HOST)

    def test_replace_archives_first(self):
        self.connect_and_sync()
        old = len(self.muster.rows("devices"))
        self.connect(BETA, "acme", extra=["--replace", "--yes"])
        self.assertEqual(self.muster.rows("devices"), [])
        self.sync()
        self.assert_true(BETA, ACCOUNT)
        kept = self.muster.value("SELECT count(*) FROM devices d JOIN accounts a ON "
                                 "a.id = d.account_id WHERE a.archived_at IS NOT NULL")
        self.assertEqual(kept, old)

    def test_rename_pause_resume_disconnect(self):
        self.connect_and_sync()
        identity = self.muster.account()["id"]
        run = self.muster.run("accounts", "set", ACCOUNT)
        self.assertEqual(run.code, 2, run)
        self.assertIn("nothing to change", run.err)
        self.assertEqual(self.muster.must("sessions", "--limit", "0", "--json").json(),
                         self.muster.must("sessions", "--json").json())
        self.muster.must("accounts", "rename", ACCOUNT, "acme-us")
        renamed = self.muster.account("kandji/acme-us")
        self.assertEqual(renamed["id"], identity)
        self.assert_true(HOST, "kandji/acme-us")
        self.muster.must("accounts", "pause", "kandji/acme-us")
        before = len(self.sim.ledger(host=HOST))
        self.muster.run("sync", "--all", "--json")
        self.assertIn("muster accounts resume", self.muster.must("sync", "--all").err)
        self.assertEqual(len(self.sim.ledger(host=HOST)), before)
        for _ in range(2):  # the second time it was not paused before
            self.assertEqual(self.muster.must("accounts", "resume", "kandji/acme-us").err,
                             "kandji/acme-us is not paused.\n")
        self.sync(account="kandji/acme-us")
        self.muster.must("accounts", "disconnect", "kandji/acme-us", "--purge", "--yes")
        for entity in COLUMNS:
            self.assertEqual(self.muster.value(f"SELECT count(*) FROM {entity}"), 0, entity)

    def test_no_account_is_put_away_under_a_running_session(self):
        self.connect()
        self.sim.fault("delay", seconds=3, path="/api/v1/prism/apps", times=1)
        before = len(self.sim.ledger(path="/api/v1/devices", host=HOST))
        process = self.muster.start("sync", ACCOUNT)
        self.addCleanup(process.communicate)
        self.wait_for(lambda: len(self.sim.ledger(path="/api/v1/devices", host=HOST)) > before)
        for more in ([], ["--purge"]):
            run = self.muster.run("accounts", "disconnect", ACCOUNT, "--yes", *more)
            self.assertEqual(run.code, 8, run)
            self.assertIn(f"{ACCOUNT}: another session runs", run.err)
        self.assertEqual(process.wait(60), 0)
        self.muster.must("accounts", "disconnect", ACCOUNT, "--yes")

    def test_unknown_names_suggest_the_nearest(self):
        self.connect()
        run = self.muster.run("sync", "kandji/acmme")
        self.assertEqual(run.code, 7, run)
        self.assertIn("kandji/acme", run.said)
        self.assertIn("sync", self.muster.run("snyc").said)


class Two(E2eCase):
    """Two accounts share a project and nothing else."""

    TENANTS = TWO_TENANTS

    def setUp(self):
        super().setUp()
        self.connect()
        self.connect(BETA, "beta")

    def test_both_are_true(self):
        run = self.muster.must("sync", "--all", "--json")
        self.assertEqual(len(run.objects()), 2)
        self.assert_true()
        self.assert_true(BETA, "kandji/beta")

    def test_a_vendor_alone_means_all_its_accounts(self):
        self.assertEqual(len(self.muster.must("sync", "kandji", "--json").objects()), 2)

    def test_each_host_sees_its_own_token_only(self):
        self.muster.must("sync", "--all")
        seen = {entry["host"]: entry["headers"]["authorization"] for entry in self.sim.ledger()}
        self.assertEqual(len(set(seen.values())), len(seen))
        for entry in self.sim.ledger():
            self.assertEqual(entry["headers"]["authorization"], seen[entry["host"]])

    def test_what_happens_to_one_does_not_touch_the_other(self):
        self.muster.must("sync", "--all")
        beta = self.muster.everything("kandji/beta")
        self.sim.change(HOST, "rename_device", name="Only here")
        self.sim.change(HOST, "remove_devices", count=2)
        self.sim.fault("server_error", host=BETA, times=0)
        self.muster.run("sync", "--all", "--json")
        self.assertEqual(self.muster.everything("kandji/beta"), beta)
        self.assert_true()
        self.assert_state("ok")

    def test_people_of_both_are_one_by_email(self):
        self.muster.must("sync", "--all")
        emails = {row["email"] for host in (HOST, BETA) for row in self.sim.truth(host)["users"]
                  if row["email"]}
        shown = {row["email"] for row in self.muster.query("SELECT email FROM people")}
        self.assertLessEqual(emails, shown)


if __name__ == "__main__":
    unittest.main()
