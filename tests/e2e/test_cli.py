"""The command line: help, formats, exit codes, projects, the vault's verbs, an installed prefix."""

import csv
import io
import json
import os
import pathlib
import shutil
import sqlite3
import stat
import subprocess
import tempfile
import unittest

from harness import ACCOUNT, BINARY, E2eCase, HOST

BUILD = os.environ.get("MUSTER_BUILD", "")
VERBS = ("init", "vendors", "connect", "accounts", "credentials", "check", "sync", "removals",
         "sessions", "status", "map", "users", "devices", "apps", "installs", "person", "query",
         "export", "config", "vault", "backup", "restore", "doctor", "completion", "version", "help")


class Help(E2eCase):
    """Needs no project and no account."""

    def test_every_verb_has_help_and_examples(self):
        overview = self.muster.must("help").out
        for verb in VERBS:
            self.assertIn(f"  {verb} ", overview)
            text = self.muster.must("help", verb).out
            self.assertIn(f"muster {verb}", text)
            self.assertIn("Examples", text)
            self.assertEqual(self.muster.must(verb, "--help").out, text)

    def test_nothing_shows_the_overview(self):
        self.assertEqual(self.muster.must().out, self.muster.must("help").out)

    def test_version_is_a_flag_as_well(self):
        for line in (["--version"], ["-V"], ["sync", "--version"]):
            self.assertEqual(self.muster.must(*line).out, self.muster.must("version").out)

    def test_wrong_words_suggest_the_nearest(self):
        for line, near in ((["acounts"], "muster accounts"), (["accounts", "shwo"], "accounts show"),
                           (["sync", "--drry-run"], "--dry-run"), (["help", "snyc"], "muster sync"),
                           (["export", "device"], "devices")):
            run = self.muster.run(*line)
            self.assertEqual(run.code, 2, run)
            self.assertEqual(run.out, "")
            self.assertIn(near, run.err)

    def test_what_cannot_be_parsed_fails_in_json_wherever_that_is_asked_for(self):
        for line in (["snyc", "--json"], ["sync", "--drry-run", "--json"],
                     ["credentials", "add", "--json"], ["--json", "sync", "--drry-run"]):
            run = self.muster.run(*line)
            self.assertEqual((run.code, run.out), (2, ""), run)
            self.assertEqual(json.loads(run.err)["error"]["kind"], "usage", line)
        run = self.muster.run("snyc", "--", "--json")
        self.assertIn("muster: unknown verb", run.err)

    def test_a_wrong_value_leads_to_the_help_of_its_verb(self):
        for line in (["users", "--status", "activ"], ["users", "list", "--limit", "x"]):
            run = self.muster.run(*line)
            self.assertEqual(run.code, 2, run)
            self.assertIn("muster help users list", run.err)

    def test_the_man_page_has_every_verb_and_exit_code(self):
        page = self.muster.must("help", "--man").out
        self.assertIn("never a secret one; may be repeated.", page)
        for verb in VERBS:
            self.assertIn(f"muster {verb}", page.replace("\\-", "-"))
        for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 130, 143):
            self.assertIn(f".B {code}\n", page)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_the_man_page_is_well_formed(self):
        page = self.muster.must("help", "--man").out
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=page, text=True,
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_version(self):
        self.assertRegex(self.muster.must("version").out, r"^muster \d+\.\d+\.\d+\n$")
        self.assertRegex(self.muster.must("version", "--json").json()["version"], r"^\d+\.\d+\.\d+$")


