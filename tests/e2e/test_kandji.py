"""What Kandji's connector tells a person: warnings where nothing is to be seen, the permissions of the
token and where they are given, blueprints as groups of devices."""

import unittest

from harness import ACCOUNT, E2eCase, HOST
from simulator.client import Simulator


class KandjiCase(E2eCase):
    TENANTS = []
    OPTIONS: dict = {}

    @classmethod
    def setUpClass(cls):
        """A tenant for each test: each changes it."""

    def setUp(self):
        self.sim = Simulator([{"tenant": "acme", **self.OPTIONS}]).start()
        self.addCleanup(self.sim.stop)
        super().setUp()

    def warnings(self):
        session, = self.sync().objects()
        return next(one for one in session["streams"] if one["stream"] == "devices").get("warnings", [])


class Nothing(KandjiCase):
    OPTIONS = {"devices": 0}

    def test_an_empty_tenant_is_no_failure_and_said(self):
        self.connect()
        warning, = self.warnings()
        self.assertIn("not one device is visible", warning)
        self.assertIn("check the API URL", self.muster.account()["state_reason"])
        self.assert_state("ok")
        self.assert_true()


class Permissions(KandjiCase):
    OPTIONS = {"devices": 2, "plain": True, "permissions": ["Device list"]}

    def test_check_shows_what_is_granted_and_where_the_rest_is_given(self):
        self.connect()
        run = self.muster.run("check", ACCOUNT)
        self.assertIn('allow "Applications" (/api/v1/prism/apps) for the token: Settings > Access', run.out)
        self.assertIn("Access: Device list (/api/v1/devices), for devices", run.out)
        shown = self.muster.must("vendors", "show", "kandji", "--json").json()
        self.assertEqual([row["permission"] for row in shown["permissions"]],
                         ["Device list", "Applications"])


class Blueprints(KandjiCase):
    OPTIONS = {"devices": 6}

    def test_they_are_groups_of_the_devices_that_are_shown(self):
        self.connect_and_sync()
        truth = self.sim.truth(HOST)
        self.assertTrue(truth["groups"])
        self.assert_true()
        self.assertEqual({row["member_source_id"] for row in self.muster.rows("group_members")},
                         {row["source_id"] for row in self.muster.rows("devices")})


if __name__ == "__main__":
    unittest.main()
