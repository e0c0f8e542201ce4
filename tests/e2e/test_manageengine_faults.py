"""Whatever a listing of ManageEngine comes to, no row is removed for it."""

import unittest

from manageengine import ManageEngineCase

# name, parameters: of the second page, unless `page` says otherwise.
FAULTS = (
    ("repeated_page", {}), ("ignore_paging", {}), ("empty_list", {}), ("null_list", {}),
    ("empty_list", {"page": 1}), ("wrong_total", {"delta": 7}), ("wrong_total", {"delta": -7}), ("list_of_wrong_type", {}), ("drop_rows", {"count": 3}),
    ("truncated_json", {}), ("html_page", {}), ("empty_body", {}), ("empty_body", {"page": 1}),
    ("empty_object", {}), ("server_error", {"status": 500, "times": 0}), ("missing_id", {}),
    ("duplicate_keys", {}), ("depth_bomb", {}), ("cut_body", {"after": 300, "times": 0}),
)


class FaultCase(ManageEngineCase):
    TENANTS = [{"vendor": "manageengine", "region": "eu", "devices": 160, "apps_per_device": 1,
                "mdm": {"page_max": 40}, "endpoint_central": {"page_max": 40},
                "servicedesk_plus": {"max_rows": 40}}]

    def check_faults(self, path, stream):
        self.join_and_sync()
        live = {row["source_id"] for row in self.muster.rows("devices", self.slug)}
        for name, more in FAULTS:
            with self.subTest(name=name, **more):
                self.sim.clear_faults()
                self.sim.fault(name, host=self.host, path=path, **{"page": 2, **more})
                self.sync("--stream", stream, account=self.slug, code=None)
                self.assertEqual({row["source_id"] for row in
                                  self.muster.rows("devices", self.slug)}, live)
        self.sim.clear_faults()
        self.sync("--stream", stream, account=self.slug, code=None)


class Mdm(FaultCase):
    VENDOR = "manageengine_mdm"

    def test_devices(self):
        self.check_faults("/api/v1/mdm/devices", "devices")


class EndpointCentral(FaultCase):
    VENDOR = "manageengine_endpoint_central"

    def test_computers(self):
        self.check_faults("/api/1.4/som/computers", "computers")


class ServiceDeskPlus(FaultCase):
    VENDOR = "manageengine_servicedesk_plus"

    def test_assets(self):
        self.check_faults("/api/v3/assets", "assets")


if __name__ == "__main__":
    unittest.main()
