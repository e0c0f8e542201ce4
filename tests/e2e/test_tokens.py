"""Vendors whose requests bear a token that ends some day: asked for once, shared, renewed, and never
to be found anywhere. The vendor is made up (simulator/harbor, vendors/harbor.lua).
"""

import contextlib
import glob
import os
import pathlib
import shutil
import signal
import sqlite3
import time
import unittest

from harness import BINARY, E2eCase, Muster

HOST, LOGIN, ACCOUNT = "acme.harbor.example", "acme-login.harbor.example", "harbor/acme"
CONNECTOR = pathlib.Path(__file__).parent / "vendors" / "harbor.lua"
AUTH, OK = 4, 0
PROCESSES = 6
FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)


class TokenCase(E2eCase):
    TENANTS = []
    WAY = "body"
    TOKEN_CALL = (LOGIN, "/oauth/token")

    def setUp(self):
        self.sim = type(self.sim)([{"vendor": "harbor"}])
        self.sim.start()
        self.addCleanup(self.sim.stop)
        super().setUp()
        shutil.copyfile(CONNECTOR, self.muster.project / "vendors" / CONNECTOR.name)

    def connect_harbor(self, secret=None, code=OK):
        run = self.muster.connect_vendor(
            self.sim, "harbor", HOST, ("address", HOST), ("secret", secret), extra=(
                "--set", f"login={LOGIN}", "--set", f"way={self.WAY}",
                "--connect-to", f"{LOGIN}:443:127.0.0.1:{self.sim.port}"))
        self.assertEqual(run.code, code, run)
        self.sim.clear_ledger()
        return run

    def run_sync(self, code=OK):
        return self.sync(account=ACCOUNT, code=code)

    def change(self, op, **args):
        return self.sim.change(HOST, op, **args)

    def token_calls(self):
        host, path = self.TOKEN_CALL
        return [entry for entry in self.sim.ledger()
                if (entry["host"], entry["path"], entry["method"]) == (host, path, "POST")]

    def devices(self):
        return {(row["source_id"], row["name"])
                for row in self.muster.rows("devices", ACCOUNT)}

    def assert_true(self):
        self.assertEqual(self.devices(), {(row["source_id"], row["name"])
                                          for row in self.sim.truth(HOST)["devices"]})


class EveryWay:
    """What holds for each way to a token."""

    def test_one_token_serves_many_sessions(self):
        self.connect_harbor()
        for _ in range(3):
            self.run_sync()
        self.assert_true()
        self.assertEqual(len(self.token_calls()), 1)
        self.assertEqual(self.muster.must("check", ACCOUNT).code, OK)
        self.assertEqual(len(self.token_calls()), 1)

    def test_a_token_that_ended_is_renewed_once(self):
        self.connect_harbor()
        self.run_sync()
        self.change("end_tokens")
        self.run_sync()
        self.assert_true()
        self.assertEqual(len(self.token_calls()), 2)
        self.assertEqual(self.muster.account(ACCOUNT)["state"], "ok")

    def test_a_token_that_ends_in_the_middle(self):
        self.connect_harbor()
        self.sim.fault("change_after", host=HOST, path="/v1/devices", page=2, op="end_tokens")
        self.run_sync()
        self.assert_true()
        self.assertEqual(len(self.token_calls()), 2)

    def test_a_wrong_secret(self):
        run = self.connect_harbor(secret="wrong-secret", code=AUTH)
        self.assertIn("refused", run.err)
        self.assertNotIn("wrong-secret", run.said)
        self.assertEqual(self.muster.value("SELECT count(*) FROM accounts"), 0)

    def test_a_secret_that_was_replaced(self):
        self.connect_harbor()
        self.run_sync()
        self.change("replace_secret", secret="another-secret")
        self.change("end_tokens")
        self.run_sync(code=AUTH)
        self.assertEqual(self.muster.account(ACCOUNT)["state"], "needs-auth")
        self.assertEqual(len(self.token_calls()), 2)
        file = self.muster.secret_file("another-secret", "new")
        self.muster.must("accounts", "reconnect", ACCOUNT, "--secret-file", f"secret={file}")
        self.run_sync()
        self.assertEqual(self.muster.account(ACCOUNT)["state"], "ok")

    def test_secrets_and_tokens_are_nowhere(self):
        self.connect_harbor()
        self.run_sync()
        canaries = [text.encode() for text in
                    (self.sim.token(HOST), *self.change("end_tokens")["tokens"])]
        self.assertTrue(any(text.startswith(b"at-") for text in canaries))
        for file in (self.muster.folder / "project").rglob("*"):
            data = file.read_bytes() if file.is_file() else b""
            for canary in canaries:
                self.assertNotIn(canary, data, file)
        for run in self.muster.runs:
            for canary in canaries:
                self.assertNotIn(canary, run.said.encode(), run)


