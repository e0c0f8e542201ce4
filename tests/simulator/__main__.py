"""python3 -m simulator --dir DIR [--tenant acme[@eu]]... [options]

Serves vendors' APIs over TLS on 127.0.0.1 until SIGTERM. DIR/ready.json appears when it is ready
and tells the port, the CA file, the tenants with their tokens, and the control socket.
"""

import argparse
import json
import os
import pathlib
import signal
import sys
import threading
from typing import Any

from . import faults
from .control import ControlServer
from .server import Server
from .vendor import VENDORS, Service, open_tenant


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__.split("\n\n")[1])
    add = parser.add_argument
    add("--dir", type=pathlib.Path, help="folder for ready.json, certificates and the ledger")
    add("--vendor", default="kandji", choices=VENDORS)
    add("--tenant", action="append", metavar="NAME[@REGION]", help="may be repeated")
    add("--devices", type=int, default=50)
    add("--apps-per-device", type=int, default=20)
    add("--seed", type=int, default=1)
    add("--plain", action="store_true", help="without awkward rows")
    add("--port", type=int, default=0, help="0: any free one")
    add("--spec", type=pathlib.Path, help='{"tenants": [{"vendor": ..., "tenant": ...}, ...]}')
    add("--har", type=pathlib.Path, help="serve the vendor's sample responses from this file")
    add("--no-ids", action="store_true", help="keep no row ids in the ledger (large tenants)")
    add("--follow-stdin", action="store_true", help="end when stdin is closed")
    add("--list-faults", action="store_true", help="print the table of faults and end")
    parsed = parser.parse_args(arguments)
    if not parsed.list_faults and parsed.dir is None:
        parser.error("--dir is needed")
    return parsed


def specs_of(parsed: argparse.Namespace) -> list[dict[str, Any]]:
    """One spec a tenant: from the file, the HAR, or the options."""
    if parsed.spec:
        return json.loads(parsed.spec.read_text())["tenants"]
    if parsed.har:
        names = parsed.tenant or ["accuhive"]
        return [{"vendor": parsed.vendor, "har": str(parsed.har), "tenant": name}
                for name in names]
    specs = []
    for number, text in enumerate(parsed.tenant or ["acme"]):
        name, _, region = text.partition("@")
        spec = {"vendor": parsed.vendor, "tenant": name, "devices": parsed.devices,
                "apps_per_device": parsed.apps_per_device, "seed": parsed.seed + number,
                "plain": parsed.plain}
        specs.append(spec | {"region": region} if region else spec)
    return specs


def keeps_ids(parsed: argparse.Namespace) -> bool:
    if parsed.spec:
        return json.loads(parsed.spec.read_text()).get("keep_ids", True)
    return not parsed.no_ids


def open_tenants(specs: list[dict[str, Any]]) -> list[Service]:
    return [open_tenant(spec.get("vendor", "kandji"),
                        {key: value for key, value in spec.items() if key != "vendor"})
            for spec in specs]


def write_ready(folder: pathlib.Path, server: Server, control: pathlib.Path) -> None:
    """Appears whole or not at all; readable by the owner only, for it holds the tokens."""
    tenants = {host: service.describe() for host, service in server.services.items()}
    ready = {"port": server.port, "ca_file": str(server.ca_file), "pid": os.getpid(),
             "control": str(control), "ledger": str(folder / "ledger.ndjson"), "tenants": tenants}
    part = folder / "ready.json.part"
    part.touch(0o600)
    part.write_text(json.dumps(ready, indent=1) + "\n")
    part.rename(folder / "ready.json")


def end_with_stdin(ended: threading.Event) -> None:
    def follow() -> None:
        while os.read(0, 4096):
            pass
        ended.set()
    threading.Thread(target=follow, daemon=True).start()


def prepare(folder: pathlib.Path) -> pathlib.Path:
    """The run's folder, absolute, private, without the last run's ready.json."""
    folder = folder.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "ready.json").unlink(missing_ok=True)
    return folder


def serve(folder: pathlib.Path, server: Server, ended: threading.Event) -> None:
    server.start()
    control = ControlServer(folder / "control.sock", server)
    write_ready(folder, server, folder / "control.sock")
    ended.wait()
    control.shutdown()
    server.stop()


def main(arguments: list[str]) -> int:
    parsed = parse_arguments(arguments)
    if parsed.list_faults:
        print(faults.table(), end="")
        return 0
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if parsed.follow_stdin:
        end_with_stdin(ended)
    try:
        services = open_tenants(specs_of(parsed))
        folder = prepare(parsed.dir)
    except (OSError, ValueError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    serve(folder, Server(folder, services, parsed.port, keeps_ids(parsed)), ended)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
