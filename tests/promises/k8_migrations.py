"""K8: a migration is killed, or its writes fail; the database is of the one version or of the next."""

import contextlib
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from typing import Iterator, Optional

from e2e.harness import ACCOUNT, DirectMuster, REPOSITORY
from promises.database import Database
from promises.ground import ground
from promises.injection import KILL, Injection, count_calls
from promises.promise import Promise
from promises.syncing import first_of

SCRIPTS = sorted((REPOSITORY / "host" / "store" / "schema" / "sqlite").glob("[0-9]*.sql"))
TENANT = {"tenant": "acme", "devices": 400, "apps_per_device": 6, "seed": 3}
VERSIONS = ("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
            "applied_at TEXT NOT NULL)")
NEWER_CODE = 6
FAILING = (("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("fdatasync", "EIO"),
           ("ftruncate", "EIO"), ("openat", "EMFILE"), ("rename", "EIO"))
KILLING = ("fdatasync", "pwrite64")
LAST = 24  # calls of a system call that are more interesting than the many before: after the copy
CLOSE_S = 0.002


def schema(path: pathlib.Path) -> list[tuple]:
    with contextlib.closing(sqlite3.connect(path)) as opened:
        return sorted(opened.execute("SELECT type, name, sql FROM sqlite_schema "
                                     "WHERE name NOT LIKE 'sqlite_%'"), key=repr)


def build(path: pathlib.Path, version: int, source: Optional[pathlib.Path] = None) -> None:
    """A database of an older version, with what `source` has for its tables and columns."""
    path.touch(0o600)
    with contextlib.closing(sqlite3.connect(path)) as opened:
        opened.execute("PRAGMA journal_mode = WAL")
        opened.executescript(VERSIONS + ";" + "".join(
            script.read_text() for script in SCRIPTS[:version]))
        if source:
            opened.execute("ATTACH ? AS source", (str(source),))
            for table, in opened.execute("SELECT name FROM sqlite_schema WHERE type = 'table' "
                                         "AND name NOT LIKE 'sqlite_%'").fetchall():
                names = ", ".join(column[1] for column in opened.execute(
                    f"PRAGMA table_info({table})"))
                opened.execute(f"DELETE FROM main.{table}")
                opened.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} "
                               f"FROM source.{table}")
            opened.execute("DELETE FROM main.schema_migrations WHERE version > ?", (version,))
            opened.commit()


class Older:
    """A project whose database is of an older version; put back before each case."""

    def __init__(self, muster: DirectMuster, folder: pathlib.Path, version: int):
        self.muster = muster
        self.version = version
        self.database = Database(muster.project)
        self.pristine = folder / f"v{version}.db"
        build(self.pristine, version, folder / "now.db")
        self.columns = self.read_columns(self.pristine)
        self.data = self.read(self.pristine)

    def put_back(self) -> None:
        for left in self.database.path.parent.glob("muster.db*"):
            left.unlink()
        shutil.copyfile(self.pristine, self.database.path)
        self.database.path.chmod(0o600)

    @staticmethod
    def read_columns(path: pathlib.Path) -> dict[str, str]:
        with contextlib.closing(sqlite3.connect(path)) as opened:
            tables = [name for name, in opened.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
                "AND name <> 'schema_migrations'")]
            return {table: ", ".join(column[1] for column in opened.execute(
                f"PRAGMA table_info({table})")) for table in tables}

    def read(self, path: pathlib.Path) -> dict[str, list[tuple]]:
        """What a database has in the tables and columns of this version."""
        with contextlib.closing(sqlite3.connect(path)) as opened:
            return {table: sorted(opened.execute(f"SELECT {columns} FROM {table}"), key=repr)
                    for table, columns in self.columns.items()}

    def wrong(self, path: pathlib.Path, versions: range, schemas: dict[int, list]) -> list[str]:
        """Of a file that should be of one of these versions and have all the data."""
        with contextlib.closing(sqlite3.connect(path)) as opened:
            found = [line for line, in opened.execute("PRAGMA integrity_check") if line != "ok"]
            version = opened.execute("SELECT max(version) FROM schema_migrations").fetchone()[0]
        if version not in versions:
            found.append(f"{path.name} is of version {version}")
        elif schema(path) != schemas[version]:
            found.append(f"{path.name} says version {version} and has another schema")
        data = self.read(path)
        return found + [f"{table} of {path.name} has changed" for table in self.data
                        if data[table] != self.data[table]]


