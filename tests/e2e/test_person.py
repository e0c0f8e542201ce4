"""muster person: one person over all accounts, from whatever a vendor says of them."""

import unittest

from terminal import Terminal
from world import WorldCase

MISSING, USAGE = 7, 2
LONG_AGO, LATELY = "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"
KANDJI, JUMPCLOUD, OLD = "kandji/acme", "jumpcloud/acme", "kandji/old"


class Person(WorldCase):
    def fill(self):
        for account in (KANDJI, JUMPCLOUD):
            self.account(account)
        self.account(OLD, archived_at=LATELY)
        self.row("users", KANDJI, source_id="u1", email="Ada@Acme.example ", name="Ada L",
                 status="inactive", last_used_at=LONG_AGO)
        self.row("users", JUMPCLOUD, source_id="j1", email="ada@acme.example", name="Ada Lovelace",
                 status="active", department="Engines", last_used_at=LATELY)
        self.row("users", OLD, source_id="o1", email="ada@acme.example", name="Ada Archived")
        self.row("users", KANDJI, source_id="u2", email="bob@acme.example", name="Bob Ada")
        self.devices()
        self.relations()

    def devices(self):
        self.row("devices", KANDJI, source_id="d1", name="Ada's Mac", serial_number="c02x ",
                 platform="macos", user_source_id="u1", last_seen_at=LATELY)
        self.row("devices", JUMPCLOUD, source_id="e1", name="ada-mac", serial_number="C02X",
                 platform="macos", last_seen_at=LONG_AGO)
        self.row("devices", JUMPCLOUD, source_id="e2", name="shared", serial_number="X1")
        self.row("devices", JUMPCLOUD, source_id="e3", name="by e-mail", user_email="ADA@acme.example")
        self.row("devices", KANDJI, source_id="d2", name="Bob's", user_source_id="u2",
                 serial_number="B1")
        # The same id in another account is somebody else's.
        self.row("devices", JUMPCLOUD, source_id="e4", name="not hers", user_source_id="u1")
        self.row("device_users", JUMPCLOUD, device_source_id="e2", user_source_id="j1")
        self.gone("devices", KANDJI, LATELY, source_id="d0", name="Stolen", user_source_id="u1")

    def relations(self):
        for number, (name, device) in enumerate((("Zoom", "d1"), ("Slack", "d1"), ("Xcode", "d2"))):
            self.row("apps", KANDJI, source_id=f"a{number}", name=name, identifier=f"com.{name}")
            self.row("device_apps", KANDJI, device_source_id=device, app_source_id=f"a{number}",
                     version="1.2")
        self.gone("device_apps", KANDJI, LONG_AGO, device_source_id="d1", app_source_id="a2",
                  version="0.9")
        self.row("apps", JUMPCLOUD, source_id="sso", name="Salesforce")
        self.row("user_apps", JUMPCLOUD, user_source_id="j1", app_source_id="sso")
        self.row("groups", JUMPCLOUD, source_id="g1", name="Engineers", kind="user")
        self.row("group_members", JUMPCLOUD, group_source_id="g1", member_source_id="j1",
                 member_kind="user")
        self.row("groups", KANDJI, source_id="g2", name="Macs", kind="device")
        self.row("group_members", KANDJI, group_source_id="g2", member_source_id="d1",
                 member_kind="device")
        self.row("group_members", KANDJI, group_source_id="g2", member_source_id="d2",
                 member_kind="device")
        self.row("user_licenses", KANDJI, user_source_id="u1", license="Mac")
        self.row("user_licenses", KANDJI, user_source_id="u2", license="iPad")

    def person(self, email="ada@acme.example"):
        return self.muster.must("person", email, "--json").json()

    def names(self, key, column="name"):
        return [row[column] for row in self.person()[key]]

    def test_everything_of_one_person(self):
        person = self.person()
        self.assertEqual({key: person[key] for key in ("email", "name", "status", "department",
                                                       "last_used_at")},
                         {"email": "ada@acme.example", "name": "Ada Lovelace", "status": "active",
                          "department": "Engines", "last_used_at": LATELY})
        self.assertEqual(self.names("users", "account"), [JUMPCLOUD, KANDJI])
        self.assertEqual(self.names("sso_apps", "app"), ["Salesforce"])
        self.assertEqual(self.names("groups"), ["Engineers", "Macs"])
        self.assertEqual(self.names("licenses", "license"), ["Mac"])
        self.assertEqual(self.names("apps", "app"), ["Slack", "Zoom"])

    def test_devices_are_merged_and_their_sources_kept(self):
        devices = {device["name"]: device for device in self.person()["devices"]}
        self.assertEqual(sorted(devices), ["Ada's Mac", "by e-mail", "shared"])
        self.assertEqual(sorted(devices["Ada's Mac"]["accounts"]), [JUMPCLOUD, KANDJI])
        self.assertEqual(len(devices["Ada's Mac"]["sources"]), 2)

    def test_an_app_that_two_vendors_tell_of_is_told_once(self):
        """d1 and e1 are one machine, and Kandji saw it last; Slack's second copy is Kandji's own."""
        for number, (app, version) in enumerate((("Zoom", "1.2.0"), ("zoom ", "1"), ("Sketch", "9"))):
            self.row("apps", JUMPCLOUD, source_id=f"j{number}", name=app)
            self.row("device_apps", JUMPCLOUD, device_source_id="e1", app_source_id=f"j{number}",
                     version=version)
        self.row("device_apps", KANDJI, device_source_id="d1", app_source_id="a1", version="1.1",
                 path="/Users/ada/Slack.app")
        told = [(row["app"], row["version"], row["account"], sorted(row["accounts"]))
                for row in self.person()["apps"]]
        self.assertEqual(told, [
            ("Sketch", "9", JUMPCLOUD, [JUMPCLOUD]), ("Slack", "1.2", KANDJI, [KANDJI]),
            ("Slack", "1.1", KANDJI, [KANDJI]), ("Zoom", "1.2", KANDJI, [JUMPCLOUD, KANDJI])])

    def test_what_was_removed_is_told_the_newest_first(self):
        self.assertEqual(
            [(row["kind"], row["name"], row["removed_at"]) for row in self.person()["removed"]],
            [("device", "Stolen", LATELY), ("app", "Xcode 0.9 on Ada's Mac", LONG_AGO)])

    def test_case_and_blanks_do_not_matter(self):
        for spelling in ("ADA@ACME.EXAMPLE", " ada@acme.example "):
            self.assertEqual(self.person(spelling), self.person())

    def test_who_is_gone_is_still_told(self):
        self.gone("users", KANDJI, LATELY, source_id="u9", email="eve@acme.example", name="Eve")
        person = self.person("eve@acme.example")
        self.assertEqual((person["users"], person["name"]), ([], None))
        self.assertEqual([row["kind"] for row in person["removed"]], ["user"])
        self.assertTrue(self.muster.must("person", "eve@acme.example").out.startswith("eve@"))

    def test_who_is_known_by_a_device_alone(self):
        self.row("devices", KANDJI, name="lonely", user_email="Zoe@acme.example")
        person = self.person("zoe@acme.example")
        self.assertEqual([device["name"] for device in person["devices"]], ["lonely"])

    def test_nobody(self):
        for typed, hint in (("ada@acme.exampel", "did you mean ada@acme.example?"),
                            ("bob", "did you mean bob@acme.example?"),
                            ("lovelace", "did you mean ada@acme.example?"),
                            ("acme", "did you mean ada@acme.example, bob@acme.example?"),
                            ("bbo@acme.example", "did you mean bob@acme.example?"),
                            ("zed@acme.example", "muster users --search TEXT"),
                            ("nobody.at.all", "muster users --search TEXT")):
            with self.subTest(typed=typed):
                run = self.muster.run("person", typed)
                self.assertEqual(run.code, MISSING, run)
                self.assertIn(hint, run.err)
        self.assertEqual(self.muster.run("person", "  ").code, USAGE)

    def test_near_ones_are_bounded(self):
        for number in range(20):
            self.row("users", KANDJI, email=f"team{number:02}@acme.example")
        self.assertIn("or one of 15 more? muster users --search team",
                      self.muster.run("person", "team").err)

    def test_what_a_person_reads(self):
        out = self.muster.must("person", "ada@acme.example").out
        self.assertTrue(out.startswith("ada@acme.example, Ada Lovelace, active, Engines, last used "
                                       "2026-02-01 00:00Z\n"), out)
        self.assertIn("Installed apps: 2 (--apps lists them)", out)
        self.assertNotIn("Slack", out)
        self.assertNotIn("not hers", out)
        self.assertIn("Devices (3)", out)
        self.assertIn("Slack", self.muster.must("person", "ada@acme.example", "--apps").out)

    def test_a_terminal_gets_no_endless_list(self):
        for number in range(30):
            self.row("user_licenses", KANDJI, source_id=f"l{number}", user_source_id="u1",
                     license=f"L{number:02}")
        for more, is_cut in (((), True), (("--all",), False)):
            command = self.muster.command("person", "ada@acme.example", *more)
            with Terminal(command, self.muster.environment, columns=120) as terminal:
                shown = terminal.end()
            self.assertEqual(terminal.code, 0)
            self.assertEqual("... and 11 more (--all)" in shown, is_cut, shown)
            self.assertEqual("L29" in shown, not is_cut)
        self.assertIn("L29", self.muster.must("person", "ada@acme.example").out)


if __name__ == "__main__":
    unittest.main()
