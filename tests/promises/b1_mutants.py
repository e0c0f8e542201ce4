"""B1: whatever a vendor's answers look like, a session ends as a success, with records set aside, or with
an error that has a name; nobody crashes, nothing that the answers still show is removed, and no id is
stored that no answer held.

Pages of the simulator and, where they are at hand, the vendor's own samples are mutated (mutants.py) or
bent on the wire, and served over TLS to accounts that are synced together, host and sandboxes with
sanitizers. At the end, without mutations, every store has the truth again.
"""

import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import tempfile
from typing import Any, Iterator, Optional

from e2e.fault_case import APPS, DEVICES, Keys, Trial
from e2e.harness import DirectMuster, REPOSITORY, all_differences
from promises.mutants import mutated
from promises.promise import Promise
from promises.syncing import first_of
from simulator.exchange import Reply, Request
from simulator.server import Server
from simulator.vendor import Service, open_tenant

HAR = pathlib.Path(os.environ.get(
    "MUSTER_SAMPLES_HAR", REPOSITORY.parent / "shared/recordings/kandji-vendor-samples.har"))
ACCOUNTS, OF_SAMPLES = 20, 4
# What is bent on the wire instead, once: the next attempt gets past it.
WIRE = (("wrong_content_length", {"delta": -9}), ("wrong_content_length", {"delta": 9}),
        ("wrong_content_type", {"value": "text/html"}), ("wrong_content_type", {"value": ""}),
        ("unknown_content_encoding", {}), ("corrupt_gzip", {}), ("utf16", {}), ("byte_order_mark", {}),
        ("chunked", {}), ("cut_body", {"after": 99}), ("not_http", {}), ("bad_header", {}))
WIRE_SHARE = 0.1
OUTCOMES = ("ok", "partial", "failed", "held", "degraded")
CODES = (0, 1, 3, 5)
NAMED = ("data", "remote", "over_limit", "net", "timeout", "throttled")  # kinds of what is wrong there
TIMEOUT_S = 300


class Mutated(Service):
    """A service whose listings are mutated while `draw` is there; remembers what it served."""

    def __init__(self, inner: Service):
        self.inner, self.hosts, self.describe = inner, inner.hosts, inner.describe
        self.draw: Optional[random.Random] = None
        self.served: list[tuple[str, bytes, str]] = []  # path, body, what was done to it

    def locate(self, request: Request) -> Optional[int]:
        return self.inner.locate(request)

    def truth(self, **options: Any) -> dict[str, list[dict]]:
        return self.inner.truth(**options)

    def handle(self, request: Request) -> Reply:
        reply = self.inner.handle(request)
        if reply.status == 200:
            reply.encode()
            names = "bent on the wire"
            if self.draw is not None:
                reply.body, names = mutated(reply.body, self.draw)
                reply.page = None
            self.served.append((request.path, reply.body, names))
        return reply


def records_of(body: bytes) -> Optional[list[list[tuple[str, Any]]]]:
    """The members of each record, keys that come twice included; None: it is no listing."""
    def lists(value: Any) -> Any:
        return [item for item in value if isinstance(item, tuple)] if isinstance(value, list) else None
    try:
        value = json.loads(body.decode("utf-8", "replace"), strict=False, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, tuple):
        found = [lists(item) for key, item in value if key == "data"]
        return found[0] if found else [value]
    return lists(value)


def ids_of(body: bytes) -> Optional[set[str]]:
    records = records_of(body)
    return None if records is None else {
        str(value) for record in records for pair in record if len(pair) == 2
        for key, value in [pair] if key == "device_id"}


