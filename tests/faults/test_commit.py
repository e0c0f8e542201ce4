"""A commit that fails leaves files and rows together as they were."""

import shutil
import subprocess
import unittest

from e2e.harness import ACCOUNT, E2eCase

WRITES = 20  # more than a rename makes


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class FailedCommit(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 2, "apps_per_device": 1}]

    def rename_with_a_full_disk(self, write):
        """From its nth write on the disk is full."""
        fault = f"inject=pwrite64:error=ENOSPC:when={write}+"
        return subprocess.run(
            ["strace", "-f", "-o", "/dev/null", "-e", fault,
             *self.muster.command("accounts", "rename", ACCOUNT, "other")],
            capture_output=True, text=True, check=False, env=self.muster.environment,
            cwd=self.muster.folder)

    def test_an_overlay_stays_with_its_account(self):
        self.connect()
        overlays = self.muster.project / "mappings"
        (overlays / "kandji@acme.lua").write_text("return {}\n")
        said = []
        for write in range(1, WRITES):
            done = self.rename_with_a_full_disk(write)
            if done.returncode == 0:
                break
            said.append(done.stderr)
            with self.subTest(write=write):
                self.assertEqual(self.muster.account()["name"], "acme")
                self.assertEqual([file.name for file in overlays.iterdir()], ["kandji@acme.lua"])
        self.assertTrue(any("COMMIT" in text for text in said), said)


if __name__ == "__main__":
    unittest.main()
