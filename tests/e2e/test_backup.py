"""muster backup and restore: what comes back is what was there, and nothing is ever written over."""

import contextlib
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import time
import unittest

from harness import ACCOUNT, E2eCase, HOST

CONFIG, USAGE, SEALED, BUSY, MISSING = 6, 2, 4, 8, 7
SEED = int(os.environ.get("MUSTER_TEST_SEED") or random.randrange(2 ** 31))


def digests(folder):
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


class BackupCase(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 25, "apps_per_device": 4}]

    def setUp(self):
        super().setUp()
        self.target = self.muster.folder / "backups" / "one"
        self.target.parent.mkdir()

    def backup(self, *arguments, code=0):
        run = self.muster.run("backup", str(self.target), "--json", *arguments)
        self.assertEqual(run.code, code, run)
        return run.json() if code == 0 else run

    def restore(self, *arguments, target=None, code=0):
        run = self.muster.run("restore", str(self.target), str(target or self.muster.project),
                              "--json", *arguments)
        self.assertEqual(run.code, code, run)
        return run.json() if code == 0 else run

    def overlay(self):
        (self.muster.project / "mappings" / "kandji.lua").write_text(
            'return { map = { device = { hostname = "device_name" } } }\n')

    def key(self):
        key, = (self.muster.folder / "state" / "muster").glob("*.key")
        return key


class Backups(BackupCase):
    def test_what_is_in_it_and_who_may_read_it(self):
        self.overlay()
        self.connect_and_sync()
        told = self.backup()
        manifest = json.loads((self.target / "manifest.json").read_text())
        self.assertEqual({file["path"] for file in manifest["files"]},
                         {".muster/muster.db", "mappings/kandji.lua"})
        self.assertEqual((told["files"], told["fields"], told["is_vault_open"]), (2, 1, True))
        for path in [self.target, *self.target.rglob("*")]:
            mode = stat.S_IMODE(path.stat().st_mode)
            self.assertEqual(mode, 0o700 if path.is_dir() else 0o600, path)
        self.assertEqual(set(digests(self.target)),
                         {".muster/muster.db", "mappings/kandji.lua", "manifest.json"})
        with sqlite3.connect(self.target / ".muster" / "muster.db") as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))

    def test_the_key_is_not_in_it(self):
        self.connect()
        told = self.backup()
        self.assertEqual(told["key_file"], str(self.key()))
        key = self.key().read_bytes().strip()
        for path in self.target.rglob("*"):
            if path.is_file():
                self.assertNotIn(key, path.read_bytes(), path)
                self.assertNotIn(bytes.fromhex(key.decode()), path.read_bytes(), path)

    def test_people_are_told_where_the_key_is(self):
        run = self.muster.must("backup", str(self.target))
        self.assertIn(str(self.key()), run.err)
        self.assertIn("Without it no credential opens", run.err)

    def test_a_copy_of_the_key_goes_elsewhere(self):
        copy = self.muster.folder / "usb.key"
        self.assertEqual(self.backup("--key-to", str(copy))["key_copy"], str(copy))
        self.assertEqual(copy.read_bytes(), self.key().read_bytes())
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)
        shutil.rmtree(self.target)
        run = self.backup("--key-to", str(copy), code=CONFIG)
        self.assertIn("never written over", run.err)
        for beside in (self.target.parent / "k", self.muster.project / "k"):
            run = self.backup("--key-to", str(beside), code=CONFIG)
            self.assertIn("beside the data", run.err)
            self.assertFalse(beside.exists())
        self.assertFalse(self.target.exists())

    def test_a_backup_is_never_written_over(self):
        self.target.mkdir()
        self.assertIn("there already", self.backup(code=CONFIG).err)
        self.target.rmdir()
        self.backup()
        before = digests(self.target)
        self.backup(code=CONFIG)
        self.assertEqual(digests(self.target), before)

    def test_not_into_the_project_and_not_into_nowhere(self):
        self.target = self.muster.project / "out" / "b"
        self.assertIn("elsewhere", self.backup(code=CONFIG).err)
        self.target = self.muster.folder / "no" / "where"
        self.assertIn("mkdir -p", self.backup(code=USAGE).err)

    def test_what_failed_leaves_nothing(self):
        self.connect()
        with sqlite3.connect(self.muster.project / ".muster" / "muster.db") as database:
            database.execute("UPDATE credential_fields SET generation = generation + 1")
        key = self.muster.folder / "usb.key"
        self.assertIn("backup's vault", self.backup("--key-to", str(key), code=1).err)
        self.assertEqual(list(self.target.parent.iterdir()), [])
        self.assertFalse(key.exists())

    def test_recordings_on_request(self):
        self.connect_and_sync()
        self.backup("--recordings")
        recordings = list((self.target / ".muster" / "recordings").iterdir())
        self.assertEqual(len(recordings), 1)
        for path in self.target.rglob("*"):
            if path.is_file():
                self.assertNotIn(self.sim.token(HOST).encode(), path.read_bytes(), path)

    def test_links_are_not_followed(self):
        secret = self.muster.folder / "secret"
        secret.write_text("mine")
        (self.muster.project / "jobs" / "link").symlink_to(secret)
        self.backup()
        self.assertNotIn("jobs/link", digests(self.target))

    def test_killed_at_any_moment_it_is_whole_or_not_there(self):
        rng = random.Random(SEED)
        print(f"MUSTER_TEST_SEED={SEED}")
        self.connect_and_sync()
        started = time.monotonic()
        self.backup("--recordings")
        span, whole = time.monotonic() - started, digests(self.target).keys()
        for _ in range(8):
            shutil.rmtree(self.target, ignore_errors=True)
            process = self.muster.start("backup", str(self.target), "--recordings")
            time.sleep(rng.uniform(0, span * 1.1))
            if process.poll() is None:
                self.kill_group(process)
            process.communicate()
            if self.target.exists():
                self.assertEqual(digests(self.target).keys(), whole)
        shutil.rmtree(self.target, ignore_errors=True)
        self.backup()

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "mounts need root")
    def test_a_full_disk_leaves_nothing(self):
        self.connect_and_sync()
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c",
             f"mount -t tmpfs -o size=200k tmpfs '{self.target.parent}' && {{ \"$@\"; code=$?; }}; "
             f"ls -A '{self.target.parent}'; exit $code", "sh",
             *self.muster.command("backup", str(self.target))], capture_output=True, text=True,
            check=False, env=self.muster.environment)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done)
        self.assertIn("make room", done.stderr)

    def test_a_vault_that_is_shut_is_said_so(self):
        self.connect()
        self.key().unlink()
        run = self.muster.must("backup", str(self.target))
        self.assertIn("vault was not open", run.err)
        self.assertNotIn("seal", json.loads((self.target / "manifest.json").read_text()))


