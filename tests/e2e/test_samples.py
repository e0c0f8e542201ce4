"""Real input: the vendor's own published sample responses, through the whole program."""

import os
import pathlib
import unittest

from harness import E2eCase, HOST, REPOSITORY

HAR = pathlib.Path(os.environ.get(
    "MUSTER_SAMPLES_HAR", REPOSITORY.parent / "shared/recordings/kandji-vendor-samples.har"))


@unittest.skipUnless(HAR.is_file(), f"the vendor's samples are not here (MUSTER_SAMPLES_HAR={HAR})")
class Samples(E2eCase):
    TENANTS = [{"tenant": "acme", "har": str(HAR)}]

    def test_the_rows_that_come_out_of_the_samples(self):
        self.connect()
        self.sync(code=None)
        self.assert_true()
        device = self.muster.rows("devices", where="t.name LIKE 'accuhive%'")[0]
        self.assertEqual(
            {key: device[key] for key in ("source_id", "serial_number", "platform", "model",
                                          "os_version", "user_email", "asset_tag")},
            {"source_id": "03f81208-2b6a-4a77-81f5-cf1633bcfb95", "serial_number": "FVHHFKF7Q6L4",
             "platform": "macos", "model": "MacBook Air (M1, 2020)", "os_version": "14.4.1",
             "user_email": "accuhive.admin@kandji.io", "asset_tag": "sending_tag_to_now"})
        user, = self.muster.rows("users")
        self.assertEqual((user["source_id"], user["name"], user["status"]),
                         ("5344c996-8823-4b37-8d6e-8515fc7c3a0a", "acchuive admin", "active"))
        self.assertEqual([row["license"] for row in self.muster.rows("user_licenses")], ["Mac"])

    def test_the_apps_of_the_samples(self):
        """Their device is in none of the device samples, so that a person's overlay shows them."""
        self.connect()
        overlay = self.muster.project / "mappings" / "kandji.lua"
        overlay.write_text("return { map = { device_app = { keep = { owned = false } } } }\n")
        self.sync(code=None)
        app, = self.muster.rows("apps")
        self.assertEqual((app["source_id"], app["name"], app["publisher"]),
                         ("com.agilebits.onepassword7", "1Password 7", "AgileBits Inc."))
        install, = self.muster.rows("device_apps")
        self.assertEqual((install["version"], install["path"]),
                         ("7.9.11", "/Applications/1Password 7.app"))
        self.assertEqual(self.muster.account()["tenant"], HOST)


if __name__ == "__main__":
    unittest.main()
