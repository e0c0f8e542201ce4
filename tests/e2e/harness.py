"""The program under test, run as a person runs it, and the store it leaves compared with a truth.

Muster is one project in a folder of its own, with its own home: nothing of the machine's user is
read or written. KandjiCase is a test class with a simulator and a connected account.
"""

import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
from typing import Any, Callable, Iterable, Optional

from simulator.client import Simulator

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("MUSTER_BINARY") or os.environ.get("MUSTER_BIN") or ""
HOST, ACCOUNT = "acme.api.kandji.io", "kandji/acme"
TIMEOUT_S = 240
PASSED_ON = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS",
             "LD_LIBRARY_PATH", "MUSTER_SABOTAGE")

Tables = dict[str, tuple[str, ...]]

# Columns of the model that the truth speaks of, and what identifies a row on both sides.
COLUMNS: Tables = {
    "users": ("source_id", "email", "name", "status", "last_used_at"),
    "devices": ("source_id", "name", "serial_number", "asset_tag", "platform", "model",
                "os_version", "os_build", "is_managed", "user_source_id", "user_email",
                "enrolled_at", "last_seen_at"),
    "apps": ("source_id", "name", "publisher", "identifier", "identifier_type"),
    "device_apps": ("device_source_id", "app_source_id", "version", "path"),
    "licenses": ("name",),
    "user_licenses": ("user_source_id", "license"),
    "groups": ("source_id", "name", "kind"),
    "group_members": ("group_source_id", "member_source_id", "member_kind"),
}
KEYS: Tables = {
    "users": ("source_id",), "devices": ("source_id",), "apps": ("source_id",),
    "device_apps": ("device_source_id", "app_source_id", "path"), "licenses": ("name",),
    "user_licenses": ("user_source_id", "license"), "groups": ("source_id",),
    "group_members": ("group_source_id", "member_source_id"),
}


class Run:
    """One run of the program that has ended."""

    def __init__(self, arguments: list[str], done: subprocess.CompletedProcess):
        self.arguments = arguments
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def json(self) -> Any:
        return json.loads(self.out)

    def objects(self) -> list[dict[str, Any]]:
        """The objects on stdout, whether in an array, one a line, or one after the other."""
        decoder, found, text = json.JSONDecoder(), [], self.out.strip()
        while text:
            value, end = decoder.raw_decode(text)
            found += value if isinstance(value, list) else [value]
            text = text[end:].lstrip()
        return found

    @property
    def said(self) -> str:
        return self.out + self.err

    def __repr__(self) -> str:
        return (f"muster {' '.join(self.arguments)}: exit code {self.code}\n"
                f"--- stdout\n{self.out[-4000:]}\n--- stderr\n{self.err[-4000:]}")


