"""What a vendor, an administrator or the machine may do around a sync that is more than one fault on
order: the scripted part of D1.

A behaviour is a generator: it does something to the place, syncs, and yields a line for whatever is
not as it must be. A device is really gone before each of them begins: whether it may be noticed is
part of the question. What lives at the vendor may never go; the row looks after that.
"""

import contextlib
import os
import random
import signal
import subprocess
import time
from typing import Callable, Iterator, Optional

from e2e.fault_case import APPS, Case, DEVICES, HELD, OK, Trial, keys_of
from e2e.harness import ACCOUNT, HOST, REPOSITORY, Run, sandboxes_of
from promises.database import Database
from promises.ground import Ground
from promises.syncing import END_S

CONNECTOR = REPOSITORY / "scripts" / "vendors" / "kandji.lua"
BETA = "beta.api.eu.kandji.io"

Behaviour = Callable[["Scene"], Iterator[str]]
BEHAVIOURS: list[Behaviour] = []
CONTROLS: list[Behaviour] = []


def behaviour(run: Behaviour) -> Behaviour:
    BEHAVIOURS.append(run)
    return run


def control(run: Behaviour) -> Behaviour:
    CONTROLS.append(run)
    return run


class Scene(Trial):
    """A trial with a device that is really gone, and ways to interrupt a sync."""

    def __init__(self, place: Ground, draw: random.Random):
        super().__init__(place.muster, place.sim)
        self.draw, self.gone = draw, ""
        self.database = Database(place.muster.project)
        self.full = self.sim.counts(HOST)["devices"]

    def set(self) -> None:
        """Beforehand: one device goes, as many come as have gone, one changes."""
        self.gone, = self.sim.change(HOST, "remove_devices", count=1)["devices"]
        self.sim.change(HOST, "add_devices", count=self.full - self.sim.counts(HOST)["devices"])
        self.sim.change(HOST, "rename_device", name=f"Scene {self.draw.random()}")

    def waits(self) -> Iterator[str]:
        """The device that is gone is still there: nobody could be sure."""
        if (self.gone,) not in self.live()["devices"]:
            yield "a removal was taken from a listing that proves nothing"

    def fault(self, name: str, path: str = DEVICES, page: Optional[int] = 2, times: int = 0,
              **params) -> None:
        self.sim.fault(name, host=HOST, path=path, page=page, times=times, **params)

    def ends(self, outcome: str, says: str = "", *arguments: str) -> Iterator[str]:
        run = self.sync(*arguments)
        session = self.muster.last_session()
        if session["outcome"] != outcome:
            yield f"outcome {session['outcome']}, not {outcome}: {run}"
        if says not in self.said(run, session) + str(self.muster.account()["state_reason"]):
            yield f"nothing about {says}: {run} {session['streams']}"

    def interrupt(self, number: int, path: str = DEVICES, page: int = 2,
                  is_sandbox: bool = False) -> Run:
        """A sync that is hit while it waits for a page; only its sandbox, or all of it."""
        self.sim.fault("delay", host=HOST, path=path, page=page, times=0, seconds=END_S)
        process = self.muster.start("sync", ACCOUNT, "--json")
        self.await_page(path, page)
        for pid in sandboxes_of(process) if is_sandbox else [process.pid]:
            os.kill(pid, number)
        out, err = process.communicate(timeout=END_S)
        self.sim.clear_faults()
        return Run(["sync", ACCOUNT], subprocess.CompletedProcess(
            process.args, process.returncode, out.decode(), err.decode()))

    def await_page(self, path: str, page: int) -> None:
        end = time.monotonic() + END_S
        while self.unstruck():
            if time.monotonic() > end:
                raise AssertionError(f"page {page} of {path} was never asked for")
            time.sleep(0.01)

    def hit(self, number: int, seconds: float) -> None:
        """A sync that is hit, sandboxes and all, so many seconds after its start."""
        process = self.muster.start("sync", ACCOUNT, "--json")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.communicate(timeout=END_S)

    @contextlib.contextmanager
    def overlay(self, text: str) -> Iterator[None]:
        path = self.muster.project / "mappings" / "kandji.lua"
        path.write_text(text + "\n")
        yield
        path.unlink()


# --- what is asked for changes ---

@behaviour
def a_changed_mapping(scene: Scene) -> Iterator[str]:
    """The first listing under it is a new baseline, the second one counts."""
    with scene.overlay('return { map = { device = { hostname = "device_name" } } }'):
        yield from scene.ends(OK)
        yield from scene.waits()
        yield from scene.ends(OK)
        if (scene.gone,) in scene.live()["devices"]:
            yield "the second listing under a changed mapping removes nothing either"
    yield from scene.ends(OK)


