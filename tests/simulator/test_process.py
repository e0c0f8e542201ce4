"""The program: ready.json, the control socket, the client, the ledger, the end."""

import hashlib
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import unittest

from . import faults
from .client import TESTS, Simulator, SimulatorError
from .probe import DEVICES, HOST

README = pathlib.Path(__file__).with_name("README.md")


def get(sim, host, path, token):
    trust = ssl.create_default_context(cafile=sim.ca_file)
    made = http.client.HTTPConnection(host)
    made.sock = trust.wrap_socket(socket.create_connection(("127.0.0.1", sim.port)),
                                  server_hostname=host)
    made.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    response = made.getresponse()
    body = response.read()
    made.close()
    return response.status, body


class Process(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = Simulator([{"tenant": "acme", "devices": 8, "apps_per_device": 3},
                             {"tenant": "beta", "region": "eu", "plain": True, "devices": 2}])
        cls.sim.start()

    @classmethod
    def tearDownClass(cls):
        cls.sim.stop()

    def tearDown(self):
        self.sim.clear_faults()

    def test_ready_names_everything_and_is_private(self):
        ready = self.sim.ready
        self.assertEqual(sorted(ready["tenants"]), [HOST, "beta.api.eu.kandji.io"])
        self.assertEqual(ready["pid"], self.sim.process.pid)
        mode = (self.sim.folder / "ready.json").stat().st_mode & 0o777
        self.assertEqual(mode, 0o600)
        self.assertNotEqual(self.sim.token(HOST), self.sim.token("beta.api.eu.kandji.io"))

    def test_truth_change_fault_ledger(self):
        before = self.sim.truth(HOST)
        done = self.sim.change(HOST, "rename_device", name="N")
        self.assertNotEqual(self.sim.truth(HOST), before)
        self.assertEqual(self.sim.counts(HOST), {name: len(rows) for name, rows in before.items()})
        self.assertEqual(done["name"], "N")
        self.sim.clear_ledger()
        self.sim.fault("server_error", path=DEVICES)
        token = self.sim.token(HOST)
        self.assertEqual(get(self.sim, HOST, DEVICES, token)[0], 500)
        status, body = get(self.sim, HOST, DEVICES + "?ordering=device_id", token)
        self.assertEqual(status, 200)
        failed, served = self.sim.ledger(path=DEVICES)
        self.assertEqual((failed["status"], failed["faults"]), (500, ["server_error"]))
        self.assertEqual(served["ids"], [row["device_id"] for row in json.loads(body)])
        self.assertEqual((served["n"], served["page"], served["whole"]), (2, 1, True))
        self.assertEqual(self.sim.faults()[0]["hits"], 1)

    def test_the_ledger_holds_a_digest_in_place_of_the_token(self):
        token = self.sim.token(HOST)
        get(self.sim, HOST, DEVICES, token)
        digest = hashlib.sha256(f"Bearer {token}".encode()).hexdigest()
        entry = self.sim.ledger()[-1]
        self.assertEqual(entry["headers"]["authorization"], "sha256:" + digest)
        text = (self.sim.folder / "ledger.ndjson").read_text()
        self.assertNotIn(token, text)
        self.assertIn(digest, text)

    def test_refusals_reach_the_client(self):
        for call in (lambda: self.sim.truth("nobody"), lambda: self.sim.fault("boom"),
                     lambda: self.sim.change(HOST, "explode"), lambda: self.sim.call("explode")):
            with self.assertRaises(SimulatorError):
                call()

    def test_it_listens_on_loopback_only(self):
        listening = pathlib.Path("/proc/net/tcp").read_text().splitlines()
        port = f":{self.sim.port:04X}"
        mine = [line.split()[1] for line in listening if line.split()[1].endswith(port)
                and line.split()[3] == "0A"]
        self.assertEqual(mine, ["0100007F" + port])


class Program(unittest.TestCase):
    def run_program(self, *arguments):
        return subprocess.run([sys.executable, "-m", "simulator", *arguments],
                              capture_output=True, text=True, check=False, timeout=30,
                              env={**os.environ, "PYTHONPATH": str(TESTS)})

    def test_list_faults_is_the_table_of_the_readme(self):
        done = self.run_program("--list-faults")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout, faults.table())
        self.assertIn(done.stdout, README.read_text(encoding="utf-8"),
                      "the table in README.md is old: python3 -m simulator --list-faults")

    def test_mistakes_are_named(self):
        self.assertEqual(self.run_program().returncode, 2)
        missing = self.run_program("--dir", "unused", "--har", "no-such-file.har")
        self.assertEqual(missing.returncode, 2)
        self.assertIn("no such HAR file", missing.stderr)

    def test_sigterm_is_a_clean_end(self):
        with Simulator([{"tenant": "acme", "devices": 1}]) as sim:
            sim.process.send_signal(signal.SIGTERM)
            self.assertEqual(sim.process.wait(10), 0)
            self.assertEqual(sim.log(), "")

    def test_it_ends_with_its_parent(self):
        with Simulator([{"tenant": "acme", "devices": 1}]) as sim:
            sim.process.stdin.close()
            self.assertEqual(sim.process.wait(10), 0)

    def test_a_wrong_option_is_named(self):
        with self.assertRaisesRegex(SimulatorError, "unknown option 'devicse'"):
            Simulator([{"tenant": "acme", "devicse": 1}]).start()


if __name__ == "__main__":
    unittest.main()