class Projects(E2eCase):
    def test_what_init_makes(self):
        project = self.muster.project
        for folder in ("vendors", "mappings", "jobs", "out"):
            self.assertTrue((project / folder).is_dir(), folder)
        self.assertEqual(stat.S_IMODE((project / ".muster").stat().st_mode), 0o700)
        self.assertEqual(stat.S_IMODE((project / ".muster" / "muster.db").stat().st_mode), 0o600)
        settings = json.loads((project / ".luarc.json").read_text())
        self.assertEqual(settings["runtime.version"], "Lua 5.4")
        self.assertTrue((project / ".muster" / "types" / "muster" / "field.lua").is_file())
        key, = (self.muster.folder / "state" / "muster").glob("*.key")
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        self.assertNotIn(project, key.parents)

    def test_twice_is_refused_and_harms_nothing(self):
        before = self.muster.must("vault", "status", "--json").json()
        run = self.muster.run("init", str(self.muster.project))
        self.assertEqual(run.code, 6, run)
        self.assertIn("already", run.err)
        self.assertEqual(self.muster.must("vault", "status", "--json").json(), before)

    def test_an_interrupted_init_is_finished(self):
        for key in (self.muster.folder / "state").rglob("*.key"):
            key.unlink()
        half = self.muster.folder / "half"
        (half / ".muster").mkdir(mode=0o700, parents=True)
        shutil.copy(self.muster.project / ".muster" / "muster.db", half / ".muster")
        os.chmod(half / ".muster" / "muster.db", 0o600)
        with sqlite3.connect(half / ".muster" / "muster.db") as database:
            for table in ("vault_slots", "vault_deks", "vault_meta"):
                database.execute(f"DELETE FROM {table}")
        run = self.muster.run("init", str(half), "--json")
        self.assertEqual(run.code, 0, run)
        self.assertTrue(pathlib.Path(run.json()["key_file"]).is_file())

    def test_found_from_a_folder_below(self):
        inside = self.muster.project / "jobs" / "deep"
        inside.mkdir(parents=True)
        done = subprocess.run([BINARY, "status", "--json"], cwd=inside, capture_output=True,
                              text=True, env=self.muster.environment, check=False)
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, []), done.stderr)

    def outside(self, *arguments):
        return subprocess.run([BINARY, *arguments], cwd=self.muster.folder, text=True, check=False,
                              capture_output=True, env=self.muster.environment)

    def test_delivered_vendors_are_shown_without_a_project(self):
        listed = self.outside("vendors", "list", "--json")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        vendor, = (row for row in json.loads(listed.stdout) if row["vendor"] == "kandji")
        self.assertEqual((vendor["accounts"], vendor["is_shadowing"]), (0, False))
        shown = self.outside("vendors", "show", "kandji")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("api_url", shown.stdout)
        checked = self.outside("vendors", "check")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn("kandji: ok\n", checked.stdout)
        for run in (listed, shown, checked):
            self.assertIn("hint: a project", run.stderr)
        mapped = self.outside("map", "show", "kandji", "device", "--json")
        self.assertEqual(list(json.loads(mapped.stdout)), ["device"], mapped.stderr)
        wrong = self.outside("map", "show", "kandji", "devcie")
        self.assertEqual(wrong.returncode, 7)
        self.assertIn("did you mean device?", wrong.stderr)
        self.assertNotIn("hint", self.muster.must("vendors", "list").err)

    def test_a_project_that_is_named_has_to_be_one(self):
        run = self.outside("-C", str(self.muster.folder), "vendors", "list")
        self.assertEqual(run.returncode, 7)
        self.assertIn("is no project", run.stderr)

    def test_none_is_said_so(self):
        done = subprocess.run([BINARY, "status", "--json"], cwd=self.muster.folder, text=True,
                              capture_output=True, env=self.muster.environment, check=False)
        self.assertEqual(done.returncode, 7)
        self.assertEqual(done.stdout, "")
        error = json.loads(done.stderr)["error"]
        self.assertEqual(error["kind"], "missing")
        self.assertIn("muster init", error["hint"])
        self.assertIn("session", error)