class Muster:
    """One project. Every argument list is kept, so that it can be searched for secrets."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.project = folder / "project"
        self.secrets = folder / "secrets"
        self.secrets.mkdir(mode=0o700, parents=True)
        (folder / "home").mkdir()
        self.runs: list[Run] = []

    @property
    def environment(self) -> dict[str, str]:
        env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return env | {"HOME": str(self.folder / "home"), "LANG": "C.UTF-8", "TZ": "UTC",
                      "XDG_STATE_HOME": str(self.folder / "state"),
                      "XDG_CONFIG_HOME": str(self.folder / "config"),
                      "TMPDIR": str(self.folder)}

    def command(self, *arguments: str) -> list[str]:
        return [BINARY, "-C", str(self.project), *arguments]

    def run(self, *arguments: str, stdin: str = "", timeout: float = TIMEOUT_S) -> Run:
        done = subprocess.run(
            self.command(*arguments), input=stdin, capture_output=True, text=True, check=False,
            timeout=timeout, env=self.environment, cwd=self.folder, errors="backslashreplace")
        run = Run(list(arguments), done)
        self.runs.append(run)
        return run

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen:
        """The program in a process group of its own, for those who mean to kill it."""
        return subprocess.Popen(
            self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.environment | environment, cwd=self.folder,
            start_new_session=True)

    def must(self, *arguments: str, stdin: str = "") -> Run:
        """A run that has to end with 0."""
        run = self.run(*arguments, stdin=stdin)
        if run.code:
            raise AssertionError(repr(run))
        return run

    def init(self) -> "Muster":
        done = subprocess.run([BINARY, "init", str(self.project)], capture_output=True, text=True,
                              check=False, env=self.environment, cwd=self.folder)
        if done.returncode:
            raise AssertionError(f"muster init: {done.stdout}{done.stderr}")
        return self

    def secret_file(self, text: str, name: str = "token") -> pathlib.Path:
        path = self.secrets / name
        path.touch(0o600)
        path.write_text(text + "\n")
        return path

    def connect_kandji(self, sim: Simulator, host: str = HOST, account: str = "acme",
                       token: Optional[str] = None, url: Optional[str] = None,
                       extra: Iterable[str] = ()) -> Run:
        """`url` is what a person types; the host is where it leads."""
        return self.connect_vendor(sim, "kandji", host, ("api_url", url or host),
                                   ("api_token", token), account, extra)

    def connect_vendor(self, sim: Simulator, vendor: str, host: str, address: tuple[str, str],
                       secret: tuple[str, Optional[str]], account: str = "acme",
                       extra: Iterable[str] = ()) -> Run:
        """`address` and `secret` are a setting's id and its value; no secret = the tenant's."""
        return self.run(*self.connect_words(sim, vendor, host, address, secret, account, extra))

    def connect_words(self, sim: Simulator, vendor: str, host: str, address: tuple[str, str],
                      secret: tuple[str, Optional[str]], account: str = "acme",
                      extra: Iterable[str] = ()) -> list[str]:
        name, token = secret
        file = self.secret_file(token if token is not None else sim.token(host), account)
        return [
            "connect", vendor, "--account", account, "--set", "=".join(address),
            "--secret-file", f"{name}={file}", "--ca-file", sim.ca_file,
            "--connect-to", f"{host}:443:127.0.0.1:{sim.port}", "--no-input", *extra]

    def query(self, sql: str) -> list[dict[str, Any]]:
        return self.must("query", sql, "--json").json()

    def value(self, sql: str) -> Any:
        rows = self.query(sql)
        return next(iter(rows[0].values())) if rows else None

    def rows(self, entity: str, account: str = ACCOUNT, where: str = "t.removed_at IS NULL",
             columns: str = "t.*") -> list[dict[str, Any]]:
        vendor, _, name = account.partition("/")
        return self.query(
            f"SELECT {columns} FROM {entity} t JOIN accounts a ON a.id = t.account_id "
            f"WHERE a.vendor = '{vendor}' AND a.name = '{name}' AND a.archived_at IS NULL "
            f"AND ({where}) ORDER BY t.id")

    def account(self, account: str = ACCOUNT) -> dict[str, Any]:
        vendor, _, name = account.partition("/")
        found = self.query(f"SELECT * FROM accounts WHERE vendor = '{vendor}' "
                           f"AND name = '{name}' AND archived_at IS NULL")
        return found[0]

    def last_session(self, account: str = ACCOUNT) -> dict[str, Any]:
        return self.query("SELECT * FROM sessions WHERE account_slug = "
                          f"'{account}' ORDER BY id DESC LIMIT 1")[0]

    def everything(self, account: str = ACCOUNT) -> dict[str, list[dict[str, Any]]]:
        """Every column of every row, removed ones too: what a sync may not touch for nothing."""
        return {entity: self.rows(entity, account, where="1") for entity in COLUMNS}


class DirectMuster(Muster):
    """Reads the database file itself: for tests that look a hundred times."""

    def query(self, sql: str) -> list[dict[str, Any]]:
        database = self.project / ".muster" / "muster.db"
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
            opened.row_factory = sqlite3.Row
            return [dict(row) for row in opened.execute(sql)]


def sandboxes_of(process: subprocess.Popen) -> list[int]:
    """Those of a program that was started with Muster.start."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if int(entry) != process.pid and os.getsid(int(entry)) == process.pid \
                    and os.path.samefile(f"/proc/{entry}/exe", BINARY):
                found.append(int(entry))
    return found


def same_instant(stored: Any, true: Optional[str]) -> bool:
    """Equal as far as the store's fraction goes."""
    if not stored or not true:
        return not stored and not true
    if not stored.endswith("Z"):
        return False
    fraction = re.search(r"\.(\d+)Z$", stored)
    digits = len(fraction[1]) if fraction else 0
    cut = true[:19] + (true[19:20 + digits] if digits else "") + "Z"
    one, two = (datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
                for text in (stored, cut))
    return one == two


