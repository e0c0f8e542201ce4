"""The same laptops in four accounts: three products of ManageEngine and Kandji tell of them, and a
person sees one machine with its sources, and each app once."""

import collections
import unittest

from manageengine import EVERY_SCOPE, SCOPES, ManageEngineCase

KANDJI, KANDJI_HOST = "kandji/acme", "acme.api.kandji.io"
JUNK = ("TO BE FILLED BY O.E.M.", "DEFAULT STRING", "SYSTEM SERIAL NUMBER", "0")


class OneMachine(ManageEngineCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 48, "apps_per_device": 4},
               {"tenant": "acme", "devices": 8, "apps_per_device": 3, "plain": True}]

    def setUp(self):
        super().setUp()
        self.must_join(code=self.code(EVERY_SCOPE))
        for vendor in list(SCOPES)[1:]:
            self.assertEqual(self.connect("--credential", "manageengine_mdm/acme",
                                          vendor=vendor).code, 0)
        run = self.muster.connect_kandji(self.sim)
        self.assertEqual(run.code, 0, run)

    def sync_all(self):
        for slug in (*(f"{vendor}/acme" for vendor in SCOPES), KANDJI):
            self.sync(account=slug)

    def shared_serials(self):
        """Some of Kandji's Macs are laptops that MDM knows as well."""
        macs = [row["serial_number"] for row in self.sim.truth(self.host)["devices"]
                if row["platform"] == "macos"][:3]
        for serial, row in zip(macs, self.sim.truth(KANDJI_HOST)["devices"]):
            self.sim.change(KANDJI_HOST, "set_serial", device=row["source_id"],
                            serial=serial)
        return macs

    def sources(self):
        """How many accounts tell of a serial number, by the truths."""
        hosts = [self.host_of(vendor) for vendor in SCOPES] + [KANDJI_HOST]
        serials = [(row["serial_number"] or "").upper() for host in hosts
                   for row in self.sim.truth(host)["devices"]]
        counts = collections.Counter(serials)
        del counts[""]
        return counts

    def test_a_serial_number_is_one_machine_whoever_tells_of_it(self):
        macs = self.shared_serials()
        self.sync_all()
        wanted = self.sources()
        self.assertEqual({wanted[serial.upper()] for serial in macs}, {4})
        shown = self.muster.query("SELECT identity, serial_number, source_count FROM inventory")
        found = {row["identity"]: row["source_count"] for row in shown if row["serial_number"]}
        self.assertEqual(found, dict(wanted))
        self.assertFalse(set(JUNK) & set(found))
        alone = [row["source_count"] for row in shown if not row["serial_number"]]
        self.assertEqual(set(alone), {1})

    def test_a_person_sees_one_machine_and_each_app_once(self):
        self.sync_all()
        owner = self.muster.query(
            "SELECT user_email FROM inventory WHERE source_count = 3 AND user_email IS NOT NULL "
            "AND platform = 'windows' LIMIT 1")[0]["user_email"]
        person = self.muster.must("person", owner, "--json").json()
        machines = [row for row in person["devices"] if row["source_count"] == 3]
        self.assertTrue(machines)
        serials = [row["serial_number"] for row in person["devices"] if row["serial_number"]]
        self.assertEqual(len(serials), len(set(serials)))
        told = [((row["serial_number"] or "").upper(), row["app"].lower())
                for row in person["apps"]]
        self.assertTrue(told)
        self.assertEqual(len(told), len(set(told)))
        self.assertIn(2, {len(row["accounts"]) for row in person["apps"]})
        self.assertEqual({len(row["accounts"]) for row in machines}, {3})


if __name__ == "__main__":
    unittest.main()