class Rows(E2eCase):
    """Lists, queries and exports of one synced account."""

    TENANTS = [{"tenant": "acme", "devices": 30, "apps_per_device": 5}]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shared = None

    def setUp(self):
        if Rows.shared is None:
            super().setUp()
            self.connect_and_sync()
            Rows.shared = self.muster
            self._cleanups.clear()  # the project serves every test of the class
            Rows.addClassCleanup(shutil.rmtree, self.muster.folder, True)
        self.muster = Rows.shared

    def listed(self, *arguments):
        return self.muster.must(*arguments, "--json").json()

    def count(self, sql):
        return self.muster.value(sql)

    def test_lists_have_every_live_row(self):
        for verb, table in (("users", "users"), ("devices", "devices"), ("apps", "apps"),
                            ("installs", "device_apps")):
            self.assertEqual(len(self.listed(verb, "list")), self.count(
                f"SELECT count(*) FROM {table} WHERE removed_at IS NULL"), verb)

    def test_a_row_in_json(self):
        row = self.listed("devices", "list", "--limit", "1")[0]
        self.assertEqual(row["account"], ACCOUNT)
        self.assertIsInstance(row["is_managed"], bool)
        self.assertIsInstance(row["streams"], list)
        self.assertIsInstance(row["custom"], dict)
        self.assertRegex(row["first_seen_at"], r"^\d{4}-\d\d-\d\dT.*Z$")

    def test_filters(self):
        macs = self.listed("devices", "list", "--platform", "macos")
        self.assertEqual(len(macs), self.count("SELECT count(*) FROM devices WHERE platform = 'macos'"))
        one = next(row for row in macs if row["user_email"])
        found = self.listed("devices", "list", "--search", one["serial_number"].lower())
        self.assertEqual([row["id"] for row in found], [one["id"]])
        users = {row["user_email"] for row in
                 self.listed("devices", "list", "--user", one["user_email"].upper())}
        self.assertEqual(users, {one["user_email"]})
        installs = self.listed("installs", "--user", one["user_email"])
        self.assertTrue(installs)
        app = installs[0]["app"]
        self.assertIn(one["user_source_id"],
                      {row["source_id"] for row in self.listed("users", "list", "--app", app)})
        self.assertEqual({row["app"] for row in self.listed("installs", "--app", app)}, {app})
        self.assertEqual(self.listed("users", "list", "--removed"), [])
        self.assertEqual(len(self.listed("apps", "list", "--limit", "2")), 2)

    def test_an_account_that_does_not_exist_is_no_empty_list(self):
        run = self.muster.run("users", "list", "--account", "kandji/acne")
        self.assertEqual(run.code, 7, run)
        self.assertIn(ACCOUNT, run.err)

    def test_a_hostile_text_is_no_sql(self):
        self.assertEqual(self.listed("users", "--search", "' OR 1=1 --"), [])

    def test_query_is_read_only(self):
        for sql in ("DELETE FROM users", "UPDATE users SET name = 'x'", "DROP TABLE users",
                    "PRAGMA user_version = 3", "ATTACH 'x.db' AS x",
                    "INSERT INTO settings VALUES ('a', 'b')", "SELECT 1; DELETE FROM users",
                    "SELECT record FROM credential_fields", "SELECT * FROM vault_slots", ""):
            run = self.muster.run("query", sql)
            self.assertEqual(run.code, 2, run)
            self.assertEqual(run.out, "")
        self.assertFalse((self.muster.folder / "x.db").exists())

    def test_query_shapes(self):
        rows = self.listed("query", "SELECT 1 AS a, 'x' AS a, NULL AS n, 0.1 AS r, x'00ff' AS b")
        self.assertEqual(rows, [{"a": 1, "a_2": "x", "n": None, "r": 0.1, "b": "00ff"}])
        self.assertEqual(self.listed("query", "SELECT 1 WHERE 0"), [])
        table = self.muster.must("query", "SELECT 'a' || char(27) || '[31m' AS x").out
        self.assertEqual(table, "X\na\\x1b[31m\n")

    def test_export_csv_is_what_is_stored(self):
        text = self.muster.must("export", "devices").out
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        stored = {str(row["id"]): row for row in
                  self.muster.query("SELECT * FROM devices WHERE removed_at IS NULL")}
        self.assertEqual(len(rows), len(stored))
        for row in rows:
            for column in ("source_id", "name", "serial_number", "os_version"):
                told = stored[row["id"]][column] or ""
                guarded = "'" + told if told[:1] in ("=", "+", "-", "@", "\t", "\r") else told
                self.assertEqual(row[column], guarded)

    def test_export_ndjson_to_a_file(self):
        path = self.muster.folder / "installed.ndjson"
        run = self.muster.must("export", "installed_apps", "--format", "ndjson", "-o", str(path))
        self.assertEqual(run.out, "")
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual(len(rows), self.count("SELECT count(*) FROM installed_apps"))
        self.assertEqual(rows[0]["account"], ACCOUNT)
        run = self.muster.run("export", "devices", "-o", str(self.muster.folder / "no" / "where"))
        self.assertEqual(run.code, 2, run)

    def test_export_into_what_is_no_file_leaves_it_what_it_is(self):
        pipe, link, target = (self.muster.folder / name for name in ("pipe", "link", "target"))
        os.mkfifo(pipe)
        target.touch()
        link.symlink_to(target)
        process = self.muster.start("export", "users", "-o", str(pipe))
        told = pipe.read_text()
        process.stdout.close()
        process.stderr.close()
        self.assertEqual(process.wait(), 0)
        self.assertTrue(pipe.is_fifo())
        self.muster.must("export", "users", "-o", str(link))
        self.assertTrue(link.is_symlink())
        self.assertEqual(target.read_text(), told)
        self.assertEqual(told, self.muster.must("export", "users").out)

    def test_closed_streams_are_nobodys(self):
        for closed in ("2>&-", "<&- 2>&-", "<&- >&- 2>&-"):
            done = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh",
                                   *self.muster.command("vendors", "check", "kandji")],
                                  env=self.muster.environment, capture_output=True, check=False)
            self.assertIn(done.returncode, (0, 1), closed)

    def test_an_export_goes_through_nobodys_link(self):
        path, other = self.muster.folder / "d.csv", self.muster.folder / "other"
        other.write_text("mine")
        (self.muster.folder / "d.csv.part").symlink_to(other)
        self.muster.must("export", "devices", "-o", str(path))
        self.assertEqual(other.read_text(), "mine")
        self.assertTrue(path.read_text().startswith("id,account"))

    def test_a_disk_that_is_full_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.muster.command("export", "devices"), stdout=full, text=True,
                                  stderr=subprocess.PIPE, env=self.muster.environment, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)

    def test_a_reader_that_goes_away_is_no_news(self):
        endless = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) "
                   "SELECT i FROM n")
        process = self.muster.start("query", endless)
        process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()
        process.stderr.close()
        self.assertEqual((process.wait(), told), (141, b""))

    def test_status_accounts_sessions(self):
        status, = self.listed("status")
        self.assertEqual((status["account"], status["state"]), (ACCOUNT, "ok"))
        self.assertEqual(status["rows"]["devices"],
                         self.count("SELECT count(*) FROM devices WHERE removed_at IS NULL"))
        self.assertEqual(status["last_session"]["outcome"], "ok")
        account, = self.listed("accounts", "list")
        self.assertEqual(account["tenant"], HOST)
        self.assertEqual(self.listed("accounts", "show", ACCOUNT)["settings"]["api_url"]["host"], HOST)
        session, = self.listed("sessions", "list")
        self.assertEqual(session, self.listed("sessions", "show", ACCOUNT))
        self.assertEqual(session, self.listed("sessions", "show", str(session["session"])))
        for name in ("seen", "created", "updated", "unchanged", "removed", "restored", "dropped",
                     "quarantined", "requests", "retries", "bytes"):
            self.assertIsInstance(session[name], int, name)
        self.assertTrue(session["dropped_by_rule"])
        for line in (["status"], ["accounts"], ["accounts", "show", ACCOUNT], ["sessions"],
                     ["sessions", "show", ACCOUNT]):
            self.assertIn(ACCOUNT, self.muster.must(*line).out)

    def test_vendors_and_map(self):
        vendor, = (row for row in self.listed("vendors") if row["vendor"] == "kandji")
        self.assertEqual(vendor["accounts"], 1)
        shown = self.listed("vendors", "show", "kandji")
        self.assertIn("api_token", [setting["id"] for setting in shown["settings"]])
        self.assertIn("call devices GET api:/devices", shown["reaches"])
        self.assertIn("kandji: ok\n", self.muster.must("vendors", "check").out)
        fields = {field["name"]: field for field in
                  self.listed("map", "show", "kandji")["device"]["fields"]}
        self.assertEqual(fields["serial_number"]["origin"], "vendors/kandji.lua")
        self.assertIn("serial_number", self.muster.must("map", "show", ACCOUNT).out)

    def test_colours_only_where_wanted(self):
        self.assertNotIn("\x1b", self.muster.must("status").out)
        self.assertIn("\x1b[32mok", self.muster.must("status", "--color", "always").out)

    def test_quiet_says_nothing_but_data(self):
        run = self.muster.must("export", "devices", "-q")
        self.assertEqual(run.err, "")
        self.assertTrue(run.out)


