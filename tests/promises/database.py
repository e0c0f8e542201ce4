"""A project's database file, asked from outside: while the program is dead, stopped or at work."""

import contextlib
import math
import pathlib
import sqlite3
import subprocess
import time
from typing import Any, Iterable, Iterator

WAIT_S = 30
BATCH_COUNTS = ("created", "updated", "removed", "restored")


class Database:
    def __init__(self, project: pathlib.Path):
        self.path = project / ".muster" / "muster.db"

    def ask(self, sql: str, *values: Any, wait_s: float = WAIT_S) -> list[tuple]:
        """Runs one statement, which may also write."""
        with contextlib.closing(sqlite3.connect(self.path, timeout=wait_s)) as opened, opened:
            return opened.execute(sql, values).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        rows = self.ask(sql, *values)
        return rows[0][0] if rows else None

    def tables(self) -> list[str]:
        return [name for name, in self.ask(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
            "ORDER BY name")]

    def contents(self, but: Iterable[str] = ()) -> dict[str, list[tuple]]:
        """Every row of every table."""
        return {name: sorted(self.ask(f"SELECT * FROM {name}"), key=repr)
                for name in self.tables() if name not in but}

    def is_writable(self, wait_s: float = WAIT_S) -> bool:
        """Or does a process that writes hold the lock?"""
        try:
            self.ask("BEGIN IMMEDIATE", wait_s=wait_s)
        except sqlite3.OperationalError:
            return False
        return True

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else writes for the time being."""
        with contextlib.closing(sqlite3.connect(self.path, timeout=WAIT_S)) as opened:
            opened.execute("BEGIN IMMEDIATE")
            yield

    def expire_leases(self) -> None:
        """All that the passing of time changes in a lease."""
        self.ask("UPDATE leases SET expires_at_ms = 1 WHERE owner IS NOT NULL")

    def log_stamp(self) -> tuple[int, int]:
        """Changes whenever something is written to the write-ahead log."""
        try:
            found = self.path.with_name("muster.db-wal").stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_size, found.st_mtime_ns

    def stamp(self) -> tuple[int, ...]:
        """Changes whenever something is written; for a time when no process is at work."""
        found = self.path.stat()
        return (*self.log_stamp(), found.st_size, found.st_mtime_ns)

    def wait_for_write(self, process: subprocess.Popen, writes: float = math.inf) -> int:
        """Until the database was written to so many times, or the program has ended."""
        stamp, seen = self.log_stamp(), 0
        while seen < writes and process.poll() is None:
            time.sleep(0.0002)
            now = self.log_stamp()
            seen += now != stamp
            stamp = now
        return seen

    def live(self, entity: str, account: str) -> set[str]:
        vendor, _, name = account.partition("/")
        return {row[0] for row in self.ask(
            f"SELECT t.source_id FROM {entity} t JOIN accounts a ON a.id = t.account_id "
            "WHERE a.vendor = ? AND a.name = ? AND t.removed_at IS NULL", vendor, name)}

    def damage(self, is_thorough: bool = False) -> list[str]:
        """What SQLite finds wrong with the file."""
        pragma = "integrity_check" if is_thorough else "quick_check"
        found = [line for line, in self.ask(f"PRAGMA {pragma}") if line != "ok"]
        return found + [f"foreign key of {row[0]}" for row in self.ask("PRAGMA foreign_key_check")]

    def torn_sessions(self) -> list[str]:
        """
        Sessions whose counts, change log and batches do not tell the same: they are committed
        together. For accounts that were read to the end once: before that nothing is logged.
        """
        found = []
        for kind in BATCH_COUNTS:
            found += [f"session {session}: {count} {kind}, {logged} in the change log"
                      for session, count, logged in self.ask(
                          f"SELECT s.id, s.{kind}, count(c.seq) FROM sessions s "
                          "LEFT JOIN changes c ON c.session_id = s.id AND c.kind = ? "
                          "WHERE EXISTS (SELECT 1 FROM sessions b WHERE b.id < s.id AND "
                          "b.account_id = s.account_id AND b.outcome = 'ok') "
                          f"GROUP BY s.id HAVING s.{kind} <> count(c.seq)", kind)]
        return found
