"""A token leaves no trace: not in a file, a log, an argument list, an environment or an error."""

import base64
import os
import pathlib
import unittest
import urllib.parse

from harness import ACCOUNT, E2eCase, HOST

CANARY = "k4ndj1-c4n4ry/Zx+8Yw=vQ~7Rt5Lp2Nm9"


def spellings(secret):
    """The secret in the encodings in which it might be written down."""
    data = secret.encode()
    found = {data, data.hex().encode(), data.hex().upper().encode(), data[::-1],
             urllib.parse.quote(secret, safe="").encode(), urllib.parse.quote(secret).encode(),
             secret.replace("/", "\\/").encode(), base64.urlsafe_b64encode(data).rstrip(b"="),
             secret.encode("utf-16-le")}
    for start in range(3):  # base64 of a text that contains it, at each alignment
        padded = base64.b64encode(b"\0" * start + data + b"\0\0")
        found.add(padded[4 if start else 0:len(padded) - 8])
    return found


class Canary(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 40, "apps_per_device": 5, "token": CANARY}]

    def files(self):
        """Every file the program may have written; the secret's own file is not one of them."""
        given = self.muster.secrets
        return [path for path in self.muster.folder.rglob("*")
                if path.is_file() and given not in path.parents]

    def assert_clean(self, text, where):
        data = text.encode(errors="surrogateescape") if isinstance(text, str) else text
        for form in spellings(CANARY):
            self.assertNotIn(form, data, where)

    def sweep(self):
        for path in self.files():
            self.assert_clean(path.read_bytes(), path)
        for run in self.muster.runs:
            self.assert_clean(run.said, run.arguments)
            self.assert_clean(" ".join(run.arguments), run.arguments)

    def test_the_sweep_itself_finds_a_token(self):
        (self.muster.project / "leak.txt").write_bytes(
            b"xx" + base64.b64encode(b"Bearer " + CANARY.encode()))
        with self.assertRaises(AssertionError):
            self.sweep()

    def test_connect_sync_and_lists(self):
        self.connect_and_sync()
        for arguments in (("sync", ACCOUNT, "-v", "-v", "--log-level", "debug"),
                          ("accounts", "show", ACCOUNT, "--json"), ("status", "--json"),
                          ("check", ACCOUNT, "-v"), ("sessions", "show", ACCOUNT, "--json"),
                          ("vault", "status", "--json"), ("map", "show", ACCOUNT),
                          ("export", "devices", "--format", "ndjson"),
                          ("query", "SELECT * FROM credential_fields"),
                          ("query", "SELECT * FROM accounts", "--json")):
            self.muster.run(*arguments)
        self.assertTrue(any("recordings" in str(path) for path in self.files()))
        self.sweep()

    def test_errors_of_every_kind(self):
        self.connect_and_sync()
        echo = {"detail": f"the token {CANARY} is not welcome", "headers": f"Bearer {CANARY}"}
        for fault, params in (("unauthorized", {}), ("forbidden", {}), ("server_error", {}),
                              ("body", {"value": echo, "status": 400}),
                              ("body", {"value": [echo]}), ("html_page", {"text": CANARY}),
                              ("redirect", {"to": f"https://evil.example/?t={CANARY}"})):
            with self.subTest(fault=fault):
                self.sim.fault(fault, path="/api/v1/devices", times=6, **params)
                self.muster.run("sync", ACCOUNT, "-v", "-v", "--log-level", "debug")
                self.muster.run("sync", ACCOUNT, "--json")
                self.sim.clear_faults()
        self.sweep()

    def test_a_wrong_token_is_not_repeated(self):
        run = self.muster.connect_kandji(self.sim, token=CANARY + "wrong")
        self.assertNotEqual(run.code, 0)
        self.sweep()

    def test_argument_lists_and_environments_of_all_processes(self):
        self.connect()
        self.sim.fault("delay", seconds=3, path="/api/v1/devices", times=1)
        process = self.muster.start("sync", ACCOUNT)
        self.addCleanup(process.wait)
        # Between its fork and its exec a child still is a copy of the host, environment and all.
        found = self.wait_for(lambda: [pid for pid in self.processes(process.pid)
                                       if pid != process.pid and b"__sandbox" in
                                       self.shown(pid, "cmdline")])
        for pid in [process.pid, *found]:
            for name in ("cmdline", "environ"):
                self.assert_clean(self.shown(pid, name), name)
        self.assertEqual(self.shown(found[0], "environ"), b"")
        process.communicate(timeout=120)
        self.sweep()

    @staticmethod
    def shown(pid, name):
        """What the kernel shows of a process; nothing of one that has ended. The environment of one
        that bars onlookers is shown to root alone; to anybody else it is as good as empty."""
        try:
            return pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
        except OSError:
            return b""

    @staticmethod
    def processes(session):
        """The processes of the program's session; its sandboxes are among them."""
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.getsid(int(entry)) == session:
                    found.append(int(entry))
            except OSError:
                continue  # it has ended meanwhile
        return found

    def test_a_crash_leaves_no_token(self):
        self.connect()
        self.sim.fault("delay", seconds=5, path="/api/v1/devices", times=1)
        self.sim.clear_ledger()
        process = self.muster.start("sync", ACCOUNT)
        self.wait_for(lambda: self.sim.ledger(path="/api/v1/devices"))
        os.kill(process.pid, 11)
        process.communicate(timeout=60)
        self.sweep()

    def test_private_files_are_private(self):
        self.connect_and_sync()
        state = self.muster.folder / "state"
        for folder in (self.muster.project / ".muster", state / "muster"):
            self.assertEqual(folder.stat().st_mode & 0o077, 0, folder)
        for path in [*(self.muster.project / ".muster").rglob("*"), *state.rglob("*")]:
            if path.is_file() and path.name != ".gitignore":
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_a_secret_file_that_others_can_read_is_spoken_of(self):
        run = self.connect()
        self.assertNotIn("can be read by others", run.said)
        (self.muster.secrets / "acme").chmod(0o644)
        run = self.muster.run("accounts", "reconnect", ACCOUNT, "--secret-file",
                              f"api_token={self.muster.secrets / 'acme'}", "--no-input")
        self.assertEqual(run.code, 0, run)
        self.assertIn("can be read by others (mode 0644); close it: chmod 600", run.err)

    def test_without_the_key_the_vault_is_sealed(self):
        self.connect_and_sync()
        for key in (self.muster.folder / "state").rglob("*.key"):
            key.rename(key.with_suffix(".away"))
        before = len(self.sim.ledger(host=HOST))
        run = self.muster.run("sync", ACCOUNT, "--json")
        self.assertEqual(run.code, 4, run)
        self.assertEqual(len(self.sim.ledger(host=HOST)), before)
        self.assertTrue(self.muster.query("SELECT 1 FROM devices LIMIT 1"))


if __name__ == "__main__":
    unittest.main()
