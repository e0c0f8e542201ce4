"""Verbs that change something say with --json what is now: one document each, nothing else on stdout."""

import unittest

from harness import ACCOUNT, E2eCase, HOST, REPOSITORY


class Deeds(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 30, "apps_per_device": 2}]

    def told(self, *arguments):
        run = self.muster.must(*arguments, "--json")
        self.assertTrue(run.out, f"nothing on stdout: {arguments}")
        return run.json()

    def test_accounts(self):
        token = self.muster.secret_file(self.sim.token(HOST), "again")
        self.assertEqual(self.connect(extra=["--json"]).json()["account"], ACCOUNT)
        self.assertEqual(self.told("accounts", "set", ACCOUNT, "--every", "6h")["every"], "6h")
        self.assertEqual([account["state"] for account in self.told("accounts", "pause", "kandji")],
                         ["paused"])
        self.assertEqual(self.told("accounts", "resume", ACCOUNT)[0]["state"], "new")
        told = self.told("accounts", "reconnect", ACCOUNT, "--secret-file", f"api_token={token}")
        self.assertEqual((told["account"], told["tenant"]), (ACCOUNT, HOST))
        told = self.told("accounts", "rename", ACCOUNT, "other")
        self.assertEqual((told["account"], told["every"]), ("kandji/other", "6h"))
        self.assertEqual(told.keys(), self.told("accounts")[0].keys())
        self.assertEqual(self.told("accounts", "disconnect", "kandji/other", "--purge", "--yes"),
                         {"account": "kandji/other", "is_purged": True})

    def test_credentials(self):
        token = self.muster.secret_file(self.sim.token(HOST))
        secret = ("--secret-file", f"api_token={token}")
        told = self.told("credentials", "add", "spare", "kandji", *secret)
        self.assertEqual((told["credential"], told["fields"]), ("spare", ["api_token"]))
        self.assertEqual(self.told("credentials", "replace", "spare", *secret), told)
        self.assertEqual(self.told("credentials", "delete", "spare", "--yes"),
                         {"credential": "spare"})

    def test_settings(self):
        told = self.told("config", "set", "keep.recordings", "90")
        self.assertEqual((told["key"], told["value"], told["source"]),
                         ("keep.recordings", 90, "project"))
        told = self.told("config", "unset", "keep.recordings", "--yes")
        self.assertEqual((told["value"], told["source"]), (30, "default"))

    def test_removals(self):
        self.connect_and_sync()
        self.sim.change(HOST, "remove_devices", count=20)
        self.sync(code=3)
        told = self.told("removals", "approve", ACCOUNT, "--yes")
        self.assertTrue(told)
        self.assertTrue(all(held["approved_at"] for held in told), told)
        self.assertEqual(told, self.told("removals"))

    def test_what_a_connector_may_reach(self):
        self.connect()
        text = (REPOSITORY / "scripts" / "vendors" / "kandji.lua").read_text(encoding="utf-8")
        (self.muster.project / "vendors" / "kandji.lua").write_text(
            text.replace('"*.api.kandji.io",', '"*.api.kandji.io", "*.elsewhere.example",', 1))
        told, = self.told("vendors", "approve", "kandji", "--dry-run")
        self.assertFalse(told["is_approved"])
        told, = self.told("vendors", "approve", "kandji", "--yes")
        self.assertTrue(told["is_approved"])
        self.assertIn("elsewhere.example", told["difference"])

    def test_the_rest(self):
        self.connect_and_sync()
        file = self.muster.folder / "devices.csv"
        told = self.told("export", "devices", "-o", str(file))
        self.assertEqual(told, {"export": "devices", "file": str(file),
                                "rows": len(file.read_text().splitlines()) - 1})
        self.assertEqual(self.told("vault", "rotate"), {"fields": 1})
        self.assertEqual(self.told("vault", "rekey")["state"], "open")
        self.assertIn("files", self.told("backup", str(self.muster.folder / "backup")))


if __name__ == "__main__":
    unittest.main()
