"""D2: rows that go in numbers that look like an accident wait for an approval of exactly them; others
go at once.

The thresholds are judged three times: by the rule alone for every number of rows, and by whole syncs,
of devices and of relations. What came beside a loss (a new name, new rows) is stored in any case and
changes no verdict.
"""

import datetime
import itertools
import random
from typing import Any, Iterator, Optional

from e2e.harness import DirectMuster
from promises.database import Database
from promises.ground import Ground, ground
from promises.programs import feed
from promises.promise import Promise

HELD_CODE = 3
KINDS = ("counted", "relation")
# Devices, of them gone, whether they are held: more than 10 and more than 10 %; more than 200; all.
SYNCS = (
    (1, 0, False), (1, 1, True), (2, 1, False), (10, 9, False), (10, 10, True), (11, 10, False),
    (12, 11, True), (24, 12, True), (30, 30, True), (100, 1, False), (100, 10, False),
    (100, 11, True), (109, 11, True), (110, 11, False), (111, 11, False), (1000, 99, False),
    (1000, 101, True), (2010, 199, False), (2010, 200, False), (2010, 201, True), (2400, 201, True),
)
LARGE_SYNCS = ((5000, 200, False), (5000, 201, True), (20000, 200, False), (20000, 201, True),
               (20000, 10000, True))
WAITING = 30  # devices of a tenant whose removals wait
LOST = 12  # of them


