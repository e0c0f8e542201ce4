"""examples/: the overlay does what it says; the systemd unit is sound, strict, and muster runs under it."""

import configparser
import ctypes
import ctypes.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import ACCOUNT, BINARY, E2eCase, HOST, REPOSITORY

UNITS = REPOSITORY / "examples" / "systemd"
MINIMAL = REPOSITORY / "examples" / "minimal"
OVERLAY = REPOSITORY / "examples" / "overlay" / "kandji.lua"
ANALYZE = shutil.which("systemd-analyze")
EXPOSURE_MAX = 2.0  # of 10; 1.4 with systemd 252
SECCOMP_KILL, SECCOMP_ALLOW, SET_NO_NEW_PRIVS, NOBODY = 0x80000000, 0x7FFF0000, 38, 65534


class Overlay(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 30, "apps_per_device": 5}]

    def test_it_does_what_its_comments_say(self):
        self.connect_and_sync()
        system = self.muster.value("SELECT count(*) FROM device_apps WHERE removed_at IS NULL "
                                   "AND path LIKE '/System/%'")
        shutil.copy(OVERLAY, self.muster.project / "mappings")
        self.muster.must("vendors", "check", "kandji")
        self.sync(code=None)
        self.assert_state("held")  # so many rows go that the guard asks first
        self.muster.must("removals", "approve", ACCOUNT, "--yes")
        self.sync(code=None)
        rows = self.muster.rows("devices")
        self.assertEqual({row["ownership"] for row in rows}, {"corporate"})
        self.assertEqual({row["asset_tag"] for row in rows}, {None})
        self.assertLessEqual({json.loads(row["custom"])["site"] for row in rows},
                             {"BER", "BOS", "other"})
        self.assertGreater(len(rows), len([row for row in rows if row["user_source_id"]]))
        self.assertEqual(self.muster.value(
            "SELECT count(*) FROM device_apps WHERE removed_at IS NULL AND path LIKE '/System/%'"), 0)
        self.assertGreater(system, 0)

    def test_the_minimal_connector_loads(self):
        shutil.copy(MINIMAL / "vendors" / "minimal.lua", self.muster.project / "vendors")
        self.muster.must("vendors", "check", "minimal")


class Guide(unittest.TestCase):
    """The author's guide quotes code that is there, and names files that are there."""

    SCRIPTS = REPOSITORY / "scripts"

    def setUp(self):
        text = (self.SCRIPTS / "README.md").read_text(encoding="utf-8")
        self.walk = text.partition("## A connector, step by step")[2].partition("\n## ")[0]

    def test_each_piece_of_the_walk_is_code_of_the_connector(self):
        source = (self.SCRIPTS / "vendors" / "kandji.lua").read_text(encoding="utf-8")
        pieces = re.findall(r"```lua\n(.*?)```", self.walk, re.S)
        self.assertGreater(len(pieces), 9)
        self.assertEqual([piece for piece in pieces if piece not in source], [])

    def test_the_readme_names_every_connector(self):
        text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
        there = {path.name.removesuffix(".lua") for path in (self.SCRIPTS / "vendors").iterdir()}
        self.assertEqual(set(re.findall(r"^\|[^|]*\| `(\w+)` \|", text, re.M)), there)

    def test_what_it_points_at_is_there(self):
        for name in re.findall(r"`([\w/]+(?:\.lua|/))`", self.walk):
            if name != "vendors/":
                self.assertTrue((self.SCRIPTS / name).exists()
                                or (self.SCRIPTS / "vendors" / name).exists(), name)
        for function, file in re.findall(r"`(read_\w+)` in `([\w/.]+)`", self.walk):
            path = self.SCRIPTS / "vendors" / file
            text = (path / "init.lua" if path.is_dir() else path).read_text(encoding="utf-8")
            self.assertIn(f"local function {function}(", text)


def settings(text, key):
    """All values of a key in a unit, in order."""
    return re.findall(rf"^{key}=(.*)$", text, re.M)


def filter_names(text):
    """The system calls that the unit's SystemCallFilter= lines leave."""
    def expand(word):
        if not word.startswith("@"):
            return {word}
        told = subprocess.run([ANALYZE, "syscall-filter", word], capture_output=True, text=True,
                              check=True).stdout
        members = [line.strip() for line in told.splitlines() if line.startswith("    ")]
        return set().union(*(expand(one) for one in members if not one.startswith("#")))

    allowed = set()
    for line in settings(text, "SystemCallFilter"):
        for word in line.lstrip("~").split():
            allowed = allowed - expand(word) if line.startswith("~") else allowed | expand(word)
    return allowed


def confine(names, user):
    """What systemd does before it starts the program, as far as a test can: user, rights, filter."""
    def enter():
        lib, libc = ctypes.CDLL("libseccomp.so.2"), ctypes.CDLL(None)
        lib.seccomp_init.restype = ctypes.c_void_p
        if user is not None:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        rules = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(SECCOMP_KILL)))
        for name in names | {"execve"}:
            number = lib.seccomp_syscall_resolve_name(name.encode())
            if number >= 0:
                lib.seccomp_rule_add(rules, ctypes.c_uint32(SECCOMP_ALLOW), number, 0)
        if lib.seccomp_load(rules) != 0:
            os._exit(99)
    return enter