class ExitCodes(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 5}, {"tenant": "beta", "devices": 5}]

    def setUp(self):
        super().setUp()
        self.connect()
        self.connect("beta.api.kandji.io", "beta")

    def test_the_most_serious_one_counts(self):
        self.sim.fault("unauthorized", host=HOST, times=0)
        run = self.muster.run("sync", "--all", "--json")
        self.assertEqual(run.code, 4, run)
        outcomes = {line["account"]: line["outcome"] for line in run.objects()}
        self.assertEqual(outcomes, {ACCOUNT: "failed", "kandji/beta": "ok"})

    def test_a_person_is_told_what_a_check_waits_for(self):
        self.sim.fault("unavailable", path="/api/v1/devices", times=1, retry_after=1)
        said = self.muster.must("check").err
        self.assertRegex(said, r"Waiting \d\.\d s: attempt 2 of 6 after HTTP 503")
        self.sim.fault("unavailable", path="/api/v1/devices", times=1, retry_after=1)
        self.assertEqual(self.muster.must("check", "--json").err, "")

    def test_check_tells_each_account(self):
        self.sim.fault("unauthorized", host=HOST, times=0)
        run = self.muster.run("check", "--json")
        self.assertEqual(run.code, 4, run)
        results = {result["account"]: result for result in run.json()}
        self.assertEqual(results[ACCOUNT]["error"]["kind"], "auth")
        self.assertTrue(results["kandji/beta"]["ok"])
        self.assertEqual(results["kandji/beta"]["tenant"], "beta.api.kandji.io")

    def test_sync_wants_to_know_which(self):
        self.assertEqual(self.muster.run("sync").code, 2)
        self.assertEqual(self.muster.run("sync", "--all", ACCOUNT).code, 2)
        self.assertIn(self.muster.run("sync", ACCOUNT, "--stream", "nope").code, (2, 6, 7))

    def test_harm_wants_a_yes(self):
        for line in (["accounts", "disconnect", ACCOUNT], ["accounts", "disconnect", ACCOUNT, "--purge"]):
            run = self.muster.run(*line, "--no-input")
            self.assertEqual(run.code, 2, run)
            self.assertIn("--yes", run.err)
        self.assertEqual(len(self.muster.must("accounts", "--json").json()), 2)

    def test_set_is_tested_before_it_is_stored(self):
        self.muster.must("accounts", "set", ACCOUNT, "--label", "Acme Inc.")
        self.assertEqual(self.muster.account()["label"], "Acme Inc.")
        run = self.muster.run("accounts", "set", ACCOUNT, "--connect-to", f"{HOST}:443:127.0.0.1:1")
        self.assertEqual(run.code, 5, run)
        self.assertIn(str(self.sim.port), self.muster.account()["connect_to"])
        run = self.muster.run("accounts", "set", ACCOUNT, "--set", "api_url=beta.api.kandji.io",
                              "--connect-to", f"beta.api.kandji.io:443:127.0.0.1:{self.sim.port}")
        self.assertNotEqual(run.code, 0, run)
        self.assertIn(HOST, self.muster.account()["settings"])
        for wrong in (["--proxy", "http://user:hunter2@proxy.example:1"], ["--connect-to", "a:1"],
                      ["--connect-to", "a:1:b:70000"], ["--allow-cidr", "10.0.0.1/8"],
                      ["--proxy", "http://proxy.example/path"], ["--ca-file", "/nowhere.pem"]):
            run = self.muster.run("accounts", "set", ACCOUNT, *wrong)
            self.assertEqual(run.code, 2, run)
            self.assertIn(wrong[0], run.err)
            self.assertNotIn("hunter2", run.said)
        # A single address, as the hint of a refused one gives it.
        self.muster.must("accounts", "set", ACCOUNT, "--allow-cidr", "10.20.30.40")
        self.assertIn("10.20.30.40", self.muster.account()["allow_cidrs"])

    def test_reconnect_replaces_the_credential(self):
        old = self.sim.token(HOST)
        self.sim.change(HOST, "replace_token", token="a-brand-new-token-1234")
        self.addCleanup(self.sim.change, HOST, "replace_token", token=old)
        self.assertEqual(self.muster.run("sync", ACCOUNT).code, 4)
        self.muster.must("accounts", "reconnect", ACCOUNT, "--secret-stdin", "api_token",
                         stdin="a-brand-new-token-1234\n")
        self.sync()
        self.assert_true()

    def test_connecting_again_renews(self):
        self.sync()
        before = self.muster.account()
        run = self.muster.connect_kandji(self.sim, extra=["--json"])
        self.assertEqual(run.code, 0, run)
        self.assertTrue(run.json()["is_renewed"])
        after = self.muster.account()
        self.assertEqual((after["id"], after["credential_id"], after["last_session"]),
                         (before["id"], before["credential_id"], before["last_session"]))
        self.sync()


