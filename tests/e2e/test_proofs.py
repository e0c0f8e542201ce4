"""Vendors to whom a key proves who sends a request: tokens that the host signs itself, assertions that it
exchanges, signatures over each request, client certificates. The vendor is made up (simulator/quay,
vendors/quay.lua); it checks with Python's ssl and hmac, and with the openssl program.
"""

import pathlib
import shutil
import subprocess
import unittest

from harness import E2eCase

HOST, LOGIN, FILES, ACCOUNT = "acme.quay.example", "acme-login.quay.example", "acme-files.quay.example", "quay/acme"
CONNECTOR = pathlib.Path(__file__).parent / "vendors" / "quay.lua"
AUTH, CONFIG, OK = 4, 6, 0
BORNE = {"authorization", "x-key-id", "x-signature", "x-timestamp", "x-nonce"}


def new_key(kind="rsa"):
    options = {"rsa": ("RSA", "rsa_keygen_bits:2048"), "ec": ("EC", "ec_paramgen_curve:P-256")}[kind]
    return subprocess.run(["openssl", "genpkey", "-algorithm", options[0], "-pkeyopt", options[1]],
                          capture_output=True, text=True, check=True).stdout


class ProofCase(E2eCase):
    TENANTS = []
    WAY = "RS256"
    PROOF = None  # the same unless said

    def setUp(self):
        self.sim = type(self.sim)([{"vendor": "quay", "proof": self.PROOF or self.WAY}])
        self.sim.start()
        self.addCleanup(self.sim.stop)
        super().setUp()
        shutil.copyfile(CONNECTOR, self.muster.project / "vendors" / CONNECTOR.name)
        self.secrets = self.right_secrets()

    def right_secrets(self):
        return {"key": self.sim.ready["tenants"][HOST]["keys"][self.WAY]}

    def wrong_secrets(self):
        return {"key": new_key("ec" if self.WAY == "ES256" else "rsa")}

    def connect_quay(self, code=OK, **secrets):
        given = self.secrets | secrets
        extra = [word for name, text in given.items() if name != "key"
                 for word in ("--secret-file", f"{name}={self.muster.secret_file(text, name)}")]
        routes = [word for host in (LOGIN, FILES)
                  for word in ("--connect-to", f"{host}:443:127.0.0.1:{self.sim.port}")]
        run = self.muster.connect_vendor(
            self.sim, "quay", HOST, ("address", HOST), ("key", given["key"]), extra=(
                "--set", f"login={LOGIN}", "--set", f"files={FILES}", "--set", f"way={self.WAY}",
                *routes, *extra))
        self.assertEqual(run.code, code, run)
        return run

    def connected(self):
        self.connect_quay()
        self.sim.clear_ledger()

    def run_sync(self, code=OK):
        return self.sync(account=ACCOUNT, code=code)

    def change(self, op, **args):
        return self.sim.change(HOST, op, **args)

    def seen(self):
        return self.change("tell_seen")["seen"]

    def assert_true(self):
        for entity, rows in self.sim.truth(HOST).items():
            self.assertEqual({(row["source_id"], row["name"]) for row in self.muster.rows(entity, ACCOUNT)},
                             {(row["source_id"], row["name"]) for row in rows}, entity)

    def asked(self, path, host=HOST):
        return [entry for entry in self.sim.ledger() if (entry["host"], entry["path"]) == (host, path)]

    def canaries(self):
        """What must be found nowhere: the keys, without the lines around them."""
        return [line for text in self.secrets.values() for line in text.split("\n")
                if len(line) > 20 and not line.startswith("-----")]

    def assert_nowhere(self, canaries):
        encoded = [text.encode() for text in canaries]
        self.assertTrue(encoded)
        for file in (self.muster.folder / "project").rglob("*"):
            data = file.read_bytes() if file.is_file() else b""
            self.assertFalse([text for text in encoded if text in data], file)
        for run in self.muster.runs:
            self.assertFalse([text for text in encoded if text in run.said.encode()], run)


