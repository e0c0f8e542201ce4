"""muster doctor: finds what is wrong, says the way out, changes nothing."""

import glob
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import unittest

from harness import ACCOUNT, BINARY, E2eCase, HOST, REPOSITORY

UNWELL = 1


class Doctor(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 10, "apps_per_device": 2}]

    def examine(self, *arguments, code=0):
        run = self.muster.run("doctor", "--json", *arguments)
        self.assertEqual(run.code, code, run)
        return run.json()

    def found(self, findings, area, what=None, result=None):
        return [row for row in findings if row["area"] == area and
                what in (None, row["what"]) and result in (None, row["result"])]

    def the(self, findings, area, what):
        one, = self.found(findings, area, what)
        return one

    def overlay(self, name, text):
        (self.muster.project / "mappings" / name).write_text(text)

    def test_a_sound_project_is_all_right(self):
        self.connect_and_sync()
        findings = self.examine("--full", "--online")
        self.assertEqual({row["result"] for row in findings} - {"ok", "warn"}, set())
        for area, what in (("libraries", "SQLite"), ("libraries", "libcurl"), ("libraries", "Lua"),
                           ("libraries", "OpenSSL"), ("sandbox", "seccomp"),
                           ("sandbox", "descriptors"), ("sandbox", "processes"),
                           ("files", "permissions"), ("files", "free space"),
                           ("files", "filesystem"), ("database", "file"), ("database", "schema"),
                           ("database", "leases"), ("vault", "key"), ("vault", "credentials"),
                           ("scripts", "kandji"), ("reach", ACCOUNT)):
            self.assertEqual(len(self.found(findings, area, what)), 1, (area, what, findings))
        self.assertIn("integrity_check", self.the(findings, "database", "file")["found"])
        self.assertIn("every field opens: 1", self.the(findings, "vault", "credentials")["found"])
        reached = self.the(findings, "reach", ACCOUNT)["found"]
        self.assertIn(HOST, reached)
        self.assertRegex(reached, r"certificate until 20\d\d-")

    def test_reach_sends_no_credential(self):
        self.connect()
        self.sim.clear_ledger()
        self.examine("--online")
        asked = self.sim.ledger(host=HOST)
        self.assertTrue(asked)
        self.assertNotIn(self.sim.token(HOST), json.dumps(asked))

    def test_without_the_flag_nothing_is_sent(self):
        self.connect()
        self.sim.clear_ledger()
        self.examine()
        self.assertEqual(self.sim.ledger(host=HOST), [])

    def test_a_host_that_is_not_there_is_named(self):
        self.connect()
        with sqlite3.connect(self.muster.project / ".muster" / "muster.db") as database:
            database.execute("UPDATE accounts SET connect_to = ?",
                             (json.dumps([f"{HOST}:443:127.0.0.1:1"]),))
        row = self.the(self.examine("--online", code=UNWELL), "reach", ACCOUNT)
        self.assertEqual(row["result"], "fail")
        self.assertIn(HOST, row["found"])
        self.assertTrue(row["way_out"])

    def test_a_certificate_that_nobody_vouches_for_is_named(self):
        self.connect()
        with sqlite3.connect(self.muster.project / ".muster" / "muster.db") as database:
            database.execute("UPDATE accounts SET ca_file = NULL")
        row = self.the(self.examine("--online", code=UNWELL), "reach", ACCOUNT)
        self.assertIn("certificate", row["found"])

    def test_a_clock_that_is_wrong_is_named(self):
        library = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)
        if library is None or b"__asan_init" in pathlib.Path(BINARY).read_bytes():
            self.skipTest("libfaketime is not there, or not beside sanitizers")
        self.connect_and_sync()
        done = subprocess.run(self.muster.command("doctor", "--json"), capture_output=True,
                              text=True, check=False,
                              env={**self.muster.environment, "LD_PRELOAD": library,
                                   "FAKETIME": "-3d"})
        clock = self.found(json.loads(done.stdout), "database", "clock")
        self.assertEqual(len(clock), 1, done.stdout)

    def test_a_sealed_vault_is_named(self):
        for key in (self.muster.folder / "state").rglob("*.key"):
            key.unlink()
        row = self.the(self.examine(code=UNWELL), "vault", "key")
        self.assertEqual(row["result"], "fail")
        self.assertIn("--key-file", row["way_out"])

    def test_a_field_that_does_not_open_is_named(self):
        self.connect()
        with sqlite3.connect(self.muster.project / ".muster" / "muster.db") as database:
            database.execute("UPDATE credential_fields SET generation = generation + 1")
        row = self.the(self.examine(code=UNWELL), "vault", "credentials")
        self.assertEqual(row["result"], "fail")

    def test_a_damaged_database_is_named_and_left_alone(self):
        self.connect_and_sync()
        path = self.muster.project / ".muster" / "muster.db"
        raw = bytearray(path.read_bytes())
        raw[4096:8192] = b"\xff" * 4096
        path.write_bytes(raw)
        self.assertEqual(self.the(self.examine(code=UNWELL), "database", "file")["result"], "fail")
        self.assertEqual(path.read_bytes(), bytes(raw))

    def test_a_newer_schema_is_named(self):
        with sqlite3.connect(self.muster.project / ".muster" / "muster.db") as database:
            database.execute("INSERT INTO schema_migrations VALUES (999, 'later', '2030')")
        row = self.the(self.examine(code=UNWELL), "database", "schema")
        self.assertIn("999", row["found"])

    def test_files_that_others_may_change_are_named(self):
        project = self.muster.project
        (project / "mappings" / "kandji.lua").write_text("return {}")
        os.chmod(project / "mappings" / "kandji.lua", 0o666)
        os.chmod(project / "vendors", 0o777)
        findings = self.examine(code=UNWELL)
        wrong = {row["what"]: row["way_out"] for row in self.found(findings, "files", result="fail")}
        self.assertIn("kandji.lua", wrong)
        self.assertIn(str(project / "vendors"), wrong)
        self.assertIn("chmod", wrong["kandji.lua"])
        os.chmod(project / ".muster", 0o755)
        row = self.the(self.examine(code=UNWELL), "database", "file")
        self.assertIn("chmod 0700", row["way_out"])

    def test_a_stale_lease_is_named(self):
        self.connect_and_sync()
        with sqlite3.connect(self.muster.project / ".muster" / "muster.db") as database:
            database.execute("UPDATE leases SET owner = 'elsewhere:1 2 -', expires_at_ms = 1")
        self.assertEqual(self.the(self.examine(), "database", "leases")["result"], "warn")

    def test_scripts_that_do_not_do_what_they_seem_to(self):
        self.connect()
        shutil.copy(REPOSITORY / "scripts" / "vendors" / "kandji.lua",
                    self.muster.project / "vendors")
        self.overlay("kandji.lua", 'return { map = { device = { name = "device_name" } } }')
        self.overlay("kandji@acme.lua", 'return { map = { device = { hostname = "device_name" } } }')
        self.overlay("kandji@acne.lua", "return {}")
        self.overlay("kanji.lua", "return {}")
        findings = self.examine()
        results = {row["what"]: row["result"] for row in self.found(findings, "scripts")}
        self.assertEqual(results["kandji"], "warn")
        self.assertEqual(results["kandji.lua"], "warn")
        self.assertEqual(results["kandji@acme.lua"], "ok")
        self.assertEqual(results["kandji@acne.lua"], "warn")
        self.assertEqual(results["kanji.lua"], "warn")
        self.assertIn("changes nothing", self.the(findings, "scripts", "kandji.lua")["found"])

    def test_an_overlay_with_a_typo_is_named(self):
        self.connect()
        self.overlay("kandji.lua", 'return { map = { device = { serial_numbr = "x" } } }')
        row = self.the(self.examine(code=UNWELL), "scripts", "kandji.lua")
        self.assertIn("serial_number", row["found"])

    def test_nothing_is_changed_by_looking(self):
        self.connect_and_sync()
        before = self.muster.everything()
        sessions = self.muster.value("SELECT count(*) FROM sessions")
        self.examine("--full", "--online")
        self.assertEqual(self.muster.everything(), before)
        self.assertEqual(self.muster.value("SELECT count(*) FROM sessions"), sessions)

    def outside(self, *arguments):
        return subprocess.run([BINARY, *arguments], cwd=self.muster.folder, text=True, check=False,
                              capture_output=True, env=self.muster.environment)

    def test_without_a_project_the_machine_alone(self):
        done = self.outside("doctor", "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        areas = {row["area"] for row in json.loads(done.stdout)}
        self.assertEqual(areas, {"libraries", "machine", "sandbox"})
        self.assertEqual(self.outside("-C", str(self.muster.folder), "doctor").returncode, 7)

    def test_people_see_lines_with_the_way_out(self):
        for key in (self.muster.folder / "state").rglob("*.key"):
            key.unlink()
        run = self.muster.run("doctor", "--quiet")
        self.assertEqual(run.code, UNWELL, run)
        self.assertNotIn("\nok ", "\n" + run.out)
        self.assertIn("way out: put the key back", run.out)


if __name__ == "__main__":
    unittest.main()