class Restores(BackupCase):
    def test_rehearsal(self):
        """Sync, back up while another sync runs, destroy, restore: everything equal, next sync ok."""
        self.overlay()
        self.connect_and_sync()
        before = self.muster.everything()
        self.sim.fault("stall", path="/api/v1/devices", times=1, seconds=2)
        running = self.muster.start("sync", ACCOUNT)
        self.wait_for(lambda: self.muster.value(
            "SELECT count(*) FROM sessions WHERE outcome = 'running'"))
        self.backup()
        running.communicate()
        shutil.rmtree(self.muster.project)
        told = self.restore()
        self.assertEqual((told["interrupted"], told["paused"], told["fields"]), (1, 0, 1))
        self.assertEqual(self.muster.everything(), before)
        self.assertTrue((self.muster.project / "mappings" / "kandji.lua").exists())
        self.assertTrue((self.muster.project / ".muster" / "types").is_dir())
        self.sync()
        self.assert_state("ok")
        self.assertEqual(self.muster.value("SELECT count(*) FROM sessions "
                                           "WHERE outcome = 'running'"), 0)
        self.muster.must("doctor", "--full")

    def test_into_an_empty_folder_but_no_other(self):
        self.connect_and_sync()
        self.backup()
        other = self.muster.folder / "other"
        other.mkdir()
        (other / ".hidden").write_text("mine")
        self.assertIn("not empty", self.restore(target=other, code=CONFIG).err)
        (other / ".hidden").unlink()
        self.restore(target=other)
        self.assertTrue((other / ".muster" / "muster.db").is_file())

    def test_in_place_of_a_project_which_is_kept(self):
        self.connect_and_sync()
        self.backup()
        install = self.muster.value("SELECT value FROM settings WHERE key = 'install_id'")
        self.sim.change(HOST, "rename_device", name="Renamed")
        self.sync()
        (self.muster.project / "out" / "note").write_text("mine")
        changed = self.muster.everything()
        run = self.restore(code=CONFIG)
        self.assertIn("--replace", run.err)
        run = self.restore("--replace", "--no-input", code=USAGE)
        self.assertEqual(self.muster.everything(), changed)
        told = self.restore("--replace", "--yes")
        self.assertNotEqual(self.muster.everything(), changed)
        self.assertEqual(self.muster.value(
            "SELECT value FROM settings WHERE key = 'install_id'"), install)
        kept = pathlib.Path(told["moved_to"])
        self.assertEqual((kept / "out" / "note").read_text(), "mine")
        self.sync()
        self.assertEqual(
            {row["name"] for row in self.muster.rows("devices")},
            {row["name"] for row in changed["devices"]})

    def test_elsewhere_the_accounts_wait(self):
        self.connect_and_sync()
        self.muster.must("accounts", "set", ACCOUNT, "--every", "1h")
        self.backup()
        other = self.muster.folder / "other"
        told = self.restore(target=other)
        self.assertEqual(told["paused"], 1)
        self.muster.project = other
        self.assert_state("paused")
        self.sim.clear_ledger()
        self.muster.must("sync", "--due")
        self.assertEqual(self.sim.ledger(host=HOST), [])
        self.muster.must("accounts", "resume", "kandji")
        self.sync()
        self.assert_state("ok")

    def test_without_recordings_none_are_promised(self):
        self.connect_and_sync()
        self.backup()
        self.restore("--replace", "--yes")
        self.assertEqual(self.muster.value("SELECT count(*) FROM recordings"), 0)

    def test_recordings_come_back(self):
        self.connect_and_sync()
        self.backup("--recordings")
        names = digests(self.muster.project / ".muster" / "recordings")
        self.restore("--replace", "--yes")
        self.assertEqual(digests(self.muster.project / ".muster" / "recordings"), names)
        self.assertEqual(self.muster.value("SELECT count(*) FROM recordings"), 1)

    def refuse(self, code=CONFIG, *arguments):
        """A refusal touches nothing."""
        before = digests(self.muster.project)
        run = self.restore("--replace", "--yes", *arguments, code=code)
        left = {name for name in os.listdir(self.muster.folder) if "project." in name}
        self.assertEqual(left, set())
        for name in (".muster/muster.db", "mappings/kandji.lua"):
            self.assertEqual(digests(self.muster.project).get(name), before.get(name))
        return run

    def change_manifest(self, change):
        path = self.target / "manifest.json"
        manifest = json.loads(path.read_text())
        change(manifest)
        path.write_text(json.dumps(manifest))

    def test_what_was_changed_is_refused(self):
        self.overlay()
        self.connect_and_sync()
        self.backup()
        database = self.target / ".muster" / "muster.db"
        good, raw = database.read_bytes(), bytearray(database.read_bytes())
        raw[len(raw) // 2] ^= 1
        database.write_bytes(raw)
        self.assertIn("digest differs", self.refuse().err)
        database.write_bytes(good[:-1])
        self.assertIn("digest differs", self.refuse().err)
        database.unlink()
        self.assertIn("damaged", self.refuse().err)
        database.write_bytes(good)
        overlay = self.target / "mappings" / "kandji.lua"
        overlay.write_text("return {}\n")
        self.assertIn("digest differs", self.refuse().err)
        # Whoever has no key cannot make the digests fit.
        self.change_manifest(lambda manifest: [file.update(
            sha256=hashlib.sha256(b"return {}\n").hexdigest(), bytes=10)
            for file in manifest["files"] if file["path"] == "mappings/kandji.lua"])
        self.assertIn("seal does not fit", self.refuse().err)

    def test_one_without_a_seal_is_refused_until_a_person_says_so(self):
        self.overlay()
        self.connect_and_sync()
        self.backup()
        self.change_manifest(lambda manifest: manifest.pop("seal"))
        run = self.refuse()
        self.assertIn("has no seal", run.err)
        self.assertIn("--unsealed", run.err)
        key = self.key()
        aside = key.rename(key.with_suffix(".aside"))  # nor does it help to have no key
        self.assertIn("has no seal", self.refuse().err)
        aside.rename(key)
        told = self.restore("--replace", "--yes", "--unsealed")
        self.assertEqual((told["has_seal"], told["fields"]), (False, 1))

    def test_what_somebody_put_into_it_stays_out_and_is_named(self):
        self.overlay()
        self.connect_and_sync()
        self.backup()
        for name in ("vendors/planted.lua", "vendors/kandji/init.lua", ".muster/muster.db-wal"):
            (self.target / name).parent.mkdir(exist_ok=True)
            (self.target / name).write_text("return {}\n")
        run = self.muster.must("restore", str(self.target), str(self.muster.project), "--replace",
                               "--yes", "--json")
        self.assertIn("3 files in the backup are none of its own", run.err)
        self.assertIn("vendors/kandji/init.lua", run.err)
        self.assertEqual(run.json()["left_out"], 3)
        self.assertEqual([path for path in (self.muster.project / "vendors").rglob("*")
                          if path.is_file()], [])

    def test_what_is_no_backup_is_refused(self):
        self.target.mkdir()
        self.assertIn("is no backup", self.refuse(MISSING).err)
        (self.target / "manifest.json").write_text("{")
        self.assertIn("no JSON", self.refuse().err)
        shutil.rmtree(self.target)
        self.backup()
        for path in ("../../evil", "vendors/../../evil", "/etc/evil", "vendors//x", ".muster/evil"):
            self.change_manifest(lambda manifest, path=path: manifest["files"].append(
                {"path": path, "bytes": 0, "sha256": "0" * 64}))
            self.assertIn("no project has", self.refuse().err)
            self.change_manifest(lambda manifest: manifest["files"].pop())
        self.change_manifest(lambda manifest: manifest.update(format=2))
        self.assertIn("format 2", self.refuse().err)

    def test_a_newer_schema_is_refused(self):
        self.key().unlink()
        self.backup()
        database = self.target / ".muster" / "muster.db"
        with contextlib.closing(sqlite3.connect(database)) as opened:
            opened.execute("PRAGMA journal_mode = DELETE")
            opened.execute("INSERT INTO schema_migrations VALUES (999, 'later', '2030')")
            opened.commit()
        self.change_manifest(lambda manifest: [file.update(
            sha256=hashlib.sha256(database.read_bytes()).hexdigest(),
            bytes=database.stat().st_size) for file in manifest["files"]])
        run = self.refuse(CONFIG, "--unsealed")
        self.assertIn("999", run.err)
        self.assertIn("newer muster", run.err)

    def test_a_wrong_key_is_refused_and_no_key_is_said_so(self):
        self.connect_and_sync()
        self.backup()
        right = self.key().read_bytes()
        wrong = self.muster.folder / "wrong.key"
        wrong.touch(0o600)
        wrong.write_text("0" * 64 + "\n")
        self.assertIn("does not open", self.refuse(SEALED, "--key-file", str(wrong)).err)
        self.key().write_text("0" * 64 + "\n")
        self.assertIn("does not open", self.refuse(SEALED).err)
        self.key().unlink()
        run = self.muster.run("restore", str(self.target), str(self.muster.project), "--replace",
                              "--yes")
        self.assertEqual(run.code, 0, run)
        self.assertIn("vault stays shut", run.err)
        named = self.muster.folder / "named.key"
        named.touch(0o600)
        named.write_bytes(right)
        self.restore("--replace", "--yes", "--key-file", str(named))
        self.muster.must("--key-file", str(named), "check")

    def test_a_project_in_use_is_not_moved_away(self):
        self.connect_and_sync()
        self.backup()
        self.sim.fault("stall", path="/api/v1/devices", times=1, seconds=2)
        running = self.muster.start("sync", ACCOUNT)
        self.wait_for(lambda: self.muster.value(
            "SELECT count(*) FROM sessions WHERE outcome = 'running'"))
        self.assertIn("in use", self.restore("--replace", "--yes", code=BUSY).err)
        running.communicate()
        self.assertEqual(running.returncode, 0)

    def test_a_passphrase_opens_the_backup_as_well(self):
        secret = self.muster.secret_file("correct horse battery staple", "passphrase")
        self.connect_and_sync()
        self.muster.must("vault", "rekey", "--key", "passphrase", "--new-passphrase-file",
                         str(secret))
        told = self.backup("--passphrase-file", str(secret))
        self.assertEqual((told["fields"], told["key_file"]), (1, None))
        shutil.rmtree(self.muster.project)
        self.assertEqual(self.restore("--passphrase-file", str(secret))["fields"], 1)

    def test_killed_at_any_moment_one_of_the_two_is_there(self):
        rng = random.Random(SEED)
        print(f"MUSTER_TEST_SEED={SEED}")
        self.connect_and_sync()
        self.backup("--recordings")
        self.sim.change(HOST, "rename_device", name="After the backup")
        self.sync()
        started = time.monotonic()
        self.restore("--replace", "--yes")
        span = time.monotonic() - started
        killed = 0
        for _ in range(12):
            there = self.muster.project.stat().st_ino
            process = self.muster.start("restore", str(self.target), str(self.muster.project),
                                        "--replace", "--yes")
            time.sleep(rng.uniform(0, span * 1.1))
            if process.poll() is None:
                killed += 1
                self.kill_group(process)
            process.communicate()
            self.assertIn(there, {  # the project that was there is there, or aside
                folder.stat().st_ino for folder in self.muster.folder.glob("project*")
                if ".restoring-" not in folder.name})
            self.assertTrue((self.muster.project / ".muster" / "muster.db").is_file())
            self.assertEqual(self.muster.must("doctor", "--full", "--json").json()[0]["result"],
                             "ok")
            self.assertEqual(len(self.muster.rows("devices")), len(self.sim.truth(HOST)["devices"]))
        self.assertGreater(killed, 0)
        self.sync()
        self.assert_true()


if __name__ == "__main__":
    unittest.main()