@behaviour
def a_changed_filter(scene: Scene) -> Iterator[str]:
    with scene.overlay("return { map = { device = { keep = { owned = false } } } }"):
        yield from scene.ends(OK)
        yield from scene.waits()
    yield from scene.ends(OK)


@behaviour
def a_changed_connector(scene: Scene) -> Iterator[str]:
    folder = scene.muster.project / "vendors"
    folder.mkdir(exist_ok=True)
    file = folder / "kandji.lua"
    text = CONNECTOR.read_text(encoding="utf-8")
    file.write_text(text.replace('name = "device_name",', 'name = "serial_number",'))
    if file.read_text(encoding="utf-8") == text:
        yield "the connector has changed: this behaviour has to as well"
    yield from scene.ends(OK)
    yield from scene.waits()
    file.unlink()
    yield from scene.ends(OK)


@behaviour
def only_another_stream_is_read(scene: Scene) -> Iterator[str]:
    yield from scene.ends(OK, "", "--stream", "apps")
    yield from scene.waits()


@behaviour
def a_dry_run(scene: Scene) -> Iterator[str]:
    before = scene.live()
    scene.sync("--dry-run")
    if scene.live() != before:
        yield "a dry run changed something"


# --- holes that the guard would not notice ---

@behaviour
def rows_move_up_while_paging(scene: Scene) -> Iterator[str]:
    """Two rows of the first page go after it was read: one of the second was never shown."""
    scene.fault("drift_delete", page=1, times=1)
    scene.fault("drift_delete", page=1, times=1)
    yield from scene.ends("partial", "moved")
    yield from scene.waits()


@behaviour
def rows_move_down_while_paging(scene: Scene) -> Iterator[str]:
    scene.fault("drift_insert", page=1, times=1)
    yield from scene.ends("partial", "moved")
    yield from scene.waits()


@behaviour
def the_last_page_is_empty(scene: Scene) -> Iterator[str]:
    scene.fault("empty_list")
    yield from scene.ends("partial", "shorter")
    yield from scene.waits()


@behaviour
def a_limit_ends_the_listing(scene: Scene) -> Iterator[str]:
    yield from scene.ends("partial", "limited", "--limit", "301")
    yield from scene.waits()


@behaviour
def a_page_fails_and_the_rest_is_read(scene: Scene) -> Iterator[str]:
    scene.fault("not_found")
    yield from scene.ends("failed", "404")
    yield from scene.waits()


@behaviour
def every_attempt_is_throttled(scene: Scene) -> Iterator[str]:
    """The vendor asks for more patience than a session has."""
    scene.fault("too_many_requests", path=APPS, page=3, retry_after=4000)
    yield from scene.ends("partial", "429")
    scene.database.ask("DELETE FROM limits")  # the wait that was asked for outlives the session


@behaviour
def one_id_twice_and_another_not_at_all(scene: Scene) -> Iterator[str]:
    """As many rows as there are, but one of them is another's."""
    scene.fault("drop_rows", count=1)
    scene.fault("duplicate_id_in_page")
    yield from scene.ends("partial", "twice")
    yield from scene.waits()


@behaviour
def a_record_without_an_id(scene: Scene) -> Iterator[str]:
    scene.fault("missing_id", page=1, row=100)
    yield from scene.ends("partial", "id")
    yield from scene.waits()


@behaviour
def a_record_that_cannot_be_read(scene: Scene) -> Iterator[str]:
    """It is set aside, but it is there; what is gone may go."""
    scene.fault("bad_timestamp", page=1, row=100)
    yield from scene.ends("partial", "yesterday")


# --- who asks, and with what ---

@behaviour
def the_permission_is_taken_away(scene: Scene) -> Iterator[str]:
    scene.fault("forbidden", path=APPS, page=1)
    yield from scene.ends("degraded", "Applications")


@behaviour
def the_permission_is_taken_away_while_paging(scene: Scene) -> Iterator[str]:
    scene.fault("forbidden", page=2)
    yield from scene.ends("failed", "Device list")
    yield from scene.waits()


@behaviour
def the_token_is_revoked(scene: Scene) -> Iterator[str]:
    scene.sim.change(HOST, "replace_token", token="another-token-of-the-same-tenant")
    yield from scene.ends("failed", "401")
    yield from scene.waits()
    scene.sim.change(HOST, "replace_token", token=scene.sim.token(HOST))


@behaviour
def another_tenant_under_the_name(scene: Scene) -> Iterator[str]:
    run = scene.muster.connect_kandji(scene.sim, BETA, "acme")
    if not run.code or HOST not in run.said or BETA not in run.said:
        yield f"another tenant was not refused with both named: {run}"
    yield from scene.waits()