class EveryProof:
    """What holds for each way to prove who one is."""

    def test_all_is_read(self):
        self.connected()
        self.run_sync()
        self.assert_true()
        self.assertEqual(self.muster.account(ACCOUNT)["state"], "ok")
        self.assertEqual(self.muster.must("check", ACCOUNT).code, OK)

    def test_some_calls_go_without_it(self):
        """The vendor refuses pings and notices that bear anything."""
        self.connect_quay()
        for path, host, count in (("/v1/ping", HOST, 2), ("/notice", FILES, 1)):
            asked = self.asked(path, host)
            self.assertEqual([entry["status"] for entry in asked], [200] * count)
            self.assertFalse(BORNE & {name for entry in asked for name in entry["headers"]})

    def test_the_key_of_somebody_else(self):
        run = self.connect_quay(code=AUTH, **self.wrong_secrets())
        self.assertEqual(self.muster.value("SELECT count(*) FROM accounts"), 0)
        self.assertNotIn("BEGIN", run.said)

    def test_what_is_no_key_is_named_before_anything_is_sent(self):
        run = self.connect_quay(code=AUTH, key="hunter2-hunter2")
        self.assertIn("key: no private key in PEM form", run.err)
        self.assertIn("-----BEGIN PRIVATE KEY-----", run.err)
        self.assertNotIn("hunter2-hunter2", run.said)
        self.assertEqual(self.sim.ledger(), [])

    def test_a_redirect_is_not_followed(self):
        self.connected()
        self.sim.fault("redirect", host=HOST, path="/v1/devices", times=0, to=f"https://{FILES}/notice")
        self.run_sync(code=None)
        self.assertEqual(self.asked("/notice", FILES), [])

    def test_what_was_lost_is_asked_again(self):
        self.connected()
        self.sim.fault("server_error", host=HOST, path="/v1/devices", page=1, times=1)
        self.run_sync()
        self.assert_true()

    def test_a_key_that_was_replaced(self):
        self.connected()
        self.run_sync()
        secrets = self.wrong_secrets()
        words = [word for name, text in secrets.items()
                 for word in ("--secret-file", f"{name}={self.muster.secret_file(text, name)}")]
        run = self.muster.run("accounts", "reconnect", ACCOUNT, "--no-input", *words)
        self.assertEqual(run.code, AUTH, run)
        self.run_sync()

    def test_the_key_is_nowhere(self):
        self.connected()
        self.run_sync()
        self.assert_nowhere(self.canaries())


class SignedToken(EveryProof):
    """The token is a JSON Web Token of the host's own."""

    def test_one_token_serves_a_session(self):
        self.connected()
        before = set(self.seen())
        self.run_sync()
        new = {key: count for key, count in self.seen().items() if key not in before}
        self.assertEqual(len(new), 1)
        self.assertGreater(*new.values(), 3)

    def test_a_token_that_is_taken_no_more_is_made_anew(self):
        self.connected()
        self.sim.fault("change_after", host=HOST, path="/v1/devices", page=2, op="end_tokens")
        self.run_sync()
        self.assert_true()

    def test_one_that_never_worked_is_not_made_anew(self):
        self.connected()
        self.change("set", proof="hmac")
        self.run_sync(code=AUTH)
        self.assertEqual(self.muster.account(ACCOUNT)["state"], "needs-auth")
        self.assertEqual(len(self.asked("/v1/devices")), 1)

    def test_clocks_that_differ_are_told(self):
        self.connected()
        for clock_s, words in ((-7200, "s ahead of the vendor's"), (7200, "s behind the vendor's")):
            self.change("set", clock_s=clock_s)
            run = self.muster.run("check", ACCOUNT)
            self.assertEqual(run.code, AUTH, run)
            self.assertIn(words, run.err)

    def test_a_clock_that_is_a_little_behind_is_no_matter(self):
        self.connected()
        self.change("set", clock_s=-20)
        self.run_sync()


class Rs256(SignedToken, ProofCase):
    def test_a_key_of_another_type(self):
        run = self.connect_quay(code=AUTH, key=new_key("ec"))
        self.assertIn("key: the private key is of type EC: RS256 needs RSA", run.err)


class Es256(SignedToken, ProofCase):
    WAY = "ES256"


