"""A store filled by hand: what several vendors say of the same people, without any vendor."""

import contextlib
import json
import pathlib
import shutil
import sqlite3
import tempfile
import unittest

from harness import BINARY, Muster

NOW = "2026-03-02T09:00:00.000Z"
ACCOUNT = {"label": "", "state": "ok", "state_reason": "", "state_since": NOW, "state_way_out": "",
           "settings": "{}", "connect_to": "[]", "allow_cidrs": "[]", "created_at": NOW,
           "is_paused": 0, "is_recording": 1, "last_session": 0}
ROW = {"content_hash": b"", "streams": '["s"]', "first_seen_at": NOW, "updated_at": NOW}


@unittest.skipUnless(BINARY, "MUSTER_BINARY does not say where the program is")
class WorldCase(unittest.TestCase):
    """A new project for each test; `fill` puts rows into it."""

    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-world-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.muster = Muster(folder).init()
        self.database = self.muster.project / ".muster" / "muster.db"
        self.numbers = 0
        self.fill()

    def fill(self):
        pass

    def insert(self, table, values):
        columns = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" for _ in values)
        with contextlib.closing(sqlite3.connect(self.database)) as opened, opened:
            opened.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})",
                           list(values.values()))

    def account(self, slug, **more):
        vendor, _, name = slug.partition("/")
        self.insert("accounts", {**ACCOUNT, "id": slug, "vendor": vendor, "name": name, **more})

    def row(self, table, account, **values):
        """A row of the model; source_id may stay away."""
        self.numbers += 1
        values = {name: json.dumps(value) if isinstance(value, list) else value
                  for name, value in values.items()}
        self.insert(table, {**ROW, "account_id": account, "source_id": f"s{self.numbers}",
                            **values})

    def gone(self, table, account, at, **values):
        self.row(table, account, removed_at=at, removed_reason="missing", **values)
