"""Endpoint Central: envelopes, keys that change, paging, serial numbers that meet those of MDM."""

import json
import unittest

from .exchange import Request, parse_target
from .vendor import open_tenant

HOST = "endpointcentral.manageengine.eu"


class CentralCase(unittest.TestCase):
    OPTIONS = {}

    def setUp(self):
        self.world = open_tenant("manageengine", {"region": "eu", "devices": 160, **self.OPTIONS})
        self.mdm, self.central = self.world.products[:2]

    def ask(self, entity, token=None):
        path, query = parse_target("/api/1.4/" + entity)
        headers = {"authorization": f"Zoho-oauthtoken {token or self.central.token}"}
        reply = self.central.handle(Request("GET", HOST, path, query, headers))
        reply.encode()
        return reply

    def response(self, entity):
        reply = self.ask(entity)
        self.assertEqual((reply.status, reply.content_type), (200, "text/plain;charset=UTF-8"))
        return json.loads(reply.body)["message_response"]

    def walk(self, entity):
        found, page, total = [], 1, 1
        while len(found) < total:
            answer = self.response(f"{entity}?orderby=resource_id&pagelimit=1000&page={page}")
            found += answer[entity.partition("/")[2]]
            total, page = answer["total"], page + 1
        return found


class Listings(CentralCase):
    def test_the_limit_is_the_servers_and_told(self):
        answer = self.response("som/computers?pagelimit=1000")
        self.assertEqual((answer["limit"], len(answer["computers"]), answer["page"]), (100, 100, 1))
        self.assertEqual(self.response("som/computers")["limit"], 25)
        self.assertEqual(len(self.walk("som/computers")), answer["total"])

    def test_without_an_order_rows_move(self):
        first = self.response("inventory/scancomputers")["scancomputers"][0]["resource_id"]
        again = self.response("inventory/scancomputers")["scancomputers"][0]["resource_id"]
        self.assertNotEqual(first, again)

    def test_keys_change_from_answer_to_answer(self):
        spelled = [set(self.response("som/computers")["computers"][0]) for _ in range(2)]
        self.assertIn("os_platform", spelled[0])
        self.assertIn("computer.os_platform", spelled[1])
        self.assertIn("resourcelivestatus.status", spelled[1])
        for keys in spelled:
            self.assertIn("modernappdetails.last_contact_time", keys)

    def test_awkward_rows_are_there(self):
        found = self.walk("som/computers")
        self.assertTrue(all(row["resource_id"] > 2**53 for row in found))
        self.assertFalse(any("serial" in key or "servicetag" in key for key in found[0]))
        self.assertEqual({type(row["agent_last_contact_time"]) for row in found}, {int, str})
        owners = {row.get("owner", row.get("managedcomputerextn.owner")) for row in found}
        self.assertIn("--", owners)
        office = self.response("som/remoteoffice")["remoteoffice"][0]
        self.assertEqual(office["resource_id"], "--")

    def test_the_details_spell_serial_numbers_in_two_ways(self):
        keys = set()
        for row in self.walk("inventory/scancomputers")[:6]:
            hardware = self.response(f"inventory/compdetailssummary?resid={row['resource_id']}")
            keys |= set(hardware["compdetailssummary"]["computer_hardware_summary"])
        self.assertLessEqual({"servicetag", "serial_number"}, keys)


class Failures(CentralCase):
    def test_a_failure_may_have_status_200(self):
        self.central.change("fail", entity="som/computers")
        bodies = [json.loads(self.ask("som/computers").body) for _ in range(2)]
        self.assertEqual(self.ask("som/computers").status, 200)
        self.assertEqual({body.get("status") for body in bodies}, {"error", None})

    def test_scopes_are_by_module(self):
        token = self.world.accounts.change(
            "grant", scopes=["DesktopCentralCloud.SOM.READ"])["access_token"]
        self.assertEqual(self.ask("som/computers", token=token).status, 200)
        self.assertIn(self.ask("inventory/scancomputers", token=token).status, (401, 403))

    def test_what_was_removed_is_404(self):
        self.central.gone.add("patch/allsystems")
        self.assertEqual(self.ask("patch/allsystems").status, 404)
        self.assertEqual(self.ask("som/nothing").status, 404)


class OneTruth(CentralCase):
    def test_the_same_laptops_are_in_both_products(self):
        ours = {row["serial_number"] for row in self.central.truth()["devices"]} - {None}
        theirs = {row["serial_number"] for row in self.mdm.truth()["devices"]} - {None}
        self.assertGreater(len(ours & theirs), 20)
        self.assertTrue(ours - theirs and theirs - ours)

    def test_placeholders_are_no_serial_numbers(self):
        truth = self.central.truth()["devices"]
        self.assertTrue(all(row["serial_number"] is None for row in truth
                            if row["platform"] == "linux"))


if __name__ == "__main__":
    unittest.main()