# --- interrupted ---

@behaviour
def killed_on_the_last_page(scene: Scene) -> Iterator[str]:
    scene.interrupt(signal.SIGKILL)
    yield from scene.waits()


@behaviour
def killed_and_resumed_into_a_hole(scene: Scene) -> Iterator[str]:
    """What the killed session had seen does not fill the holes of the next one."""
    scene.interrupt(signal.SIGKILL)
    scene.fault("html_page", page=1)
    yield from scene.ends("failed", "HTML")
    yield from scene.waits()


@behaviour
def killed_among_the_apps(scene: Scene) -> Iterator[str]:
    scene.interrupt(signal.SIGKILL, APPS, 3)
    yield from ()


@behaviour
def cancelled(scene: Scene) -> Iterator[str]:
    run = scene.interrupt(signal.SIGTERM)
    if run.code != 128 + signal.SIGTERM:
        yield f"not cancelled: {run}"
    yield from scene.waits()


@behaviour
def its_sandbox_is_killed(scene: Scene) -> Iterator[str]:
    run = scene.interrupt(signal.SIGKILL, is_sandbox=True)
    if not run.code or "sandbox" not in run.said:
        yield f"nothing about the sandbox: {run}"
    yield from scene.waits()


# --- lies that only the guard can see ---

@behaviour
def the_listing_is_empty(scene: Scene) -> Iterator[str]:
    scene.fault("empty_list", page=1)
    yield from scene.ends(HELD, "would be removed")
    yield from scene.waits()


@behaviour
def the_listing_ends_early(scene: Scene) -> Iterator[str]:
    scene.fault("keep_rows", page=1, count=200)
    yield from scene.ends(HELD, "would be removed")
    yield from scene.waits()


@behaviour
def ids_change_their_case(scene: Scene) -> Iterator[str]:
    """All missing, all new; put right, the copies are too many to go unasked."""
    scene.sim.change(HOST, "swap_id_case")
    yield from scene.ends(HELD, "would be removed")
    yield from scene.waits()
    scene.sim.change(HOST, "swap_id_case")
    yield from scene.ends(HELD, "would be removed")
    scene.muster.must("removals", "approve", ACCOUNT, "--yes")
    yield from scene.ends(OK)


# --- controls: what is really gone goes, and nothing else ---

def exactly(scene: Scene, case: Optional[Case] = None) -> Iterator[str]:
    """One sync removes what the truth lost, and has the truth."""
    change, before = scene.last_change(), scene.live()
    if case is not None:
        scene.order(case)
    run = scene.sync()
    true = keys_of(scene.truth())
    for entity, removed in scene.removed_since(change).items():
        if removed != before[entity] - true[entity]:
            yield f"{entity}: removed {removed}, gone are {before[entity] - true[entity]}: {run}"
    yield from scene.differences()


@control
def a_few_devices(scene: Scene) -> Iterator[str]:
    scene.sim.change(HOST, "remove_devices", count=6)
    yield from exactly(scene)


@control
def a_device_that_comes_back(scene: Scene) -> Iterator[str]:
    """Without its user it is filtered out, with them it is the same row again."""
    device = scene.truth()["devices"][3]
    row, = scene.muster.rows("devices", where=f"t.source_id = '{device['source_id']}'")
    scene.sim.change(HOST, "unassign", device=device["source_id"])
    yield from exactly(scene)
    scene.sim.change(HOST, "reassign", device=device["source_id"], user=device["user_source_id"])
    yield from exactly(scene)
    again, = scene.muster.rows("devices", where=f"t.source_id = '{device['source_id']}'")
    if again["id"] != row["id"]:
        yield "what came back is another row"


@control
def an_app_and_a_user(scene: Scene) -> Iterator[str]:
    scene.sim.change(HOST, "remove_app")
    scene.sim.change(HOST, "remove_user")
    yield from exactly(scene)


@control
def a_device_that_only_the_apps_still_show(scene: Scene) -> Iterator[str]:
    scene.sim.change(HOST, "orphan_device")
    yield from exactly(scene)


@control
def faults_that_a_repetition_gets_past(scene: Scene) -> Iterator[str]:
    scene.sim.change(HOST, "remove_devices", count=2)
    yield from exactly(scene, Case("reset", {"after": 700}, times=1))


@control
def the_last_page_goes(scene: Scene) -> Iterator[str]:
    """A page fewer than the last time, and all of it really gone."""
    scene.sim.change(HOST, "remove_devices", count=8)
    yield from exactly(scene)
