"""MDM Cloud: paging, spellings, scopes, groups, actions."""

import json
import unittest
import urllib.parse

from .exchange import Request, parse_target
from .vendor import open_tenant

HOST, BASE = "mdm.manageengine.eu", "/api/v1/mdm"


class MdmCase(unittest.TestCase):
    OPTIONS = {}

    def setUp(self):
        self.world = open_tenant("manageengine", {"region": "eu", "devices": 60, **self.OPTIONS})
        self.mdm = self.world.products[0]

    def ask(self, path, method="GET", token=None, prefix="Zoho-oauthtoken",
            accept="application/json", body=None):
        path, query = parse_target(path if path.startswith("/api") else BASE + path)
        headers = {"authorization": f"{prefix} {token or self.mdm.token}", "accept": accept}
        reply = self.mdm.handle(Request(method, HOST, path, query, headers,
                                        json.dumps(body).encode() if body is not None else b""))
        reply.encode()
        return reply

    def json(self, path, **more):
        return json.loads(self.ask(path, **more).body)

    def walk(self, path, key):
        """Follows the links, as a browser would."""
        found, pages = [], 0
        while path:
            body = self.json(path)
            found += body[key]
            pages += 1
            following = body["paging"].get("next")
            path = following and urllib.parse.urlsplit(following)._replace(scheme="", netloc="") \
                .geturl()
        return found, pages


class Paging(MdmCase):
    OPTIONS = {"devices": 400}

    def test_the_default_is_50_and_the_most_100_however_many_are_asked_for(self):
        self.assertEqual(len(self.json("/users")["users"]), 50)
        page = self.json("/users?limit=200")
        self.assertEqual((len(page["users"]), page["metadata"]["total_record_count"]), (100, 266))

    def test_links_lead_through_everything_once(self):
        found, pages = self.walk("/users?limit=200", "users")
        self.assertEqual((len(found), pages), (266, 3))
        self.assertEqual(len({row["user_id"] for row in found}), 266)

    def test_a_cursor_inside_the_link(self):
        self.mdm.paging = "skip_token"
        following = self.json("/devices")["paging"]["next"]
        self.assertIn("skip-token=st-50", following)
        self.assertNotIn("offset", following)
        found, _ = self.walk("/devices", "devices")
        self.assertEqual(len(found), len({row["device_id"] for row in found}))

    def test_total_and_link_may_be_missing(self):
        self.mdm.paging = "bare"
        self.assertEqual(set(self.json("/users")), {"users"})
        self.mdm.paging = "no_link"
        self.assertNotIn("paging", self.json("/users"))

    def test_pages_are_numbered_for_faults(self):
        request = Request("GET", HOST, BASE + "/users", {"offset": "100", "limit": "200"}, {})
        self.assertEqual(self.mdm.locate(request), 2)


class Access(MdmCase):
    def test_the_prefix_is_zohos_own(self):
        self.assertEqual(self.ask("/users", prefix="Bearer").status, 401)
        self.assertEqual(self.ask("/users").status, 200)

    def test_a_bad_token_is_401_in_two_words(self):
        codes = {self.json("/users", token="x")["error_code"] for _ in range(3)}
        self.assertEqual(codes, {"INVALID_OAUTHTOKEN", "AUTHENTICATION_FAILURE"})

    def test_a_missing_scope_is_401_or_403(self):
        token = self.world.accounts.change(
            "grant", scopes=["MDMOnDemand.MDMInventory.READ"])["access_token"]
        self.assertEqual(self.ask("/devices", token=token).status, 200)
        statuses = {self.ask("/users", token=token).status for _ in range(3)}
        self.assertEqual(statuses, {401, 403})

    def test_create_does_not_mean_read_and_all_does(self):
        for scope, status in (("CREATE", 401), ("ALL", 200)):
            token = self.world.accounts.change(
                "grant", scopes=[f"MDMOnDemand.MDMUser.{scope}"])["access_token"]
            self.assertEqual(self.ask("/users", token=token).status, status)

    def test_accept_is_mandatory(self):
        self.assertEqual(self.ask("/users", accept="*/*").status, 406)

    def test_the_old_path_is_gone(self):
        self.assertEqual(self.ask("/api/v1/devices").status, 404)

    def test_throttling_locks_one_endpoint(self):
        self.mdm.change("throttle")
        answers = [self.json("/devices")["error_code"] for _ in range(2)]
        self.assertEqual(set(answers), {"COM0002", 1002})
        self.assertEqual(self.ask("/users").status, 200)