class ClientInTheBody(EveryWay, TokenCase):
    def test_what_is_asked(self):
        self.connect_harbor()
        self.run_sync()
        call, = self.token_calls()
        self.assertEqual(call["query"], {})
        self.assertIn("grant_type=client_credentials&scope=apps.read%20devices.read&", call["body"])
        self.assertNotIn("authorization", call["headers"])

    def test_many_processes_make_one_call(self):
        self.connect_harbor()
        running = [self.muster.start("check", ACCOUNT) for _ in range(PROCESSES)]
        for process in running:
            out, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, OK, (out, err))
        self.assertEqual(len(self.token_calls()), 1)

    def test_another_scope_asks_for_another_token(self):
        self.connect_harbor()
        self.run_sync()
        file = self.muster.project / "vendors" / CONNECTOR.name
        file.write_text(file.read_text().replace('"apps.read"', '"apps.write"'))
        self.muster.must("vendors", "approve", "harbor", "--yes")
        self.run_sync()
        self.assertEqual(len(self.token_calls()), 2)

    def test_a_vendor_that_never_takes_the_token(self):
        self.connect_harbor()
        self.run_sync()
        self.sim.fault("unauthorized", host=HOST, path="/v1/devices", times=0)
        for _ in range(3):
            self.run_sync(code=AUTH)
        self.assertEqual(len(self.token_calls()), 2)

    def test_failures_with_status_200(self):
        self.connect_harbor()
        self.change("set", failure_status=200)
        self.change("replace_secret", secret="another-secret")
        run = self.run_sync(code=AUTH)
        self.assertIn("invalid_client", run.said)

    def test_a_broken_token_server(self):
        self.connect_harbor()
        self.sim.fault("server_error", host=LOGIN, path="/oauth/token", times=1)
        self.run_sync()
        self.assertEqual(len(self.token_calls()), 2)

    def test_a_throttle_is_waited_for_by_nobody(self):
        self.connect_harbor()
        self.sim.fault("too_many_requests", host=LOGIN, path="/oauth/token", times=0)
        for _ in range(3):
            self.run_sync(code=5)
        self.assertEqual(len(self.token_calls()), 1)


class ClientInTheHeader(EveryWay, TokenCase):
    WAY = "basic"

    def test_what_is_asked(self):
        self.connect_harbor()
        self.run_sync()
        call, = self.token_calls()
        self.assertIn("authorization", call["headers"])
        self.assertNotIn("client_secret", call["body"])


class PasswordOfAPerson(EveryWay, TokenCase):
    WAY = "person"


class LoginCall(EveryWay, TokenCase):
    WAY = "login"
    TOKEN_CALL = (HOST, "/v1/login")

    def test_an_end_that_is_told_in_the_body(self):
        self.connect_harbor()
        self.change("set", expired=403)
        self.run_sync()
        self.change("end_tokens")
        self.run_sync()
        self.assert_true()
        self.assertEqual(len(self.token_calls()), 2)