class Hs256(SignedToken, ProofCase):
    WAY = "HS256"

    def wrong_secrets(self):
        return {"key": "another-shared-key"}

    def test_what_is_no_key_is_named_before_anything_is_sent(self):
        """Any text is a key."""


class LongerDigests(ProofCase):
    def test_they_are_taken(self):
        for way in ("RS384", "RS512"):
            with self.subTest(way):
                self.change("set", proof=way)
                self.WAY = way
                self.muster = self.new_project()
                shutil.copyfile(CONNECTOR, self.muster.project / "vendors" / CONNECTOR.name)
                self.connect_quay()


class Grant(EveryProof, ProofCase):
    """An assertion is exchanged for a token, which all sessions share."""

    WAY, PROOF = "grant", "token"

    def right_secrets(self):
        return {"key": self.sim.ready["tenants"][HOST]["keys"]["RS256"]}

    def test_one_token_serves_many_sessions(self):
        self.connected()
        for _ in range(3):
            self.run_sync()
        self.assertEqual(len(self.asked("/oauth/token", LOGIN)), 1)

    def test_a_token_that_ended_is_renewed_once(self):
        self.connected()
        self.run_sync()
        self.change("end_tokens")
        self.run_sync()
        self.assert_true()
        self.assertEqual(len(self.asked("/oauth/token", LOGIN)), 2)

    def test_each_assertion_is_another_one(self):
        """Also after an answer that was lost."""
        self.connected()
        self.sim.fault("server_error", host=LOGIN, path="/oauth/token", times=1)
        self.run_sync()
        bodies = [entry["body"] for entry in self.asked("/oauth/token", LOGIN)]
        self.assertEqual((len(bodies), len(set(bodies))), (2, 2))

    def test_another_key_asks_for_another_token(self):
        self.connected()
        self.run_sync()
        file = self.muster.project / "vendors" / CONNECTOR.name
        file.write_text(file.read_text().replace('aud = "{token}" }', 'aud = "{token}", level = 3 }'))
        self.muster.must("vendors", "approve", "quay", "--yes")
        self.run_sync()
        self.assertEqual(len(self.asked("/oauth/token", LOGIN)), 2)

    def test_tokens_and_assertions_are_nowhere(self):
        self.connected()
        self.run_sync()
        assertions = [part.partition("=")[2] for entry in self.asked("/oauth/token", LOGIN)
                      for part in entry["body"].split("&") if part.startswith("assertion=")]
        self.assert_nowhere(assertions + self.change("end_tokens")["tokens"])


class Hmac(EveryProof, ProofCase):
    WAY = "hmac"

    def right_secrets(self):
        return {"key": self.sim.token(HOST)}

    def wrong_secrets(self):
        return {"key": "another-shared-key"}

    def test_what_is_no_key_is_named_before_anything_is_sent(self):
        """Any text is a key."""

    def test_each_attempt_is_signed_anew(self):
        """The vendor takes no nonce twice: not for a repeated request, not for the next page."""
        self.connected()
        before = set(self.seen())
        self.sim.fault("server_error", host=HOST, path="/v1/devices", page=1, times=1)
        self.run_sync()
        signed = len(self.asked("/v1/devices")) + len(self.asked("/v1/groups/search"))
        self.assertEqual(len(set(self.seen()) - before), signed - 1)  # the fault looked at nothing
        nonces = [entry["headers"]["x-nonce"] for entry in self.asked("/v1/devices")]
        self.assertEqual(len(nonces), len(set(nonces)))

    def test_clocks_that_differ_are_told(self):
        self.connected()
        self.change("set", clock_s=-7200)
        run = self.muster.run("check", ACCOUNT)
        self.assertEqual(run.code, AUTH, run)
        self.assertIn("s ahead of the vendor's", run.err)

    def test_a_refused_signature_is_not_tried_again(self):
        self.connected()
        self.change("set", window_s=-1)
        self.run_sync(code=AUTH)
        self.assertEqual(self.muster.account(ACCOUNT)["state"], "needs-auth")
        self.assertEqual(len(self.asked("/v1/devices")), 1)


