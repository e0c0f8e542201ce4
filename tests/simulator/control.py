"""Control of a running simulator: one JSON line in, one JSON line out, over a Unix socket.

{"call": "change", "args": {"host": "acme.api.kandji.io", "op": "rename_device"}}
{"ok": true, "result": {...}}   or   {"ok": false, "error": "..."}
"""

import json
import pathlib
import socketserver
import threading
from typing import Any, Callable

from .faults import FaultError
from .server import Server
from .vendor import Service, SpecError


class Control:
    """What tests may ask of a server; every public method is a call."""

    def __init__(self, server: Server):
        self.server = server

    def service(self, host: str) -> Service:
        if host not in self.server.services:
            raise SpecError(f"no tenant at {host}")
        return self.server.services[host]

    def truth(self, host: str, **options: Any) -> dict[str, list[dict]]:
        return self.service(host).truth(**options)

    def counts(self, host: str, **options: Any) -> dict[str, int]:
        """How many rows the truth has; for tenants whose truth is too long to hand over."""
        return {entity: len(found) for entity, found in self.truth(host, **options).items()}

    def change(self, host: str, op: str, **args: Any) -> dict[str, Any]:
        return self.service(host).change(op, **args)

    def ledger(self, since: int = 0, **wanted: Any) -> list[dict[str, Any]]:
        return self.server.ledger.read(since, **wanted)

    def handshake_errors(self) -> list[str]:
        return list(self.server.ledger.handshake_errors)

    def clear_ledger(self) -> None:
        self.server.ledger.clear()

    def fault(self, name: str, **arguments: Any) -> int:
        return self.server.faults.add(name, **arguments)

    def faults(self) -> list[dict[str, Any]]:
        return self.server.faults.describe()

    def clear_faults(self) -> None:
        self.server.faults.clear()

    def call(self, name: str, args: dict[str, Any]) -> Any:
        if name.startswith("_") or name in ("call", "service") or not hasattr(type(self), name):
            raise SpecError(f"unknown call {name!r}")
        return getattr(self, name)(**args)


class ControlHandler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        call: Callable[..., Any] = self.server.control.call
        for line in self.rfile:
            try:
                asked = json.loads(line)
                answer = {"ok": True, "result": call(asked["call"], asked.get("args", {}))}
            except (SpecError, FaultError, TypeError, ValueError, KeyError) as error:
                answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
            self.wfile.write(json.dumps(answer).encode() + b"\n")


class ControlServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, path: pathlib.Path, server: Server):
        path.unlink(missing_ok=True)
        super().__init__(str(path), ControlHandler)
        path.chmod(0o600)
        self.control = Control(server)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