class Vault(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 3}]

    def status(self, *arguments):
        return self.muster.must("vault", "status", "--json", *arguments).json()

    def test_rotate_and_rekey_keep_the_credentials(self):
        self.connect()
        before = self.status()
        self.assertEqual((before["state"], before["keys"]), ("open", ["file"]))
        self.assertEqual(self.muster.must("vault", "rotate", "--json").json()["fields"],
                         before["fields"])
        old_key = pathlib.Path(before["key_file"]).read_bytes()
        self.assertIn("make a new backup", self.muster.must("vault", "rekey").err)
        self.assertNotEqual(pathlib.Path(self.status()["key_file"]).read_bytes(), old_key)
        self.sync()

    def test_a_systemd_credential(self):
        self.muster.project = self.muster.folder / "second"
        given = self.muster.folder / "credentials"
        given.mkdir(mode=0o700)

        def init(**environment):
            return subprocess.run([BINARY, "init", "--key", "systemd", str(self.muster.project)],
                                  env=self.muster.environment | environment, check=False,
                                  capture_output=True, text=True)

        for done, code in ((init(), 6), (init(CREDENTIALS_DIRECTORY=str(given)), 7)):
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn("LoadCredential=muster.key", done.stderr)
            self.assertFalse(self.muster.project.exists())
        (given / "muster.key").write_text("0123456789abcdef" * 4 + "\n")
        (given / "muster.key").chmod(0o400)
        done = init(CREDENTIALS_DIRECTORY=str(given))
        self.assertEqual(done.returncode, 0, done.stderr)
        sealed = self.muster.run("check")
        self.assertEqual(sealed.code, 4, sealed)
        self.assertIn("systemd credential", sealed.err)

    def test_a_passphrase(self):
        self.connect()
        phrase = self.muster.secret_file("correct horse battery staple", "phrase")
        self.muster.must("vault", "rekey", "--key", "passphrase", "--new-passphrase-file", str(phrase))
        self.assertEqual(self.muster.run("vault", "status").code, 4)
        sealed = self.muster.run("sync", ACCOUNT)
        self.assertEqual(sealed.code, 4, sealed)
        self.assertIn("passphrase", sealed.err)
        self.assertEqual(self.status("--passphrase-file", str(phrase))["keys"], ["passphrase"])
        self.sync("--passphrase-file", str(phrase))
        wrong = self.muster.secret_file("wrong", "wrong")
        self.assertEqual(self.muster.run("check", "--passphrase-file", str(wrong)).code, 4)

    def test_a_passphrase_changes_and_becomes_a_key_file_again(self):
        self.connect()
        key = pathlib.Path(self.status()["key_file"])
        old, new = (str(self.muster.secret_file(name, name)) for name in ("old", "new"))
        self.muster.must("vault", "rekey", "--new-passphrase-file", old)
        self.assertFalse(key.exists())
        self.muster.must("vault", "rekey", "--passphrase-file", old, "--new-passphrase-file", new)
        self.assertEqual(self.muster.run("check", "--passphrase-file", old).code, 4)
        asked = self.muster.run("vault", "rekey", "--passphrase-file", new)
        self.assertEqual(asked.code, 2, "a passphrase stays one unless --key says otherwise")
        self.assertIn("--new-passphrase-file", asked.err)
        self.muster.must("vault", "rekey", "--key", "file", "--passphrase-file", new)
        self.assertTrue(key.exists())
        self.sync()

    def test_a_key_file_elsewhere(self):
        key = self.muster.folder / "keys" / "one.key"
        self.muster.project = self.muster.folder / "second"
        self.muster.must("init", "--key-file", str(key), str(self.muster.project))
        self.assertTrue(key.is_file())
        sealed = self.muster.run("vault", "status")
        self.assertEqual(sealed.code, 4)
        self.assertEqual(self.status("--key-file", str(key))["state"], "open")
        moved = self.muster.folder / "keys" / "two.key"
        run = self.muster.must("vault", "rekey", "--key-file", str(key), "--new-key-file", str(moved))
        self.assertIn("MUSTER_KEY_FILE", run.err)
        self.assertTrue(key.is_file(), "what somebody named is not muster's to remove")
        self.assertEqual(self.status("--key-file", str(moved))["state"], "open")


@unittest.skipUnless(BUILD and shutil.which("cmake"), "needs the build folder and cmake")
class Installed(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 3}]

    def test_a_prefix_works_from_anywhere(self):
        prefix = pathlib.Path(tempfile.mkdtemp(prefix="muster-prefix-", dir=self.muster.folder))
        subprocess.run(["cmake", "--install", BUILD, "--prefix", str(prefix)], check=True,
                       capture_output=True)
        for path in ("share/man/man1/muster.1", "share/bash-completion/completions/muster",
                     "share/zsh/site-functions/_muster", "share/muster/scripts/vendors/kandji.lua",
                     "share/fish/vendor_completions.d/muster.fish"):
            self.assertTrue((prefix / path).stat().st_size > 0, path)
        moved = self.muster.folder / "moved here"
        prefix.rename(moved)
        done = subprocess.run([moved / "bin" / "muster", "-C", self.muster.project, "vendors", "show",
                               "kandji", "--json"], cwd="/", capture_output=True, text=True,
                              env=self.muster.environment, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["file"],
                         str(moved / "share/muster/scripts/vendors/kandji.lua"))


if __name__ == "__main__":
    unittest.main()
