"""An account of one of JumpCloud's connectors, against the simulator's region."""

import json

from harness import E2eCase
from simulator.client import Simulator

CONNECTORS = ("jumpcloud", "jumpcloud_mdm")
CONSOLE, INSIGHTS = "console.jumpcloud.com", "api.jumpcloud.com"
EVENTS = "/insights/directory/v1/events"

# What the truth speaks of: table -> (key, the other columns). `link` and `origin` are made of columns.
TABLES = {
    "users": (("source_id",), ("email", "username", "name", "status", "role", "department",
                               "title", "last_used_at")),
    "groups": (("source_id",), ("name", "kind")),
    "group_members": (("group_source_id", "member_source_id"), ("member_kind",)),
    "user_apps": (("user_source_id", "app_source_id"), ("link",)),
    "device_users": (("device_source_id", "user_source_id"), ("link",)),
    "devices": (("source_id",), ("name", "serial_number", "platform", "model", "os_version",
                                 "is_managed", "is_encrypted", "is_supervised", "user_source_id",
                                 "user_email", "last_seen_at")),
    "apps": (("source_id",), ("name", "identifier")),
    "device_apps": (("device_source_id", "app_source_id", "origin"), ("version", "path", "link")),
}


def seconds(time):
    """The log's times have more digits than the store's, and milliseconds are not the point."""
    return time[:19] if time else time


def flat(row):
    """A stored row in the words of the truth."""
    custom = json.loads(row.get("custom") or "{}")
    origins = json.loads(row.get("origins") or "[]")
    flags = {name: bool(row[name]) for name in row
             if name.startswith("is_") and row[name] is not None}
    return row | flags | {"link": custom.get("link"), "origin": "+".join(origins) or None}


def comparable(row, columns):
    return tuple(seconds(row.get(name)) if name.endswith("_at") else row.get(name) or None
                 if row.get(name) is not False else False for name in columns)


def keyed(rows, table):
    key, others = TABLES[table]
    return {tuple(row[name] for name in key): comparable(row, others) for row in rows}


class JumpCloudCase(E2eCase):
    """The simulator belongs to each test: its log is relative to the time of its start."""

    OPTIONS = {}
    VENDOR = "jumpcloud"
    TENANTS = []
    hosts = (CONSOLE, INSIGHTS)

    @classmethod
    def setUpClass(cls):
        """None for the class."""

    def setUp(self):
        self.sim = Simulator([{"vendor": "jumpcloud", **self.OPTIONS}]).start()
        self.addCleanup(self.sim.stop)
        super().setUp()
        self.account = f"{self.VENDOR}/acme"
        self.overlay()

    def overlay(self, rates="false", more="", vendors=CONNECTORS):
        """Ten requests a second would be most of a test's time: test_budget is
        about rates, all else goes without."""
        for vendor in vendors:
            (self.muster.project / "mappings" / f"{vendor}.lua").write_text(
                f"return {{ limits = {{ rates = {rates} }}, {more} }}\n")

    def said(self):
        return self.sim.ready["tenants"][self.hosts[0]]

    def connect_words(self, key=None, account="acme", settings=(), vendor=None):
        file = self.muster.secret_file(key or self.said()["token"], account)
        hosts = [word for host in self.hosts
                 for word in ("--connect-to", f"{host}:443:127.0.0.1:{self.sim.port}")]
        words = [word for name, value in dict(settings).items()
                 for word in ("--set", f"{name}={value}")]
        return ["connect", vendor or self.VENDOR, "--account", account, *words,
                "--secret-file", f"api_key={file}", "--ca-file", self.sim.ca_file, *hosts,
                "--no-input"]

    def connect(self, **options):
        run = self.muster.run(*self.connect_words(**options))
        self.assertEqual(run.code, 0, run)
        return run

    def run_sync(self, *arguments, code=0, account=None):
        return self.sync(*arguments, account=account or self.account, code=code)

    def change(self, op, **args):
        return self.sim.change(CONSOLE, op, **args)

    def truth(self, **options):
        return self.sim.truth(CONSOLE, **options)

    def stored(self, table, account=None):
        return keyed(map(flat, self.muster.rows(table, account or self.account)), table)

    def assert_table(self, table, true, account=None):
        stored, wanted = self.stored(table, account), keyed(true, table)
        columns = TABLES[table][1]
        found = [f"{table}: missing {key}" for key in wanted.keys() - stored.keys()]
        found += [f"{table}: too much {key}" for key in stored.keys() - wanted.keys()]
        found += [f"{table} {key}: {name} is {ours!r}, truly {theirs!r}"
                  for key in stored.keys() & wanted.keys()
                  for name, ours, theirs in zip(columns, stored[key], wanted[key])
                  if ours != theirs]
        if found:
            self.fail(f"{len(found)} differences:\n" + "\n".join(sorted(found)[:20]))

    def session(self, account=None):
        return self.muster.last_session(account or self.account)

    def counts(self, account=None):
        session = self.session(account)
        return [session[name] for name in ("created", "updated", "removed", "restored")]

    def stream(self, run, name):
        session, = run.objects()
        found, = (one for one in session["streams"] if one["stream"] == name)
        return found