def losses(live: int) -> list[int]:
    """How many of so many go: shares of 0, 9.9, 10, 10.1, 50 and 100 %, and the fixed numbers."""
    shares = {live * 99 // 1000, live // 10, live // 10 + 1, -(-live * 101 // 1000), live // 2, live}
    return sorted(n for n in shares | {0, 1, 10, 11, 199, 200, 201} if n <= live)


def rule_for(kind: str, live: int, missing: int) -> str:
    """What the promise says, in its own words."""
    if missing and missing == live:
        return "nothing-seen"
    if missing > 10 and missing / live > 0.1 and missing * 10 != live:
        return "share"
    return "count" if kind == "counted" and missing > 200 else "goes"


class Account:
    """A tenant of its own, connected and synced."""

    def __init__(self, place: Ground, name: str):
        self.place, self.name, self.host = place, f"kandji/{name}", f"{name}.api.kandji.io"
        place.connect(host=self.host, account=name)
        self.sync()

    def sync(self) -> int:
        return self.place.muster.run("sync", self.name).code

    def rows(self, entity: str) -> dict[str, dict[str, Any]]:
        return {row["source_id"]: row for row in self.place.muster.rows(entity, self.name)}

    def change(self, op: str, **args: Any) -> dict[str, Any]:
        return self.place.sim.change(self.host, op, **args)

    def lists(self, fewer: int) -> None:
        """From now on the listing leaves its last rows out; the same ones each time."""
        self.place.sim.clear_faults()
        if fewer:
            self.place.sim.fault("drop_rows", host=self.host, path="/api/v1/devices", times=0,
                                 count=fewer)

    def approve(self) -> None:
        self.place.muster.must("removals", "approve", self.name, "--yes")

    def held(self) -> list[dict[str, Any]]:
        return [held for held in self.place.muster.must("removals", "list", "--json").objects()
                if held["account"] == self.name]


class Guard(Promise):
    id = "D2"
    title = "the guard's thresholds and approvals, exactly"
    small, full = 500, 50000  # numbers of rows that are judged by the rule alone
    faults = ("skip-guard", "guard-off-by-one", "unbound-approval", "endless-approval")

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        is_full = volume >= self.full
        yield from self.by_rule(range(1, volume + 1) if is_full else draw.sample(
            range(1, self.full + 1), volume))
        yield from self.of_approvals()
        yield from self.of_relations()
        yield from self.by_syncs(SYNCS + (LARGE_SYNCS if is_full else ()))

    def by_rule(self, sizes: Any) -> Iterator[Optional[str]]:
        """One case a number of rows, of both kinds."""
        cases = [(kind, live, missing) for live in sizes for kind in KINDS for missing in losses(live)]
        verdicts = feed("guard", "".join(f"{kind} {live} {live - missing} {missing}\n"
                                            for kind, live, missing in cases)).split()
        wrong = {live: None for live in sizes}
        for (kind, live, missing), verdict in zip(cases, verdicts, strict=True):
            if verdict != rule_for(kind, live, missing):
                wrong[live] = f"{missing} of {live} ({kind}): {verdict}"
        yield from wrong.values()

    def by_syncs(self, losses_of: tuple) -> Iterator[Optional[str]]:
        tenants = [{"tenant": f"t{number}", "devices": case[0], "apps_per_device": 0, "plain": True}
                   for number, case in enumerate(losses_of)]
        with ground(tenants, DirectMuster) as place:
            for number, case in enumerate(losses_of):
                yield self.lose(Account(place, f"t{number}"), *case)

    def lose(self, account: Account, live: int, gone: int, is_held: bool) -> Optional[str]:
        before = account.rows("devices")
        lost = account.change("remove_devices", count=gone)["devices"] if gone else []
        new = account.change("add_devices", count=3)["devices"]
        renamed = account.change("rename_device", name="While others go")["device"]
        code, after = account.sync(), account.rows("devices")
        wanted = set(before) | set(new) if is_held else (set(before) | set(new)) - set(lost)
        if code != (HELD_CODE if is_held else 0):
            return f"{gone} of {live} gone: exit code {code}"
        if set(after) != wanted:
            return f"{gone} of {live} gone: {len(after)} rows, not {len(wanted)}"
        if after[renamed]["name"] != "While others go":
            return f"{gone} of {live} gone: what came beside it is not stored"
        if is_held and f"of {live} devices" not in account.held()[0]["why"]:
            return f"{gone} of {live} gone: held for another reason: {account.held()}"
        return None

    def of_relations(self) -> Iterator[Optional[str]]:
        """Installed apps have no fixed number: more than 200 go, more than a tenth wait."""
        tenants = [{"tenant": name, "devices": 100, "apps_per_device": 36, "plain": True}
                   for name in ("tenth", "more")]
        with ground(tenants, DirectMuster) as place:
            for name, extra in (("tenth", 0), ("more", 1)):
                yield self.uninstall(Account(place, name), extra)

    def uninstall(self, account: Account, extra: int) -> Optional[str]:
        before = account.rows("device_apps")
        wanted = len(before) // 10 + extra
        devices = itertools.cycle(sorted({row["device_source_id"] for row in before.values()}))
        while (lost := len(before) - self.installed(account)) < wanted:
            for device in itertools.islice(devices, wanted - lost):
                account.change("remove_app", device=device)
        code, left = account.sync(), len(account.rows("device_apps"))
        if wanted > 201 and (code, left) == ((HELD_CODE, len(before)) if extra
                                             else (0, len(before) - wanted)):
            return None
        return f"{wanted} of {len(before)} installed apps gone: exit code {code}, {left} rows"

    def installed(self, account: Account) -> int:
        return account.place.sim.counts(account.host)["device_apps"]

    def of_approvals(self) -> Iterator[Optional[str]]:
        cases = [self.released, self.grown, self.shrunk, self.swapped, self.expired, self.unexpired,
                 self.found_again, self.spent]
        tenants = [{"tenant": case.__name__.replace("_", "-"), "devices": WAITING,
                    "apps_per_device": 0, "plain": True} for case in cases]
        with ground(tenants, DirectMuster) as place:
            for case, tenant in zip(cases, tenants):
                account = Account(place, tenant["tenant"])
                wrong = self.hold(account) or case(account)
                yield wrong and f"approval, {case.__name__}: {wrong}"

    def hold(self, account: Account) -> Optional[str]:
        """Makes a set wait, and approves it."""
        account.lists(fewer=LOST)
        code = account.sync()
        if code != HELD_CODE or len(account.rows("devices")) != WAITING:
            return f"not held: exit code {code}"
        account.approve()
        return None

    def expect(self, account: Account, code: int, left: int) -> Optional[str]:
        found = account.sync(), len(account.rows("devices"))
        return None if found == (code, left) else \
            f"exit code and rows left are {found}, not {(code, left)}"

    def released(self, account: Account) -> Optional[str]:
        return self.expect(account, 0, WAITING - LOST)

    def grown(self, account: Account) -> Optional[str]:
        account.lists(fewer=LOST + 1)
        return self.expect(account, HELD_CODE, WAITING)

    def shrunk(self, account: Account) -> Optional[str]:
        account.lists(fewer=LOST - 1)
        return self.expect(account, HELD_CODE, WAITING)

    def swapped(self, account: Account) -> Optional[str]:
        """As many as were approved, but one of them is another."""
        account.lists(fewer=LOST - 1)
        account.change("remove_first")
        return self.expect(account, HELD_CODE, WAITING)

    def expired(self, account: Account) -> Optional[str]:
        held, = account.held()
        hours = (instant(held["expires_at"]) - instant(held["approved_at"])) / HOUR
        if hours != 24:
            return f"it holds for {hours} h"
        self.expire(account, -1)
        return self.expect(account, HELD_CODE, WAITING)

    def unexpired(self, account: Account) -> Optional[str]:
        self.expire(account, 600)
        return self.expect(account, 0, WAITING - LOST)

    def expire(self, account: Account, seconds: int) -> None:
        """Lets the approval run out so many seconds from now: the store's text is its clock."""
        now = datetime.datetime.now(datetime.timezone.utc)
        at = (now + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        Database(account.place.muster.project).ask("UPDATE held_removals SET expires_at = ?", at)

    def found_again(self, account: Account) -> Optional[str]:
        """What was listed again and is lost anew was not approved."""
        account.lists(fewer=0)
        wrong = self.expect(account, 0, WAITING)
        account.lists(fewer=LOST)
        return wrong or self.expect(account, HELD_CODE, WAITING)

    def spent(self, account: Account) -> Optional[str]:
        """An approval is good for one removal."""
        wrong = self.expect(account, 0, WAITING - LOST)
        account.lists(fewer=0)
        wrong = wrong or self.expect(account, 0, WAITING)
        account.lists(fewer=LOST)
        return wrong or self.expect(account, HELD_CODE, WAITING)


HOUR = datetime.timedelta(hours=1)


def instant(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
