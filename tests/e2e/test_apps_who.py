"""muster apps who: which app is meant, and who has it."""

import unittest

from world import WorldCase

USAGE, MISSING = 2, 7
KANDJI, JUMPCLOUD = "kandji/acme", "jumpcloud/acme"
SEEN, GONE = "2026-02-01T00:00:00.000Z", "2026-02-20T00:00:00.000Z"


class AppsWho(WorldCase):
    def fill(self):
        for account in (KANDJI, JUMPCLOUD):
            self.account(account)
            self.row("users", account, source_id="u1", email="Ada@acme.example", name="Ada",
                     last_used_at=SEEN)
            self.row("apps", account, source_id="zoom", name="zoom.us", identifier="us.zoom.xos")
        self.row("apps", KANDJI, source_id="rooms", name="Zoom Rooms", identifier="us.zoom.rooms")
        self.row("apps", KANDJI, source_id="slack", name="Slack", identifier="com.slack")
        for device, version in (("d1", "5.17.1"), ("d2", "5.1"), ("d3", "5.17")):
            self.row("devices", KANDJI, source_id=device, name=f"Mac {device}", last_seen_at=SEEN,
                     user_source_id="u1" if device == "d1" else None,
                     user_email="Bob@acme.example" if device == "d2" else None)
            self.row("device_apps", KANDJI, device_source_id=device, app_source_id="zoom",
                     version=version)
        self.row("device_apps", KANDJI, device_source_id="d1", app_source_id="rooms")
        self.row("user_apps", JUMPCLOUD, user_source_id="u1", app_source_id="zoom")
        self.gone("device_apps", KANDJI, GONE, device_source_id="d1", app_source_id="slack",
                  version="4.0")

    def who(self, *arguments):
        return self.muster.must("apps", "who", *arguments, "--json").json()

    def short(self, *arguments):
        return [(row["person"], row["device"], row["version"], row["account"], row["how"])
                for row in self.who(*arguments)]

    def test_installed_or_assigned(self):
        self.assertEqual(self.short("ZOOM.us"), [
            ("ada@acme.example", None, None, JUMPCLOUD, "sign-on"),
            ("ada@acme.example", "Mac d1", "5.17.1", KANDJI, "installed"),
            ("bob@acme.example", "Mac d2", "5.1", KANDJI, "installed"),
            (None, "Mac d3", "5.17", KANDJI, "installed")])
        self.assertEqual({row["last_seen_at"] for row in self.who("zoom.us")}, {SEEN})
        self.assertEqual(self.who("us.zoom.XOS"), self.who("zoom.us"))
        self.assertIn("bob@acme.example  Mac d2", self.muster.must("apps", "who", "zoom.us").out)

    def test_a_part_that_one_app_has_is_enough(self):
        self.assertEqual(self.short("rooms"),
                         [("ada@acme.example", "Mac d1", None, KANDJI, "installed")])

    def test_a_part_that_several_have_is_not(self):
        run = self.muster.run("apps", "who", "zoom")
        self.assertEqual(run.code, USAGE, run)
        self.assertIn('"zoom" means 2 apps: zoom.us (4), Zoom Rooms (1)', run.err)
        self.assertIn("muster installs --app zoom", run.err)

    def test_filters(self):
        self.assertEqual([row[2] for row in self.short("zoom.us", "--app-version", "5.17")],
                         ["5.17.1", "5.17"])
        self.assertEqual(len(self.who("zoom.us", "--account", JUMPCLOUD)), 1)
        self.assertEqual(len(self.who("zoom.us", "--account", "kandji")), 3)
        self.assertEqual(len(self.who("zoom.us", "--limit", "2")), 2)
        self.assertEqual(self.muster.run("apps", "who", "zoom.us", "--account", "x/y").code, MISSING)
        run = self.muster.must("apps", "who", "zoom.us", "--app-version", "9", "--account", KANDJI)
        self.assertIn(f"Nobody has zoom.us, version 9, in {KANDJI}.", run.err)

    def test_removed(self):
        self.assertIn("Nobody has slack.", self.muster.must("apps", "who", "slack").err)
        rows = self.who("slack", "--removed")
        self.assertEqual([(row["person"], row["version"], row["removed_at"]) for row in rows],
                         [("ada@acme.example", "4.0", GONE)])
        self.assertEqual(self.who("zoom.us", "--removed"), [])

    def test_an_app_that_is_gone_is_found_among_the_removed(self):
        self.gone("apps", KANDJI, GONE, source_id="old", name="Old App")
        self.gone("device_apps", KANDJI, GONE, device_source_id="d1", app_source_id="old")
        self.assertEqual(self.muster.run("apps", "who", "old app").code, MISSING)
        self.assertEqual(len(self.who("old app", "--removed")), 1)

    def test_unknown(self):
        run = self.muster.run("apps", "who", "SLCK")
        self.assertEqual(run.code, MISSING, run)
        self.assertIn('did you mean "slack"?', run.err)
        self.assertIn("muster apps --search", self.muster.run("apps", "who", "qqqqqqqq").err)


if __name__ == "__main__":
    unittest.main()
