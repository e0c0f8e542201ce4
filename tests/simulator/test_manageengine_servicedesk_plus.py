"""ServiceDesk Plus: JSON in the query, statuses in two shapes, login pages with status 200."""

import json
import unittest
import urllib.parse

from .exchange import Request, parse_target
from .vendor import open_tenant

HOST, MEDIA_TYPE = "servicedeskplus.net.au", "application/vnd.manageengine.sdp.v3+json"


class DeskCase(unittest.TestCase):
    OPTIONS = {}

    def setUp(self):
        self.world = open_tenant("manageengine", {"region": "au", "devices": 300, **self.OPTIONS})
        self.mdm, self.central, self.desk = self.world.products

    def ask(self, path="/api/v3/assets", info=None, accept=MEDIA_TYPE, token=None, method="GET",
            body=b""):
        if info is not None:
            path += "?input_data=" + urllib.parse.quote(json.dumps({"list_info": info}))
        path, query = parse_target(path)
        headers = {"authorization": f"Zoho-oauthtoken {token or self.desk.token}", "accept": accept}
        reply = self.desk.handle(Request(method, HOST, path, query, headers, body))
        reply.encode()
        return reply

    def json(self, *arguments, **more):
        return json.loads(self.ask(*arguments, **more).body)


class Listing(DeskCase):
    def walk(self, **info):
        found, start = [], 1
        while True:
            body = self.json(info={"row_count": 100, "start_index": start, "sort_field": "id", **info})
            found += body["assets"]
            start += body["list_info"]["row_count"]
            if not body["list_info"].get("has_more_rows"):
                return found

    def test_ten_rows_unless_asked_and_never_more_than_a_hundred(self):
        self.assertEqual(len(self.json()["assets"]), 10)
        self.assertEqual(self.ask(info={"row_count": 101}).status, 400)
        self.assertNotIn("total_count", self.json()["list_info"])
        self.assertIn("total_count", self.json(info={"get_total_count": True})["list_info"])

    def test_a_walk_meets_every_asset_once_however_its_end_is_told(self):
        for end in ("false", "absent"):
            self.desk.end = end
            ids = [row["id"] for row in self.walk()]
            self.assertEqual(len(ids), len(set(ids)))
            self.assertEqual(len(ids), len(self.desk.assets(self.desk.estate(None))))

    def test_statuses_are_lists_here_and_objects_there(self):
        listed = self.json()
        self.assertEqual(listed["response_status"][0]["status_code"], 2000)
        one = self.json(f"/api/v3/assets/{listed['assets'][0]['id']}")
        self.assertEqual(one["response_status"]["status"], "success")
        self.assertEqual(one["asset"]["name"], listed["assets"][0]["name"])

    def test_awkward_rows_are_there(self):
        found = self.walk()
        self.assertIn(None, [row["serial_number"] for row in found])
        self.assertTrue(any(row["serial_number"] and row["serial_number"].islower() for row in found))
        self.assertIn(None, [row["user"] for row in found])
        types = {row["product_type"]["name"] for row in found}
        self.assertLessEqual({"Workstation", "workstation ", "Office Chair", "Printer"}, types)


class Failures(DeskCase):
    def test_without_the_media_type_there_is_a_login_page(self):
        reply = self.ask(accept="application/json")
        self.assertEqual((reply.status, reply.content_type.partition(";")[0]), (200, "text/html"))

    def test_a_wrong_portal_is_a_page_and_a_wrong_path_is_404(self):
        self.assertEqual(self.ask("/app/itdesk/api/v3/assets").status, 200)
        self.assertIn(b"<html>", self.ask("/app/other/api/v3/assets").body)
        self.assertEqual(self.ask("/api/v3/nothing").status, 404)

    def test_a_listing_may_fail_with_status_200_in_both_shapes(self):
        self.desk.change("fail")
        for shape in (list, dict):
            body = self.json()
            said = body["response_status"]
            self.assertIsInstance(said, shape)
            self.assertEqual((said[0] if shape is list else said)["status"], "failed")
            self.assertEqual(body["assets"], [])
        self.assertEqual(self.ask().status, 200)

    def test_a_missing_scope_is_401(self):
        token = self.world.accounts.change(
            "grant", scopes=["MDMOnDemand.MDMUser.READ"])["access_token"]
        self.assertEqual(self.ask(token=token).status, 401)

    def test_writes_say_field_and_code_alone(self):
        token = self.world.accounts.change("grant", scopes=["SDPOnDemand.assets.ALL"])["access_token"]
        asset = self.json()["assets"][0]["id"]
        for fields, status in (({"nonsense": 1}, 400), ({"asset_tag": "B-1"}, 200)):
            body = urllib.parse.urlencode({"input_data": json.dumps({"asset": fields})}).encode()
            reply = self.ask(f"/api/v3/assets/{asset}", token=token, method="PUT", body=body)
            self.assertEqual(reply.status, status)
        self.assertEqual(json.loads(reply.body)["asset"]["asset_tag"], "B-1")


class OneTruth(DeskCase):
    def test_one_laptop_has_one_serial_number_in_all_three(self):
        serials = [{(row["serial_number"] or "").upper() for row in product.truth()["devices"]} - {""}
                   for product in self.world.products]
        self.assertGreater(len(set.intersection(*serials)), 20)


if __name__ == "__main__":
    unittest.main()
