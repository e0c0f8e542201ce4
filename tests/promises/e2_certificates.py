"""E2: only a certificate that is good in every way is believed; a bad one is refused with the reason."""

import contextlib
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
from typing import Iterator, Optional

from e2e.harness import REPOSITORY, Muster
from promises.promise import Promise

GOOD = ("good", "wildcard")
# Listener of tests/faults: a part of the message. "plain" talks no TLS at all.
BAD = {
    "expired": "certificate has expired", "future": "not yet valid", "wrong-name": "api.vendor.test",
    "wide-wildcard": "api.vendor.test", "inner-wildcard": "api.vendor.test", "no-name": "no alternative name",
    "wrong-usage": "unsuitable certificate purpose", "small-key": "key too weak", "weak-digest": "digest",
    "unknown-authority": "unable to get local issuer", "self-signed": "self-signed certificate",
    "constrained": "permitted subtree violation", "nul-in-name": "api.vendor.test",
    "old-tls": "TLS handshake refused", "plain": "TLS handshake refused",
}
REFUSED_CODE = 5
CONNECTOR = """return {
  contract = 1, id = "tls", name = "TLS", version = "1",
  settings = { { id = "key", type = "secret", label = "key" } },
  bases = { api = "https://api.vendor.test" },
  auth = { kind = "bearer", token = "key" },
  check = { calls = { "GET api:/status/200" }, run = function(api)
    api:get("api:/status/200")
    return { tenant = "tls" }
  end },
  streams = { devices = { calls = { "GET api:/status/200" }, emits = { device = "primary" }, single = true,
    read = function(api) api:get("api:/status/200") end } },
  map = { device = { source_id = "id" } },
}
"""


@contextlib.contextmanager
def listeners(folder: pathlib.Path) -> Iterator[dict[str, int]]:
    """The ports of tests/faults/server.py, which ends with its standard input."""
    server = subprocess.Popen(
        [sys.executable, "-B", REPOSITORY / "tests" / "faults" / "server.py", folder], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        ports = {}
        for line in server.stdout:
            if line.strip() == "ready":
                break
            name, port = line.split()
            ports[name] = int(port)
        yield ports
    finally:
        server.communicate()


class Certificates(Promise):
    """The small size is the full one. No option turns verification off: the help has none that would."""

    id = "E2"
    title = "bad certificates refused, good ones accepted"
    faults = ("any-certificate", "any-name")

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-promise-"))
        try:
            with listeners(folder / "tls") as ports:
                yield from self.check_all(Muster(folder / "muster").init(), folder / "tls" / "ca.pem", ports)
        finally:
            shutil.rmtree(folder)

    def check_all(self, muster: Muster, ca_file: pathlib.Path, ports: dict[str, int]) -> Iterator[Optional[str]]:
        (muster.project / "vendors" / "tls.lua").write_text(CONNECTOR)
        muster.must("connect", "tls", "--account", "acme", "--secret-file",
                    f"key={muster.secret_file('not-a-secret')}", "--ca-file", str(ca_file), "--no-input",
                    "--connect-to", self.route(ports["good"]))
        for name in (*GOOD, *BAD):
            run = muster.run("accounts", "set", "tls/acme", "--connect-to", self.route(ports[name]))
            if name in GOOD:
                yield f"{name}: refused: {run.err[-300:]}" if run.code else None
            else:
                fine = run.code == REFUSED_CODE and BAD[name] in run.said
                yield None if fine else f"{name}: exit code {run.code}: {run.said.strip()[-300:]}"
        said = muster.run("help").out + muster.run("help", "connect").out
        yield "an option to trust anybody" if "insecure" in said or "verif" in said else None
        self.note = f"{len(BAD)} bad, {len(GOOD)} good"

    @staticmethod
    def route(port: int) -> str:
        return f"api.vendor.test:443:127.0.0.1:{port}"