class Rows(MdmCase):
    OPTIONS = {"devices": 400}

    def setUp(self):
        super().setUp()
        self.devices = self.walk("/devices", "devices")[0]

    def test_awkward_rows_are_there(self):
        def kinds(key):
            return {type(row.get(key)) for row in self.devices}

        self.assertEqual(kinds("imei"), {list, str, int, type(None)})
        self.assertEqual(kinds("is_removed"), {str, bool})
        self.assertEqual(kinds("last_contact_time"), {str, int})
        self.assertIn("--", {row["last_contact_time"] for row in self.devices})
        self.assertEqual(kinds("managed_status"), {str, int, type(None)})
        serials = [row.get("serial_number", "absent") for row in self.devices]
        for odd in ("--", "", "absent"):
            self.assertIn(odd, serials)
        owners = [row.get("user", "absent") for row in self.devices]
        for odd in ({}, None, "absent"):
            self.assertIn(odd, owners)
        self.assertTrue(any(row["model"] == "" for row in self.devices))

    def test_users_without_an_address_and_ids_beyond_a_double(self):
        users = self.walk("/users", "users")[0]
        addresses = {row["email_address"] for row in users}
        self.assertLessEqual({"", "--"}, addresses)
        self.assertTrue(all(int(row["user_id"]) > 2**53 for row in users))

    def test_a_users_detail_spells_its_fields_otherwise(self):
        row = self.json("/users")["users"][0]
        shown = self.json(f"/users/{row['user_id']}")
        self.assertEqual((shown["user_name"], shown["user_email"]),
                         (row["name"], row["email_address"]))

    def test_apps_have_two_names(self):
        names = {tuple(self.json(f"/devices/{row['device_id']}/apps"))[0]
                 for row in self.devices[:8]}
        self.assertEqual(names, {"apps", "installed_apps"})
        self.assertEqual(self.ask("/devices/1/apps").status, 404)

    def test_removed_devices_can_be_left_out(self):
        gone = self.mdm.change("retire")["serial"]
        def serials(query):
            return {row.get("serial_number") for row in self.walk(query, "devices")[0]}
        self.assertIn(gone, serials("/devices"))
        self.assertNotIn(gone, serials("/devices?exclude_removed=true"))

    def test_the_truth_is_what_is_listed(self):
        truth = self.mdm.truth()
        self.assertEqual(len(truth["devices"]), len(self.devices))
        self.assertEqual({row["platform"] for row in truth["devices"]},
                         {"windows", "macos", "ios", "ipados", "android"})
        self.assertTrue(any(not row["is_managed"] for row in truth["devices"]))


class Empty(MdmCase):
    OPTIONS = {"devices": 0}

    def test_nothing_is_said_in_three_ways(self):
        found = {(reply.status, reply.body) for reply in (self.ask("/users") for _ in range(3))}
        self.assertIn((204, b""), found)
        self.assertIn((200, b""), found)
        self.assertEqual(len(found), 3)


class Groups(MdmCase):
    def test_members_are_ids_or_details(self):
        group = self.json("/groups")["groups"][0]
        path = f"/groups/{group['group_id']}/members"
        ids = self.json(path)["member_ids"]
        members = self.json(path + "?include=memberdetails")["members"]
        self.assertEqual([row["device_id"] for row in members], ids[:50])
        self.assertEqual(len(ids), group["member_count"])

    def test_a_dynamic_group_takes_no_members(self):
        rows = self.json("/groups")["groups"]
        token = self.world.accounts.change("grant", scopes=[
            "MDMOnDemand.MDMDeviceMgmt.CREATE", "MDMOnDemand.MDMDeviceMgmt.DELETE"])["access_token"]
        for row in rows[:1] + rows[2:3]:
            path = f"/groups/{row['group_id']}/members/310000000000130002"
            status = self.ask(path, method="POST", token=token).status
            self.assertEqual(status, 400 if row["group_category"] == 2 else 202)
        path = f"/groups/{rows[0]['group_id']}/members/310000000000130002"
        self.assertEqual(self.ask(path, method="DELETE", token=token).status, 204)
        self.assertEqual(self.ask(path, method="DELETE", token=token).status, 404)


class Actions(MdmCase):
    def test_commands_are_queued_or_do_not_apply(self):
        token = self.world.accounts.change(
            "grant", scopes=["MDMOnDemand.MDMDeviceMgmt.CREATE"])["access_token"]
        rows = self.json("/devices")["devices"]
        for platform, status in (("ios", 202), ("windows", 412)):
            device = next(row for row in rows if row["platform_type"] == platform)["device_id"]
            reply = self.ask(f"/devices/{device}/actions/lock", method="POST", token=token, body={})
            self.assertEqual(reply.status, status)
        self.assertEqual(json.loads(reply.body)["error_code"], "CMD0001")
        device = next(row for row in rows if row["platform_type"] == "ios")["device_id"]
        commands = self.json(f"/devices/{device}/commandhistory")["commands"]
        self.assertEqual(commands[0]["command_name"], "lock")

    def test_the_read_scopes_do_not_allow_them(self):
        device = self.json("/devices")["devices"][0]["device_id"]
        self.assertIn(self.ask(f"/devices/{device}/actions/lock", method="POST").status, (401, 403))


class Organisations(MdmCase):
    OPTIONS = {"organisations": ["acme", "beta"]}

    def test_one_host_serves_many_and_the_token_tells_which(self):
        token = self.world.accounts.change(
            "grant", user="admin@beta.example",
            scopes=["MDMOnDemand.MDMUser.READ"])["access_token"]
        own = {row["email_address"] for row in self.json("/users")["users"]}
        other = {row["email_address"] for row in self.json("/users", token=token)["users"]}
        self.assertFalse({e for e in own & other if "@" in e})
        self.assertNotEqual(self.mdm.truth("acme")["users"], self.mdm.truth("beta")["users"])


if __name__ == "__main__":
    unittest.main()
