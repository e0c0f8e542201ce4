"""What newcomers do wrong: host/README.md shows what muster says then, and it says exactly that."""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import threading
import unittest

from faults.certificates import Authority, join
from harness import ACCOUNT, BINARY, E2eCase, HOST, REPOSITORY, Run
from simulator.pki import new_key

NO_PERMISSION, ALL = ["Applications"], ["Device list", "Applications"]
IS_ROOT = os.geteuid() == 0 and shutil.which("unshare") is not None


def documented():
    """Mistake -> (exit code, message, hint), of the table."""
    text = (REPOSITORY / "host" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|`]+) \| (\d+) \| `([^|]+)` \| `([^|]+)` \|$", text, re.M)
    return {title: (int(code), message, hint) for title, code, message, hint in rows}


class Mistakes(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 8, "apps_per_device": 2}]

    def plain(self, text):
        """Without what differs from run to run and from machine to machine."""
        for pattern, word in ((re.escape(str(self.muster.project)), "~/inventory"),
                              (rf"{re.escape(str(self.muster.folder))}/state/muster/\w+\.key",
                               "~/.local/state/muster/ID.key"),
                              (re.escape(str(self.muster.folder)) + "/", ""),
                              (r"(HTTP 4\d\d)(?!\)).*", r"\1"),  # the vendor's words, in many shapes
                              (r"\S+:\d+ since \S+Z", "HOST:PID since TIME"),
                              (r"after \d+ ms", "after 0 ms")):
            text = re.sub(pattern, word, text)
        return text

    def says(self, title, run):
        code, message, hint = documented()[title]
        text = self.plain(run.err)
        lines = [line for line in text.splitlines() if line.startswith(("muster: ", "  hint: "))]
        self.assertEqual((run.code, lines), (code, [f"muster: {message}", f"  hint: {hint}"]), run)

    def outside(self, *words):
        done = subprocess.run([BINARY, *words], cwd=self.muster.folder, capture_output=True,
                              text=True, check=False, env=self.muster.environment)
        return Run(list(words), done)

    def connect_by(self, port, *extra):
        return self.muster.run(
            "connect", "kandji", "--account", "acme", "--set", f"api_url={HOST}", "--secret-file",
            f"api_token={self.muster.secret_file('x' * 36)}", "--connect-to",
            f"{HOST}:443:127.0.0.1:{port}", "--no-input", *extra)

    # --- the command line ---

    def test_no_project(self):
        self.says("no project", self.outside("status"))

    def test_typos(self):
        self.says("a typo in a verb", self.muster.run("snyc"))
        self.says("a typo in a flag", self.muster.run("sync", "--drry-run"))

    def test_unknown_account(self):
        self.connect()
        self.says("an account that is not there", self.muster.run("sync", "kandji/acne"))

    def test_secret_on_the_command_line(self):
        self.says("a secret on the command line",
                  self.muster.run("connect", "kandji", "--set", "api_token=abc"))

    # --- the way to the vendor ---

    def test_wrong_url(self):
        self.says("a wrong URL", self.muster.connect_kandji(
            self.sim, host="acmee.api.kandji.io", token="x" * 36))

    def test_a_host_that_is_not_the_vendors(self):
        self.says("a URL of somebody else", self.muster.connect_kandji(
            self.sim, url="https://acme.example.com"))

    def test_wrong_token(self):
        self.says("a wrong token", self.muster.connect_kandji(self.sim, token="x" * 36))

    def test_missing_permission(self):
        self.sim.change(HOST, "set_permissions", permissions=NO_PERMISSION)
        self.addCleanup(self.sim.change, HOST, "set_permissions", permissions=ALL)
        self.says("a token without a permission", self.muster.connect_kandji(self.sim))

    def test_revoked_token(self):
        self.connect()
        self.sim.change(HOST, "replace_token")
        self.addCleanup(self.sim.change, HOST, "replace_token", token=self.sim.token(HOST))
        self.says("a token that was revoked", self.muster.run("sync", ACCOUNT))

    def test_ca_files(self):
        self.says("a CA file that is not there", self.connect_by(1, "--ca-file", "ca.pem"))
        (self.muster.folder / "junk.pem").write_text("junk")
        self.says("a CA file that is none", self.connect_by(
            self.sim.port, "--ca-file", str(self.muster.folder / "junk.pem")))

    def test_an_authority_of_ones_own(self):
        self.says("an unknown authority", self.connect_by(self.sim.port))

    @contextlib.contextmanager
    def server_with(self, pem):
        """Shakes hands until the client goes away."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    with contextlib.suppress(OSError), peer:
                        context.wrap_socket(peer, server_side=True).close()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join()

    def test_an_expired_certificate_or_a_wrong_clock(self):
        authority = Authority(self.muster.folder / "ca")
        leaf = self.muster.folder / "ca" / "expired"
        new_key(leaf.with_suffix(".key"))
        authority.sign(leaf, names=[HOST], start="20200101000000Z", end="20200201000000Z")
        join(leaf)
        with self.server_with(leaf.with_suffix(".pem")) as port:
            self.says("a wrong clock, or an expired certificate", self.connect_by(
                port, "--ca-file", str(authority.certificate)))

    def test_proxies(self):
        self.says("a proxy without its scheme", self.muster.connect_kandji(
            self.sim, extra=["--proxy", "proxy.acme.example:3128"]))
        self.says("a proxy that is not there", self.muster.connect_kandji(
            self.sim, extra=["--proxy", "http://127.0.0.1:1"]))

    # --- scripts ---

    def overlay(self, text):
        (self.muster.project / "mappings" / "kandji.lua").write_text(text)

    def test_overlays(self):
        self.connect()
        self.overlay('return { map = { device = { serial_numbr = "x" } } }\n')
        self.says("a typo in an overlay", self.muster.run("sync", ACCOUNT))
        self.overlay('return { map = { device = { name = "x" }\n')
        self.says("a bracket missing in an overlay", self.muster.run("sync", ACCOUNT))

    def test_a_lua_error(self):
        self.connect()
        text = (REPOSITORY / "scripts" / "vendors" / "kandji.lua").read_text(encoding="utf-8")
        before, after = text.split("local function read_devices(api, out)\n", 1)
        line = before.count("\n") + 2
        (self.muster.project / "vendors" / "kandji.lua").write_text(
            before + "local function read_devices(api, out)\n  local x = nil + 1\n" + after)
        run = self.muster.run("sync", ACCOUNT)
        run.err = run.err.replace(f"kandji.lua:{line}:", "kandji.lua:LINE:")
        self.says("an error in a connector", run)

    # --- the project ---

    def key(self):
        key, = (self.muster.folder / "state" / "muster").glob("*.key")
        return key

    def test_keys(self):
        self.connect()
        os.chmod(self.key(), 0o644)
        self.says("a key that others can read", self.muster.run("sync", ACCOUNT))
        os.chmod(self.key(), 0o600)
        self.key().write_text("0" * 64 + "\n")
        self.says("a wrong key", self.muster.run("sync", ACCOUNT))
        self.key().unlink()
        self.says("a lost key", self.muster.run("sync", ACCOUNT))

    def test_an_open_project(self):
        os.chmod(self.muster.project / ".muster", 0o755)
        self.says("a project that others can read", self.muster.run("status"))

    def test_a_second_sync_at_once(self):
        self.connect()
        self.sim.fault("stall", path="/api/v1/devices", times=1, seconds=2)
        first = self.muster.start("sync", ACCOUNT)
        self.wait_for(lambda: self.muster.value(
            "SELECT count(*) FROM sessions WHERE outcome = 'running'"))
        self.says("a second sync at once", self.muster.run("sync", ACCOUNT))
        first.communicate()

    def elsewhere(self, mount, words):
        """A run in mounts of its own."""
        done = subprocess.run(["unshare", "-m", "sh", "-ec", mount + '; exec "$@"', "sh", *words],
                              capture_output=True, text=True, check=False,
                              env=self.muster.environment, cwd=self.muster.folder)
        return Run(words, done)

    @unittest.skipUnless(IS_ROOT, "mounts need root")
    def test_a_read_only_project(self):
        project = self.muster.project
        self.says("a read-only project", self.elsewhere(
            f"mount --bind '{project}' '{project}'; mount -o remount,ro,bind '{project}'",
            self.muster.command("status")))

    @unittest.skipUnless(IS_ROOT, "mounts need root")
    def test_a_full_disk(self):
        self.connect()
        database = self.muster.project / ".muster"
        copy = self.muster.folder / "copy"
        shutil.copytree(database, copy)
        size = sum(path.stat().st_size for path in copy.iterdir() if path.is_file())
        run = self.elsewhere(
            f"mount -t tmpfs -o mode=700,size={size // 1024 + 40}k tmpfs '{database}'; "
            f"cp -a '{copy}/muster.db' '{database}/'", self.muster.command("sync", ACCOUNT))
        run.err = re.sub(r"\(\d+ bytes free\)", "(N bytes free)", run.err)
        self.says("a full disk", run)


class Table(unittest.TestCase):
    def test_every_row_is_tried(self):
        text = pathlib.Path(__file__).read_text(encoding="utf-8")
        rows = documented()
        self.assertGreaterEqual(len(rows), 15)
        for title in rows:
            self.assertIn(f'self.says("{title}"', text)


if __name__ == "__main__":
    unittest.main()