class Migrations(Promise):
    id = "K8"
    title = "a migration killed or refused its writes"
    small, full, patience = 24, 200 * (len(SCRIPTS) - 1), 400
    faults = ("split-migration",)

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        with ground([TENANT], DirectMuster) as place:
            place.connect()
            place.muster.must("sync", ACCOUNT)
            shutil.copyfile(Database(place.muster.project).path, place.muster.folder / "now.db")
            schemas = self.all_schemas(place.muster.folder)
            olders = [Older(place.muster, place.muster.folder, version)
                      for version in range(1, len(SCRIPTS))]
            for older in olders:
                yield first_of(self.refused(older), f"version {older.version} of a newer program")
            usual = self.measure(olders[0])
            calls = self.count(olders[0])
            for number in range(volume):
                older = olders[number % len(olders)]
                older.put_back()
                found: list[str] = []
                if draw.random() < 0.5:
                    about, found = self.inject(older, draw, calls, *draw.choice(FAILING))
                elif draw.random() < 0.5:
                    about, found = self.inject(older, draw, calls, draw.choice(KILLING), KILL)
                else:
                    about = self.kill(older, draw, *usual)
                found += self.judge(older, schemas)
                yield first_of(found, f"from version {older.version}, {about}")

    @staticmethod
    def all_schemas(folder: pathlib.Path) -> dict[int, list]:
        found = {}
        for version in range(1, len(SCRIPTS) + 1):
            build(folder / f"empty{version}.db", version)
            found[version] = schema(folder / f"empty{version}.db")
        return found

    @staticmethod
    def measure(older: Older) -> tuple[float, int]:
        older.put_back()
        start = time.monotonic()
        process = older.muster.start("status")
        writes = older.database.wait_for_write(process)
        process.communicate()
        return time.monotonic() - start, writes

    @staticmethod
    def kill(older: Older, draw: random.Random, seconds: float, writes: int) -> str:
        process = older.muster.start("status")
        if draw.random() < 0.3:
            moment = draw.uniform(0, seconds)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            about = f"killed after {moment:.3f} s"
        else:
            write = draw.randint(1, writes)
            older.database.wait_for_write(process, write)
            time.sleep(draw.uniform(0, CLOSE_S))
            about = f"killed at write {write}"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return about

    @staticmethod
    def count(older: Older) -> dict[str, int]:
        older.put_back()
        return count_calls(older.muster, {call for call, _ in FAILING}, ["status"])

    @staticmethod
    def inject(older: Older, draw: random.Random, calls: dict[str, int], call: str,
               error: str) -> tuple[str, list[str]]:
        count = calls[call]
        nth = draw.randint(max(1, draw.choice((1, count - LAST))), count)
        injection = Injection(call, error, nth, error != KILL and draw.random() < 0.5)
        run, _ = injection.run(older.muster, ["status"])
        if run is None:
            return str(injection), ["it hangs"]
        return f"{injection}, which ends with {run.code}", []

    def judge(self, older: Older, schemas: dict[int, list]) -> list[str]:
        """Whole, of one version or another; the next run brings it up to date."""
        latest = len(SCRIPTS)
        path = older.database.path
        found = older.wrong(path, range(older.version, latest + 1), schemas)
        run = older.muster.run("status")
        if run.code:
            return [*found, f"the next run ends with {run.code}: {run.err.strip()}"]
        found += older.wrong(path, range(latest, latest + 1), schemas)
        for backup in path.parent.glob("muster.db.v*.backup"):
            found += older.wrong(backup, range(older.version, latest), schemas)
        return found

    @staticmethod
    def refused(older: Older) -> list[str]:
        """What a newer program wrote is refused, and not touched."""
        older.put_back()
        newest = len(SCRIPTS) + 1
        older.database.ask("INSERT INTO schema_migrations VALUES (?, 'newer', '')", newest)
        before = older.database.contents()
        run = older.muster.run("status")
        found = [] if run.code == NEWER_CODE else [f"it ends with {run.code}"]
        if f"schema version {newest}" not in run.err or f"up to {newest - 1}" not in run.err:
            found.append(f"it says: {run.err.strip()}")
        changed = before != older.database.contents()
        return found + (["the database has changed"] if changed else [])
