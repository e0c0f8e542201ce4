"""The simulator against the vendor's own samples: same keys, same types. And the HAR mode."""

import json
import os
import pathlib
import re
import unittest

from .kandji import details, rows
from .kandji.samples import read_samples
from .probe import APPS, DEVICES, ServerCase, open_service

PROJECT = pathlib.Path(__file__).resolve().parents[2]
HAR = pathlib.Path(os.environ.get(
    "MUSTER_SAMPLES_HAR", PROJECT.parent / "shared/recordings/kandji-vendor-samples.har"))
WITHOUT_HAR = f"the vendor's samples are not here (MUSTER_SAMPLES_HAR={HAR})"


def sample(title):
    found = next(s for s in read_samples(HAR) if s.title == title)
    return json.loads(re.sub(r",\s*\.\.\.", "", found.text))  # one sample is shortened with dots


@unittest.skipUnless(HAR.is_file(), WITHOUT_HAR)
class SameShape(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tenant = open_service(devices=40, apps_per_device=4, plain=True).tenant
        cls.tenant.devices[0].family = "Mac"

    def of_family(self, family):
        return next(d for d in self.tenant.devices if d.family == family)

    def assert_same(self, ours, theirs, where=""):
        """Same keys; same type of each value unless one of them is null or theirs is {}."""
        self.assertEqual(sorted(ours), sorted(theirs), where)
        for key, value in theirs.items():
            self.assert_alike(ours[key], value, f"{where}.{key}")

    def assert_alike(self, ours, theirs, where):
        if isinstance(theirs, dict) and theirs and ours:
            self.assert_same(ours, theirs, where)
        elif isinstance(theirs, list) and theirs and ours and isinstance(theirs[0], dict):
            self.assert_same(ours[0], theirs[0], where + "[]")
        elif theirs is not None and ours is not None:
            self.assertIs(type(ours), type(theirs), where)

    def test_device_in_the_list(self):
        self.assert_same(rows.device_row(self.of_family("Mac")),
                         sample("List Devices: List Devices")[0])
        unassigned = self.of_family("iPhone")
        owner, unassigned.person = unassigned.person, None
        self.assert_same(rows.device_row(unassigned), sample("List Devices: List iPhone only")[0])
        unassigned.person = owner

    def test_one_device(self):
        self.assert_same(rows.device_row(self.of_family("iPad"), in_list=False),
                         sample("Get Device: Get iPad"))

    def test_details(self):
        for family in ("Mac", "iPad"):
            self.assert_same(details.device_details(self.of_family(family)),
                             sample(f"Get Device Details: Get {family} details"))

    def test_details_of_an_apple_tv(self):
        box = self.of_family("Mac")
        box.family, box.person = "AppleTV", None
        self.assert_same(details.device_details(box),
                         sample("Get Device Details: Get AppleTV details"))
        box.family, box.person = "Mac", self.tenant.people[0]

    def test_apps_of_a_device(self):
        for family, title in (("Mac", "Mac apps"), ("iPad", "iPad apps")):
            device = self.of_family(family)
            self.assert_same(rows.app_row(device, device.installs[0]),
                             sample(f"Get Device Apps: {title}")["apps"][0])

    def test_prism_apps(self):
        device = self.of_family("Mac")
        install = next(i for i in device.installs if i.app.developer)
        theirs = sample("Applications: success")
        self.assert_same(rows.prism_rows(device, [install])[0], theirs["data"][0])
        self.assertEqual(list(rows.PRISM_KEYS), list(theirs["data"][0]))

    def test_device_information(self):
        title = "Device information: Get devices by assigned email"
        self.assert_same(rows.information_row(self.of_family("Mac")), sample(title)["data"][0])

    def test_users_and_blueprints(self):
        self.assert_same(rows.user_row(self.tenant.people[0], 1),
                         sample("List Users: success")["results"][0])
        self.assert_same(rows.blueprint_row(self.tenant, "Engineering"),
                         sample("List Blueprints: success")["results"][0])


@unittest.skipUnless(HAR.is_file(), WITHOUT_HAR)
class Envelopes(ServerCase):
    def ask_all(self, path, **more):
        return self.ask(path, token="all", **more).json()

    def assert_keys(self, ours, theirs):
        self.assertEqual(sorted(ours), sorted(theirs))

    def test_envelopes(self):
        self.assert_keys(self.ask_all(APPS), sample("Applications: success"))
        self.assert_keys(self.ask_all("/api/v1/users"), sample("List Users: success"))
        self.assert_keys(self.ask_all("/api/v1/blueprints"), sample("List Blueprints: success"))
        self.assert_keys(self.ask_all("/api/v1/prism/count?category=apps"),
                         sample("Count: success"))
        licensing, theirs = self.ask_all("/api/v1/settings/licensing"), sample("Licensing: success")
        for part in ("counts", "limits"):
            self.assert_keys(licensing.pop(part), theirs.pop(part))
        self.assert_keys(licensing, theirs)

    def test_bodies_of_actions(self):
        device = self.ask(f"{DEVICES}?platform=Mac").json()[0]
        lock = f"{DEVICES}/{device['device_id']}/action/lock"
        self.assert_keys(self.ask_all(lock, method="POST"), sample("Lock Device: success"))
        self.assertEqual(self.ask_all(lock, method="POST"),
                         sample("Lock Device: Device already locked"))


@unittest.skipUnless(HAR.is_file(), WITHOUT_HAR)
class HarMode(ServerCase):
    @classmethod
    def services(cls):
        from .vendor import open_tenant
        return [open_tenant("kandji", {"har": str(HAR), "tenant": "acme", "token": "t"})]

    def test_bodies_are_verbatim(self):
        texts = {s.title: s.text for s in read_samples(HAR)}
        self.assertEqual(self.ask(f"{DEVICES}?limit=300&offset=0&ordering=device_id").body.decode(),
                         texts["List Devices: List Devices"])
        self.assertEqual(self.ask(f"{APPS}?limit=300").body.decode(),
                         texts["Applications: success"])
        self.assertEqual(self.ask(f"{DEVICES}?platform=iPad&limit=300&offset=0").body.decode(),
                         texts["List Devices: List iPad only"])
        self.assertEqual(self.ask(f"{DEVICES}/any/details").body.decode(),
                         texts["Get Device Details: Get Mac details"])

    def test_the_next_page_is_the_end(self):
        self.assertEqual(self.ask(f"{DEVICES}?offset=2").json(), [])
        self.assertEqual(self.ask(f"{APPS}?offset=2").status, 400)
        self.assertEqual(self.ask(DEVICES, token="wrong").status, 401)

    def test_truth(self):
        truth = self.server.services["acme.api.kandji.io"].truth()
        self.assertEqual([(u["name"], u["status"]) for u in truth["users"]],
                         [("acchuive admin", "active")])
        self.assertEqual(len(truth["devices"]), 2)
        self.assertEqual(truth["device_apps"], [])  # their device is not in the other sample


if __name__ == "__main__":
    unittest.main()
