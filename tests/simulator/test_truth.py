"""The truth: the rules one by one on rows written by hand, and properties of whole tenants."""

import unittest

from .kandji.truth import canonical_rows
from .probe import open_service


def device(device_id="d1", **fields):
    row = {
        "device_id": device_id, "device_name": "Rosa’s Mac", "model": "MacBook Pro",
        "serial_number": "K7", "platform": "Mac", "os_version": "15.5",
        "supplemental_build_version": "24F74", "supplemental_os_version_extra": "",
        "last_check_in": "2026-03-02T09:14:55.120345Z", "asset_tag": "", "mdm_enabled": True,
        "is_removed": False, "last_enrollment": "2025-11-19 10:02:11.440210+00:00",
        "user": {"email": "Rosa@Example.com", "name": "Rosa", "id": "u1", "is_archived": False},
    }
    return row | fields


def app(device_id="d1", **fields):
    row = {"device_id": device_id, "name": "Figma", "bundle_id": "com.figma.Desktop",
           "path": "/Applications/Figma.app", "version": "1.2", "short_version": "120",
           "developer_name": "Figma, Inc.", "obtained_from": "Identified Developer"}
    return row | fields


def only(rows):
    assert len(rows) == 1, rows
    return rows[0]


class Users(unittest.TestCase):
    def test_key_is_the_id_as_text_else_the_lower_cased_email(self):
        self.assertEqual(only(canonical_rows([device()], [])["users"])["source_id"], "u1")
        number = device(user={"email": "", "name": "K", "id": 9007199254740993})
        self.assertEqual(only(canonical_rows([number], [])["users"]),
                         {"source_id": "9007199254740993", "email": None, "name": "K",
                          "status": "active", "last_used_at": "2026-03-02T09:14:55.120345Z"})
        without = device(user={"email": "No.Id@Example.com", "name": "N"})
        self.assertEqual(only(canonical_rows([without], [])["users"])["source_id"],
                         "no.id@example.com")

    def test_the_device_seen_last_tells_the_name(self):
        late = device("d2", last_check_in="2026-03-03T00:00:00Z", user={
            "email": "ROSA@example.com", "name": "New", "id": "u1", "is_archived": True})
        never = device("d3", last_check_in="", user={"email": "x@y", "name": "Old", "id": "u1"})
        for order in ([device(), late, never], [never, late, device()]):
            user = only(canonical_rows(order, [])["users"])
            self.assertEqual((user["name"], user["status"], user["email"]),
                             ("New", "inactive", "rosa@example.com"))
            self.assertEqual(user["last_used_at"], "2026-03-03T00:00:00.000000Z")

    def test_licences_are_the_three_families(self):
        rows = canonical_rows([device(), device("d2", platform="iPad"),
                               device("d3", platform="iPad"), device("d4", platform="AppleTV"),
                               device("d5", platform="iPhone", user="")], [])
        self.assertEqual(rows["user_licenses"],
                         [{"user_source_id": "u1", "license": "Mac"},
                          {"user_source_id": "u1", "license": "iPad"}])
        self.assertEqual(rows["licenses"], [{"name": "Mac"}, {"name": "iPad"}])


class Devices(unittest.TestCase):
    def test_devices_without_a_user_are_left_out_unless_asked_for(self):
        rows = [device(f"d{i}", user=user) for i, user in enumerate(("", None, {}, {"name": "x"}))]
        missing = device("d9")
        del missing["user"]
        rows.append(missing)
        self.assertEqual(canonical_rows(rows, [app("d0")])["devices"], [])
        self.assertEqual(canonical_rows(rows, [app("d0")])["device_apps"], [])
        everything = canonical_rows(rows, [app("d0")], owned_only=False)
        self.assertEqual((len(everything["devices"]), len(everything["device_apps"])), (5, 1))

    def test_fields(self):
        row = only(canonical_rows([device(platform="HomePod", serial_number="", os_version="13.4.1",
                                          supplemental_os_version_extra="(a)")], [])["devices"])
        self.assertEqual((row["platform"], row["serial_number"], row["os_version"]),
                         ("unknown", None, "13.4.1 (a)"))
        self.assertEqual(row["enrolled_at"], "2025-11-19T10:02:11.440210Z")
        self.assertEqual((row["user_source_id"], row["user_email"]), ("u1", "rosa@example.com"))


class Apps(unittest.TestCase):
    def install(self, **fields):
        return only(canonical_rows([device()], [app(**fields)])["device_apps"])

    def test_unusable_bundle_ids_fall_back_to_the_name(self):
        for bundle_id in ("", None, "No value"):
            row = self.install(bundle_id=bundle_id, name=" Übersicht Tool ")
            self.assertEqual(row["app_source_id"], "Übersicht tool")

    def test_version_falls_back_to_the_short_one(self):
        for version in ("", None, "No value"):
            self.assertEqual(self.install(version=version)["version"], "120")
        self.assertIsNone(self.install(version="", short_version="No value")["version"])

    def test_the_place_is_path_then_bundle_id_then_name(self):
        self.assertEqual(self.install()["key"], ["d1", "/Applications/Figma.app"])
        self.assertEqual(self.install(path="")["key"], ["d1", "com.figma.Desktop"])
        self.assertEqual(self.install(path=None, bundle_id="")["key"], ["d1", "Figma"])

    def test_helpers_and_updaters_are_dropped_in_any_case(self):
        for name in ("FigmaHELPERTool", "updater", "Helperbird"):
            self.assertEqual(canonical_rows([device()], [app(name=name)])["apps"], [])
        kept = canonical_rows([device()], [app(name="updater")], drop=("helper",))
        self.assertEqual(len(kept["apps"]), 1)

    def test_apps_of_unlisted_devices_are_left_out(self):
        self.assertEqual(canonical_rows([device()], [app("ghost")])["apps"], [])


class Tenants(unittest.TestCase):
    def test_the_same_seed_gives_the_same_truth(self):
        one, two, other = (open_service(devices=40, seed=seed).truth() for seed in (7, 7, 8))
        self.assertEqual(one, two)
        self.assertNotEqual(one, other)

    def test_keys_are_unique_and_an_app_has_one_face(self):
        truth = open_service(devices=120, apps_per_device=10).truth()
        for entity, key in (("users", "source_id"), ("devices", "source_id"),
                            ("apps", "source_id")):
            keys = [row[key] for row in truth[entity]]
            self.assertEqual(len(keys), len(set(keys)), entity)
        self.assertEqual([row["name"] for row in truth["licenses"]], ["Mac", "iPhone", "iPad"])

    def test_a_plain_tenant_loses_nothing(self):
        truth = open_service(devices=30, apps_per_device=10, plain=True).truth()
        self.assertEqual((len(truth["devices"]), len(truth["device_apps"])), (30, 300))

    def test_an_awkward_tenant_loses_what_it_must(self):
        service = open_service(devices=30, apps_per_device=10)
        truth, everything = service.truth(), service.truth(owned_only=False, drop=())
        self.assertEqual(len(everything["devices"]) - len(truth["devices"]), 4)
        self.assertGreater(len(everything["device_apps"]), len(truth["device_apps"]))
        self.assertFalse([row for row in truth["apps"] if "helper" in row["name"].lower()])

    def test_thousands_are_ready_quickly(self):
        service = open_service(devices=5000, apps_per_device=100)
        self.assertEqual(len(service.tenant.listed()), 5000)
        self.assertIsNone(service.tenant.devices[-1].installs_made)


if __name__ == "__main__":
    unittest.main()