class Consent(TokenCase):
    """A code that the vendor's console made, pasted: the way of machines without a browser."""

    WAY = "consent"

    def connect_with(self, code, exit_code=OK, verb="connect"):
        file = self.muster.secret_file(code, "code")
        extra = ("--secret-file", f"code={file}")
        if verb == "reconnect":
            secret = self.muster.secret_file(self.sim.token(HOST), "acme")
            run = self.muster.run("accounts", "reconnect", ACCOUNT, "--no-input",
                                  "--secret-file", f"secret={secret}", *extra)
        else:
            run = self.muster.connect_vendor(
                self.sim, "harbor", HOST, ("address", HOST), ("secret", None), extra=(
                    "--set", f"login={LOGIN}", "--set", "way=consent", "--connect-to",
                    f"{LOGIN}:443:127.0.0.1:{self.sim.port}", *extra))
        self.assertEqual(run.code, exit_code, run)
        return run

    def test_tokens_are_refreshed_and_rotate(self):
        run = self.connect_with(self.change("make_code")["code"])
        self.assertIn(f"https://{LOGIN}/oauth/auth?response_type=code&client_id=acme%3Aclient", run.err)
        self.assertIn("code_challenge_method=S256", run.err)
        for _ in range(3):
            self.run_sync()
            self.change("end_tokens")
        self.assert_true()
        asked = [entry["body"].partition("&")[0] for entry in self.token_calls()]
        self.assertEqual(asked, ["grant_type=authorization_code"] + ["grant_type=refresh_token"] * 2)

    def test_many_processes_use_a_refresh_token_once(self):
        self.connect_with(self.change("make_code")["code"])
        self.change("end_tokens")
        self.sim.clear_ledger()
        running = [self.muster.start("check", ACCOUNT) for _ in range(PROCESSES)]
        for process in running:
            out, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, OK, (out, err))
        self.assertEqual(len(self.token_calls()), 1)
        self.change("end_tokens")
        self.run_sync()

    def test_a_consent_that_was_withdrawn(self):
        self.connect_with(self.change("make_code")["code"])
        self.run_sync()
        self.change("withdraw")
        before = len(self.token_calls())
        for _ in range(3):
            self.run_sync(code=AUTH)
        self.assertEqual(len(self.token_calls()), before + 1)
        account = self.muster.account(ACCOUNT)
        self.assertEqual(account["state"], "needs-auth")
        self.connect_with(self.change("make_code")["code"], verb="reconnect")
        self.run_sync()
        self.assertEqual(self.muster.account(ACCOUNT)["id"], account["id"])
        self.assert_true()

    def begin_anew(self, **options):
        """Connected, and the next session needs a new token."""
        self.change("set", **options)
        self.connect_with(self.change("make_code")["code"])
        self.run_sync()
        self.change("end_tokens")
        self.sim.clear_ledger()

    def test_an_answer_that_was_lost(self):
        self.begin_anew(rotates=False)
        self.sim.fault("early_close", host=LOGIN, path="/oauth/token", times=1)
        self.run_sync()
        self.assertEqual(len(self.token_calls()), 2)

    def test_an_answer_that_was_lost_with_the_only_token(self):
        """The old token is tried once more; a strict server ends the family then. No call follows."""
        self.begin_anew()
        self.sim.fault("early_close", host=LOGIN, path="/oauth/token", times=1)
        for _ in range(3):
            self.run_sync(code=AUTH)
        used = {parameter for call in self.token_calls() for parameter in call["body"].split("&")
                if parameter.startswith("refresh_token=")}
        self.assertEqual((len(self.token_calls()), len(used)), (2, 1))
        self.assertEqual(self.muster.account(ACCOUNT)["state"], "needs-auth")

    def begun(self):
        """Somebody is asking for a token at this moment."""
        database = self.muster.project / ".muster" / "muster.db"
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
            return opened.execute("SELECT count(*) FROM tokens WHERE owner IS NOT NULL").fetchone()[0]

    def test_a_process_that_was_killed_while_it_asked(self):
        self.begin_anew(rotates=False)
        self.sim.fault("delay", host=LOGIN, path="/oauth/token", times=1, seconds=10)
        process = self.muster.start("check", ACCOUNT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        until = time.monotonic() + 60
        while not self.begun():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        self.run_sync()
        self.assert_true()
        self.assertFalse(self.begun())

    def test_codes_that_are_no_good(self):
        code = self.change("make_code")["code"]
        run = self.connect_with("co-unknown-code", exit_code=AUTH)
        self.assertNotIn("co-unknown-code", run.said)
        self.connect_with(code)
        self.connect_with(code, exit_code=AUTH)
        run = self.connect_with(f"http://127.0.0.1:8765/oauth/callback?code={code}&state=forged", exit_code=6)
        self.assertIn("does not belong to this attempt", run.err)

    def test_a_consent_that_would_end_is_refused(self):
        self.change("set", offline=False)
        run = self.connect_with(self.change("make_code")["code"], exit_code=AUTH)
        self.assertIn("no refresh token", run.err)
        self.assertEqual(self.muster.value("SELECT count(*) FROM accounts"), 0)

    def test_nothing_of_it_is_anywhere(self):
        code = self.change("make_code")["code"]
        self.connect_with(code)
        self.run_sync()
        canaries = [text.encode() for text in (code, *self.change("end_tokens")["tokens"])]
        self.assertTrue(any(text.startswith(b"rt-") for text in canaries))
        for file in (self.muster.folder / "project").rglob("*"):
            data = file.read_bytes() if file.is_file() else b""
            self.assertFalse([canary for canary in canaries if canary in data], file)
        for run in self.muster.runs:
            self.assertFalse([canary for canary in canaries if canary in run.said.encode()], run)


class ClockedMuster(Muster):
    """On a machine whose wall clock is off by `clock`."""

    clock = "+2d"  # the simulator's certificates are not older than today

    @property
    def environment(self):
        return super().environment | {"LD_PRELOAD": FAKETIME, "FAKETIME": self.clock,
                                      "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


class Clock(TokenCase):
    KIND = ClockedMuster

    def setUp(self):
        if FAKETIME is None or b"__asan_init" in pathlib.Path(BINARY).read_bytes():
            self.skipTest("libfaketime is not there, or not beside sanitizers")
        super().setUp()

    def test_a_clock_that_is_set_by_a_day_costs_one_renewal(self):
        self.connect_harbor()
        self.run_sync()
        for jumps, clock in enumerate(("+3d", "+2d", "+1d", "+2d"), start=1):
            self.muster.clock = clock
            for _ in range(3):
                self.run_sync()
            self.assertLessEqual(len(self.token_calls()), 1 + jumps, clock)
        self.assertGreater(len(self.token_calls()), 1, "nobody noticed another time")


if __name__ == "__main__":
    unittest.main()