def same_value(column: str, stored: Any, true: Any) -> bool:
    if column.endswith("_at"):
        return same_instant(stored, true)
    if isinstance(true, bool):
        return stored is not None and bool(stored) == true
    return (stored or None) == (true or None)


def differences(entity: str, stored: list[dict], true: list[dict],
                columns: Tables = COLUMNS, keys: Tables = KEYS) -> list[str]:
    """What is missing, too much, doubled or different, one line each."""
    def by_key(rows: list[dict]) -> dict[tuple, dict]:
        return {tuple(row.get(key) or "" for key in keys[entity]): row for row in rows}

    ours, theirs = by_key(stored), by_key(true)
    found = [f"{entity}: {len(stored) - len(ours)} doubled"] if len(stored) > len(ours) else []
    found += [f"{entity}: missing {key}" for key in theirs.keys() - ours.keys()]
    found += [f"{entity}: too much {key}" for key in ours.keys() - theirs.keys()]
    for key in ours.keys() & theirs.keys():
        for column in columns[entity]:
            stored_value, true_value = ours[key].get(column), theirs[key].get(column)
            if not same_value(column, stored_value, true_value):
                found.append(f"{entity} {key}: {column} is {stored_value!r}, truly {true_value!r}")
    return found


def all_differences(muster: Muster, truth: dict[str, list[dict]], account: str = ACCOUNT,
                    columns: Tables = COLUMNS, keys: Tables = KEYS) -> list[str]:
    return [line for entity in columns
            for line in differences(entity, muster.rows(entity, account), truth[entity], columns,
                                    keys)]


@unittest.skipUnless(BINARY, "MUSTER_BINARY does not say where the program is")
class E2eCase(unittest.TestCase):
    """A simulator for the class, a new project for each test."""

    TENANTS: list[dict[str, Any]] = [{"tenant": "acme", "devices": 40, "apps_per_device": 6}]
    KIND: type[Muster] = Muster
    maxDiff = 4000

    @classmethod
    def setUpClass(cls) -> None:
        cls.sim = Simulator(cls.TENANTS).start()
        cls.addClassCleanup(cls.sim.stop)

    def setUp(self) -> None:
        self.sim.clear_faults()
        self.muster = self.new_project()

    def new_project(self) -> Muster:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-e2e-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return self.KIND(folder).init()

    def connect(self, host: str = HOST, account: str = "acme", **options: Any) -> Run:
        run = self.muster.connect_kandji(self.sim, host, account, **options)
        self.assertEqual(run.code, 0, run)
        return run

    def sync(self, *arguments: str, account: str = ACCOUNT, code: Optional[int] = 0) -> Run:
        """Syncs one account; `code` None: whatever it ends with."""
        run = self.muster.run("sync", account, "--json", *arguments)
        if code is not None:
            self.assertEqual(run.code, code, run)
        return run

    def connect_and_sync(self) -> None:
        self.connect()
        self.sync()

    def assert_true_to(self, truth: dict[str, list[dict]], account: str = ACCOUNT) -> None:
        found = all_differences(self.muster, truth, account)
        self.assertFalse(found, f"{len(found)} differences:\n" + "\n".join(found[:20]))

    def assert_true(self, host: str = HOST, account: str = ACCOUNT) -> None:
        """The store equals the simulator's truth row by row."""
        self.assert_true_to(self.sim.truth(host), account)

    def assert_state(self, state: str, account: str = ACCOUNT) -> None:
        row = self.muster.account(account)
        self.assertEqual(row["state"], state, row)

    def assert_counts(self, **counts: int) -> None:
        session = self.muster.last_session()
        found = {name: session[name] for name in counts}
        self.assertEqual(found, counts, session)

    def wait_for(self, what: Callable[[], Any], seconds: float = 30) -> Any:
        """The first true value of what(); a deadline, not a measurement."""
        end = time.monotonic() + seconds
        while not (value := what()):
            if time.monotonic() > end:
                self.fail(f"not within {seconds} s")
            time.sleep(0.02)
        return value

    def kill_group(self, process: subprocess.Popen) -> None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
