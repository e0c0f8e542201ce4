"""Simulator: a simulator as a process of its own, for tests.

    with Simulator([{"tenant": "acme", "devices": 50}]) as sim:
        host = "acme.api.kandji.io"
        sim.port, sim.ca_file, sim.token(host)
        sim.truth(host)["devices"]
        sim.change(host, "rename_device", name="New")
        sim.fault("too_many_requests", path="/api/v1/devices", page=2, retry_after=1)
        sim.ledger(host=host, path="/api/v1/devices")

As a program: python3 -m simulator.client DIR CALL ['{"host": ...}'] talks to a running one.
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any, Optional

TESTS = pathlib.Path(__file__).resolve().parent.parent
READY_S, STOP_S, CALL_S = 60, 15, 120


class SimulatorError(Exception):
    """The simulator refused a call, or did not start."""


def call(control: str, what: str, args: dict[str, Any]) -> Any:
    """One call over the control socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(CALL_S)
        sock.connect(control)
        sock.sendall(json.dumps({"call": what, "args": args}).encode() + b"\n")
        with sock.makefile("rb") as file:
            answer = json.loads(file.readline())
    if not answer["ok"]:
        raise SimulatorError(answer["error"])
    return answer["result"]


class Simulator:
    """Started on entry, stopped on exit; its folder goes with it."""

    def __init__(self, tenants: Optional[list[dict[str, Any]]] = None, keep_ids: bool = True):
        self.tenants = tenants or [{"tenant": "acme"}]
        self.keep_ids = keep_ids
        self.folder: Optional[pathlib.Path] = None
        self.process: Optional[subprocess.Popen] = None
        self.ready: dict[str, Any] = {}

    def __enter__(self) -> "Simulator":
        return self.start()

    def __exit__(self, *exception: Any) -> None:
        self.stop()

    def start(self) -> "Simulator":
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-sim-"))
        spec = self.folder / "spec.json"
        spec.write_text(json.dumps({"tenants": self.tenants, "keep_ids": self.keep_ids}))
        command = [sys.executable, "-m", "simulator", "--dir", str(self.folder),
                   "--spec", str(spec), "--follow-stdin"]
        with open(self.folder / "stderr.log", "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log,
                env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1"})
        self.ready = self._wait()
        return self

    def _wait(self) -> dict[str, Any]:
        path, end = self.folder / "ready.json", time.monotonic() + READY_S
        while not path.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                log = self.log()
                self.stop()
                raise SimulatorError(f"the simulator did not start:\n{log}")
            time.sleep(0.02)
        return json.loads(path.read_text())

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdin.close()
            self.process = None
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def log(self) -> str:
        """What the simulator wrote to stderr; a test should find nothing there."""
        return (self.folder / "stderr.log").read_text(errors="replace")

    @property
    def port(self) -> int:
        return self.ready["port"]

    @property
    def ca_file(self) -> str:
        return self.ready["ca_file"]

    def token(self, host: str) -> str:
        return self.ready["tenants"][host]["token"]

    def call(self, what: str, /, **args: Any) -> Any:
        return call(self.ready["control"], what, args)

    def truth(self, host: str, **options: Any) -> dict[str, list[dict]]:
        return self.call("truth", host=host, **options)

    def counts(self, host: str, **options: Any) -> dict[str, int]:
        return self.call("counts", host=host, **options)

    def change(self, host: str, op: str, **args: Any) -> dict[str, Any]:
        return self.call("change", host=host, op=op, **args)

    def ledger(self, since: int = 0, **wanted: Any) -> list[dict[str, Any]]:
        return self.call("ledger", since=since, **wanted)

    def clear_ledger(self) -> None:
        self.call("clear_ledger")

    def fault(self, name: str, **arguments: Any) -> int:
        return self.call("fault", name=name, **arguments)

    def faults(self) -> list[dict[str, Any]]:
        return self.call("faults")

    def clear_faults(self) -> None:
        self.call("clear_faults")


def main(arguments: list[str]) -> int:
    if len(arguments) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    ready = json.loads((pathlib.Path(arguments[0]) / "ready.json").read_text())
    args = json.loads(arguments[2]) if len(arguments) == 3 else {}
    try:
        print(json.dumps(call(ready["control"], arguments[1], args), indent=1))
    except SimulatorError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