class Certificate(EveryProof, ProofCase):
    WAY = "mtls"

    def right_secrets(self):
        made = self.change("make_certificate")
        return {"key": made["key"], "certificate": made["certificate"]}

    def wrong_secrets(self):
        """Signed by nobody whom the vendor knows."""
        key = self.muster.secret_file(new_key("ec"), "strange")
        certificate = subprocess.run(
            ["openssl", "req", "-x509", "-new", "-key", str(key), "-subj", "/CN=stranger", "-days", "2"],
            capture_output=True, text=True, check=True).stdout
        return {"key": key.read_text(), "certificate": certificate}

    def test_a_refused_certificate_is_told_and_not_tried_again(self):
        run = self.connect_quay(code=AUTH, **self.wrong_secrets())
        self.assertIn("the vendor refuses the client certificate: unknown ca", run.err)
        self.assertEqual(len(self.asked("/v1/devices")), 0)

    def test_a_certificate_of_another_key(self):
        other = self.change("make_certificate")
        run = self.connect_quay(code=AUTH, certificate=other["certificate"])
        self.assertIn("certificate: the certificate does not belong to the private key", run.err)
        self.assertEqual(self.sim.ledger(), [])

    def test_what_is_no_certificate(self):
        run = self.connect_quay(code=AUTH, certificate=self.secrets["key"])
        self.assertIn("certificate: no certificate in PEM form", run.err)

    def test_a_certificate_that_has_ended(self):
        run = self.connect_quay(code=AUTH, **{
            name: text for name, text in self.change("make_certificate", days=-1).items() if name != "name"})
        self.assertIn("certificate: the certificate has ended", run.err)
        self.assertEqual(self.sim.ledger(), [])


class Script(E2eCase):
    """A script signs by itself, with the handle of a secret (vendors/pier.lua)."""

    TENANTS = [{"vendor": "quay"}]
    PIER = "pier/acme"

    def setUp(self):
        super().setUp()
        shutil.copyfile(CONNECTOR.with_name("pier.lua"), self.muster.project / "vendors" / "pier.lua")

    def connect_pier(self, key, *extra):
        other = self.muster.secret_file("another-secret", "other")
        run = self.muster.connect_vendor(
            self.sim, "pier", HOST, ("address", HOST), ("key", key),
            extra=("--secret-file", f"other={other}", "-v", *extra))
        self.assertEqual(run.code, OK, run)
        return run

    def assert_read(self, key):
        self.sync(account=self.PIER)
        self.assertEqual(len(self.muster.rows("devices", self.PIER)), len(self.sim.truth(HOST)["devices"]))
        lines = [line.encode() for line in key.split("\n") if len(line) > 20 and "-----" not in line]
        for file in (self.muster.folder / "project").rglob("*"):
            data = file.read_bytes() if file.is_file() else b""
            self.assertFalse([line for line in lines if line in data], file)

    def test_a_token(self):
        key = self.sim.ready["tenants"][HOST]["keys"]["RS256"]
        self.sim.change(HOST, "set", proof="RS256")
        run = self.connect_pier(key, "--log-level", "debug")
        self.assertIn("signs with <secret:key>", run.err)
        self.assert_read(key)

    def test_a_signature(self):
        self.sim.change(HOST, "set", proof="hmac")
        self.connect_pier(self.sim.token(HOST), "--set", "way=signature")
        self.assert_read(self.sim.token(HOST))

    def test_only_secrets_that_are_declared_for_it(self):
        self.connect_pier(self.sim.token(HOST), "--set", "way=signature", "--set", "secret=other")
        run = self.sync(account=self.PIER, code=None)
        self.assertIn("is no secret that is declared with signs = true", run.said)
        self.assertIn("have the connector approved", run.said)

    def test_what_signs_is_approved(self):
        key = self.sim.ready["tenants"][HOST]["keys"]["RS256"]
        self.connect_pier(key)
        file = self.muster.project / "vendors" / "pier.lua"
        file.write_text(file.read_text().replace('label = "Other",', 'label = "Other", signs = true,'))
        run = self.sync(account=self.PIER, code=CONFIG)
        self.assertIn("sign with other", run.said)


if __name__ == "__main__":
    unittest.main()