class Account(Trial):
    def __init__(self, muster: DirectMuster, service: Mutated, number: int):
        super().__init__(muster, None, service.hosts[0], f"kandji/m{number}")
        self.service = service
        self.known: set[str] = set()  # ids that were served, ever
        self.before: Keys = {}

    def note(self) -> None:
        self.before = self.live()
        self.known |= {key[0] for key in self.before["devices"]}
        self.service.served.clear()

    def wrong(self, change: int) -> Iterator[str]:
        session = self.muster.last_session(self.account)
        if session["outcome"] not in OUTCOMES:
            yield f"the session ended as {session['outcome']}: {session}"
        for stream in self.streams():
            if stream.get("kind", "data") not in NAMED:
                yield f"{stream['kind']} is no word for what a vendor answers: {stream}"
        yield from self.wrongly_removed(self.removed_since(change))
        yield from self.invented()

    def bodies(self, path: str) -> list[bytes]:
        return [body for at, body, _ in self.service.served if at == path]

    def wrongly_removed(self, removed: Keys) -> Iterator[str]:
        """Only a listing takes away what it does not show any more, or shows without its user."""
        shown = [ids_of(body) for body in self.bodies(DEVICES)]
        filtered = self.muster.rows("devices", self.account, "t.removed_reason = 'filtered'")
        for device, in removed["devices"] - {(row["source_id"],) for row in filtered}:
            if not shown or shown[-1] is None or device in shown[-1]:
                yield f"{device} was removed, and the answers say nothing of that"
        listed = [records_of(body) for body in self.bodies(APPS)]
        for device, *app in removed["device_apps"]:
            if (device,) not in removed["devices"] and (not listed or listed[-1] is None):
                yield f"{app} on {device} was removed without a listing"

    def invented(self) -> Iterator[str]:
        raw = b"".join(body for _, body, _ in self.service.served)
        for body in self.bodies(DEVICES):
            self.known |= ids_of(body) or set()
        for device, in self.live()["devices"]:
            if device not in self.known and device.encode() not in raw:
                yield f"{device} is an id that no answer held"


class Ring:
    """The server in this process, one project, and its accounts."""

    def __init__(self, stack: contextlib.ExitStack, draw: random.Random):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-promise-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        self.draw = draw
        services = [Mutated(open_tenant("kandji", self.spec(number))) for number in range(ACCOUNTS)]
        self.server = Server(folder, services)
        self.server.start()
        stack.callback(self.server.stop)
        self.port, self.ca_file = self.server.port, str(self.server.ca_file)
        self.muster = DirectMuster(folder / "muster").init()
        self.accounts = [Account(self.muster, service, number)
                         for number, service in enumerate(services)]
        for number, account in enumerate(self.accounts):
            run = self.muster.connect_kandji(self, account.host, f"m{number}")
            if run.code:
                raise AssertionError(repr(run))
        self.muster.must("sync", "--all")

    def spec(self, number: int) -> dict[str, Any]:
        if number < OF_SAMPLES and HAR.is_file():
            return {"tenant": f"m{number}", "har": str(HAR)}
        return {"tenant": f"m{number}", "devices": 12, "apps_per_device": 2, "seed": number,
                "user_ids": "int" if number % 3 == 0 else "uuid",
                "prism": "offset" if number % 5 == 0 else "cursor"}

    def token(self, host: str) -> str:
        return self.server.services[host].describe()["token"]

    def arm(self, account: Account) -> None:
        account.note()
        is_bent = self.draw.random() < WIRE_SHARE
        account.service.draw = None if is_bent else random.Random(self.draw.random())
        if is_bent:
            name, params = self.draw.choice(WIRE)
            self.server.faults.add(name, host=account.host, times=1,
                                   path=self.draw.choice((DEVICES, APPS)), **params)

    def round(self) -> Iterator[Optional[str]]:
        """Each account is synced once; a value for each answer that was not as it should be."""
        self.server.faults.clear()
        for account in self.accounts:
            self.arm(account)
        change = self.accounts[0].last_change()
        run = self.muster.run("sync", "--all", "--json", timeout=TIMEOUT_S)
        broken = run.code not in CODES or re.search(r"Sanitizer|runtime error", run.err)
        for account in self.accounts:
            answers = [names for _, _, names in account.service.served] or ["nothing"]
            found = [repr(run)] if broken else list(account.wrong(change))
            yield first_of(found, f"{account.account}, {' and '.join(answers)}")
            yield from (None for _ in answers[1:])

    def heal(self) -> Iterator[Optional[str]]:
        self.server.faults.clear()
        for account in self.accounts:
            account.service.draw = None
        for _ in range(3):
            self.muster.run("sync", "--all")
            for held in self.muster.must("removals", "list", "--json").objects():
                self.muster.run("removals", "approve", held["account"], "--yes")
        for account in self.accounts:
            yield first_of(all_differences(self.muster, account.service.truth(), account.account),
                           f"{account.account}, healed")


class Mutants(Promise):
    id = "B1"
    title = "mutated answers, over TLS"
    small, full, patience = 80, 2000, 600
    presets = ("dev",)
    faults = ("ignore-duplicate-keys", "quarantined-is-unseen")

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        answers = 0
        with contextlib.ExitStack() as stack:
            ring = Ring(stack, draw)
            while answers < volume:
                for wrong in ring.round():
                    answers += 1
                    yield wrong
            yield from ring.heal()