@unittest.skipUnless(ANALYZE, "systemd-analyze is not installed")
class Units(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 10, "apps_per_device": 3}]

    def setUp(self):
        super().setUp()
        self.text = (UNITS / "muster.service").read_text(encoding="utf-8")
        self.units = self.muster.folder / "units"
        self.units.mkdir()
        (self.units / "muster.service").write_text(self.text.replace("/usr/bin/muster", BINARY))
        shutil.copy(UNITS / "muster.timer", self.units)

    def test_systemd_finds_nothing_wrong(self):
        for unit in ("muster.service", "muster.timer"):
            done = subprocess.run([ANALYZE, "verify", "--man=no", self.units / unit],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_it_exposes_little(self):
        done = subprocess.run([ANALYZE, "security", "--offline=true", self.units / "muster.service"],
                              capture_output=True, text=True, check=False)
        exposure = float(re.search(r"Overall exposure level.*?: ([\d.]+)", done.stdout)[1])
        self.assertLessEqual(exposure, EXPOSURE_MAX, done.stdout)

    def test_what_it_starts_is_a_command_of_ours(self):
        command, = settings(self.text, "ExecStart")
        program, _, project, *words = command.split()
        self.assertEqual((program, project), ("/usr/bin/muster", "/var/lib/muster/inventory"))
        self.muster.must(*words)
        self.assertEqual(settings(self.text, "LoadCredential"),
                         ["muster.key:/etc/muster/inventory.key"])

    def test_a_key_that_was_moved_to_systemd_opens_the_vault(self):
        """The steps of README.md, without the users and the service."""
        first, project = self.muster.folder / "first.key", self.muster.folder / "inventory"
        subprocess.run([BINARY, "init", "--quiet", "--key-file", first, project], check=True,
                       env=self.muster.environment)
        credentials = self.muster.folder / "credentials"
        credentials.mkdir(0o700)
        shutil.move(first, credentials / "muster.key")
        os.chmod(credentials / "muster.key", 0o440)  # as systemd shows it
        done = subprocess.run([BINARY, "-C", project, "vault", "status", "--json"], text=True,
                              capture_output=True, check=False,
                              env={**self.muster.environment,
                                   "CREDENTIALS_DIRECTORY": str(credentials)})
        self.assertEqual((done.returncode, json.loads(done.stdout)["state"]), (0, "open"),
                         done.stderr)

    @unittest.skipUnless(ctypes.util.find_library("seccomp"), "libseccomp is not installed")
    def test_muster_and_its_sandbox_run_under_its_restrictions(self):
        """As there is no systemd to start it: its user, rights, credential and filter, by hand."""
        if b"__asan_init" in pathlib.Path(BINARY).read_bytes():
            self.skipTest("a sanitizer build makes system calls of its own")
        self.connect()
        self.muster.must("accounts", "set", ACCOUNT, "--every", "1h")
        credentials = self.muster.folder / "credentials"
        credentials.mkdir(0o700)
        key, = (self.muster.folder / "state" / "muster").glob("*.key")
        shutil.move(key, credentials / "muster.key")
        user = self.hand_over()
        names = filter_names(self.text)
        self.assertIn("read", names)
        for words in (["doctor", "--json"], ["sync", "--due", "--quiet", "--no-input"]):
            done = subprocess.run(
                self.muster.command(*words), capture_output=True, text=True, check=False,
                preexec_fn=confine(names, user), cwd="/",
                env={**self.muster.environment, "CREDENTIALS_DIRECTORY": str(credentials)})
            self.assertEqual(done.returncode, 0, (words, done.stdout, done.stderr))
        self.assertEqual(self.muster_count_devices(), len(self.sim.truth(HOST)["devices"]))

    def hand_over(self):
        """Everything of the test to a user without rights, as the service has one; None = we are it."""
        if os.geteuid() != 0:
            return None
        for path in [self.muster.folder, *self.muster.folder.rglob("*")]:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        for folder in pathlib.Path(BINARY).resolve().parents:
            if not folder.stat().st_mode & 0o001:
                self.skipTest(f"another user cannot reach the program below {folder}")
        for folder in pathlib.Path(self.sim.ca_file).parents:
            if not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o001)
        return NOBODY

    def muster_count_devices(self):
        for path in [self.muster.folder, *self.muster.folder.rglob("*")]:
            os.chown(path, os.geteuid(), os.getegid(), follow_symlinks=False)
        return len(self.muster.rows("devices"))


class Timer(unittest.TestCase):
    def test_it_calls_the_service_beside_it(self):
        parsed = configparser.ConfigParser(strict=False, interpolation=None)
        parsed.optionxform = str
        parsed.read(UNITS / "muster.timer")
        self.assertNotIn("Unit", parsed["Timer"])
        self.assertEqual(parsed["Install"]["WantedBy"], "timers.target")


if __name__ == "__main__":
    unittest.main()
