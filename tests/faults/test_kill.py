"""Kills, stops and interrupts of a sync, each at a moment of its own; promises/k1_kills.py does it at random.

The very first sync is killed at random, too; MUSTER_TEST_SEED repeats a run.
"""

import contextlib
import os
import random
import signal
import sqlite3
import sys
import unittest

from e2e.harness import ACCOUNT, COLUMNS, E2eCase, HOST, sandboxes_of

SEED = int(os.environ.get("MUSTER_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
BUSY_CODE = 8


class Killed(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 700, "apps_per_device": 6, "seed": 11}]

    def setUp(self):
        super().setUp()
        print(f"MUSTER_TEST_SEED={SEED}", file=sys.stderr)
        self.random = random.Random(SEED)
        self.connect()

    def store(self, sql):
        """Asked of the database file itself: the program is dead."""
        database = self.muster.project / ".muster" / "muster.db"
        with contextlib.closing(sqlite3.connect(database)) as opened, opened:
            return opened.execute(sql).fetchall()

    def kill_once(self, seconds):
        """Starts a sync and kills it, sandboxes and all; whether it was still running."""
        process = self.muster.start("sync", ACCOUNT, "--json")
        with contextlib.suppress(Exception):
            process.wait(seconds)
        was_running = process.poll() is None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return was_running

    def live(self, entity):
        return {row[0] for row in self.store(
            f"SELECT source_id FROM {entity} WHERE removed_at IS NULL")}

    def check_sound(self, before):
        """The file is whole; nothing that was there is gone; nothing is there twice."""
        self.assertEqual(self.store("PRAGMA quick_check"), [("ok",)])
        for entity in COLUMNS:
            self.assertLessEqual(before[entity], self.live(entity), entity)
            doubled = self.store(f"SELECT source_id FROM {entity} GROUP BY account_id, source_id "
                                 "HAVING count(*) > 1")
            self.assertEqual(doubled, [], entity)
        invented = self.live("devices") - {row["source_id"]
                                           for row in self.sim.truth(HOST)["devices"]}
        self.assertEqual(invented, set())

    def test_kills_of_the_very_first_sync(self):
        self.sim.fault("delay", times=0, seconds=0.1)
        for _ in range(3):
            before = {entity: self.live(entity) for entity in COLUMNS}
            self.kill_once(self.random.uniform(0.1, 1.5))
            self.check_sound(before)
        self.sim.clear_faults()
        self.sync()
        self.assert_true()

    def start_and_read(self):
        """A sync that waits for the answer to its first devices."""
        self.sim.fault("delay", path="/api/v1/devices", seconds=1)
        self.sim.clear_ledger()
        process = self.muster.start("sync", ACCOUNT, "--json")
        self.wait_for(lambda: self.sim.ledger(path="/api/v1/devices"))
        return process

    def test_the_lease_of_the_dead_holds_nobody_up(self):
        process = self.start_and_read()
        self.kill_group(process)
        (owner,), = self.store("SELECT owner FROM leases")
        self.assertIn(f":{process.pid} ", owner)
        self.sim.clear_faults()
        self.sync()
        self.assert_true()
        outcomes = self.store("SELECT outcome FROM sessions ORDER BY id")
        self.assertEqual(outcomes, [("interrupted",), ("ok",)])

    def test_a_stopped_sync_keeps_its_lease(self):
        process = self.start_and_read()
        os.killpg(process.pid, signal.SIGSTOP)
        run = self.muster.run("sync", ACCOUNT, "--json")
        os.killpg(process.pid, signal.SIGCONT)
        self.assertEqual(run.code, BUSY_CODE, run)
        process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0)
        self.assert_true()

    def test_sandboxes_die_with_the_host(self):
        self.sim.fault("delay", times=0, seconds=2)
        process = self.muster.start("sync", ACCOUNT, "--json")
        self.wait_for(lambda: sandboxes_of(process))
        os.kill(process.pid, signal.SIGKILL)
        self.wait_for(lambda: not sandboxes_of(process), 10)
        process.communicate()

    def test_a_killed_sandbox_fails_its_session_only(self):
        self.sync()
        before = self.muster.everything()
        process = self.start_and_read()
        for sandbox in self.wait_for(lambda: sandboxes_of(process)):
            os.kill(sandbox, signal.SIGKILL)
        out, err = process.communicate(timeout=60)
        self.assertNotIn(process.returncode, (0, -signal.SIGKILL, -signal.SIGSEGV), err)
        self.assertIn(b"kandji", out + err)
        self.sim.clear_faults()
        self.assertEqual(self.muster.everything(), before)
        self.sync()
        self.assert_true()

    def test_an_interrupt_is_a_clean_end(self):
        self.sim.fault("delay", times=0, seconds=0.3)
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(signal=number):
                self.sim.clear_ledger()
                process = self.muster.start("sync", ACCOUNT, "--json")
                self.wait_for(lambda: self.sim.ledger())
                os.kill(process.pid, number)
                _, err = process.communicate(timeout=60)
                self.assertEqual(process.returncode, code, err)
                self.assertIn(self.muster.last_session()["outcome"], ("cancelled", "interrupted"))
        self.sim.clear_faults()
        self.sync()
        self.assert_true()

    def test_one_session_of_an_account_at_a_time(self):
        process = self.start_and_read()
        run = self.muster.run("sync", ACCOUNT, "--json")
        self.assertEqual(run.code, BUSY_CODE, run)
        process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0)
        self.assert_true()


if __name__ == "__main__":
    unittest.main()
