"""What a dry run says of many rows does not pile up in memory."""

import os
import subprocess
import unittest

from harness import ACCOUNT, E2eCase

# The rows of the scratch are in memory, at about 1.5 KiB each; a list of them beside it is more.
KIB_A_CHANGE = 3


class DryRunSize(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 700, "apps_per_device": 30}]

    def run_measured(self, *arguments):
        """What it printed, and its most KiB in memory."""
        out = self.muster.folder / "out"
        with out.open("wb") as stdout:
            process = subprocess.Popen(
                self.muster.command(*arguments), stdin=subprocess.DEVNULL, stdout=stdout,
                stderr=subprocess.DEVNULL, env=self.muster.environment)
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        return out.read_text(encoding="utf-8"), usage.ru_maxrss

    def test_changes_are_printed_as_they_are_read(self):
        self.connect()
        _, base = self.run_measured("accounts", "list")
        for arguments in ((), ("--json",)):
            with self.subTest(arguments=arguments):
                out, peak = self.run_measured("sync", ACCOUNT, "--dry-run", *arguments)
                changes = out.count("created")
                self.assertGreater(changes, 15000)
                self.assertLess((peak - base) / changes, KIB_A_CHANGE)


if __name__ == "__main__":
    unittest.main()
