"""Secrets: what is private, sealed and said of them. That they turn up nowhere is promises/v1_secrets.py."""

import base64
import unittest

from harness import ACCOUNT, E2eCase, HOST
from promises import canary

CANARY = "k4ndj1-c4n4ry/Zx+8Yw=vQ~7Rt5Lp2Nm9"


class Canary(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 40, "apps_per_device": 5, "token": CANARY}]

    def files(self):
        """Every file the program may have written; the secret's own file is not one of them."""
        given = self.muster.secrets
        return [path for path in self.muster.folder.rglob("*")
                if path.is_file() and given not in path.parents]

    def assert_clean(self, text, where):
        data = text.encode(errors="surrogateescape") if isinstance(text, str) else text
        for form in canary.forms(CANARY):
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

    def test_a_wrong_token_is_not_repeated(self):
        run = self.muster.connect_kandji(self.sim, token=CANARY + "wrong")
        self.assertNotEqual(run.code, 0)
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
