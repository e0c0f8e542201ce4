"""The Workspace ONE UEM API: credentials and versions, paging, awkward rows, groups, changes, truth."""

import base64
import json
import pathlib
import unittest
import urllib.parse

from .probe import ServerCase
from .vendor import SpecError, open_tenant
from .workspace_one_uem import truth

HOST = "as1234.awmdm.com"
USERS, DEVICES = "/API/system/users/search", "/API/mdm/devices/search"
CATALOGUE, GROUPS = "/API/mam/apps/search", "/API/system/groups/search"
JSON = "application/json;version={}"


def open_service(**options):
    fixed = {"tenant": "acme", "password": "pässword:1", "tenant_code": "code"}
    return open_tenant("workspace_one_uem", {**fixed, **options})


class WorkspaceCase(ServerCase):
    """A fresh tenant for each test: sign-ins are counted."""

    OPTIONS: dict = {}

    @classmethod
    def services(cls):
        return [open_service(**cls.OPTIONS)]

    def setUp(self):
        self.service = open_service(**self.OPTIONS)
        self.server.services[HOST] = self.service

    def get(self, path, version=1, password="pässword:1", code="code", user="api_admin", **more):
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "aw-tenant-code": code,
                   "Accept": JSON.format(version), **more}
        return self.ask(path, token=None, host=HOST, **headers)

    def change(self, op, **args):
        return self.service.change(op, **args)

    def walk(self, path, name, version=1):
        found, page = [], 0
        while (answer := self.get(f"{path}&page={page}", version)).status != 204:
            found += answer.json()[name]
            page += 1
        return found


class Access(WorkspaceCase):
    def assert_refused(self, **how):
        answer = self.get(USERS, **how)
        self.assertEqual((answer.status, answer.json()["errorCode"]), (401, 1005))

    def test_both_credentials_are_necessary(self):
        self.assertEqual(self.get(USERS).status, 200)
        self.assert_refused(code="other")
        self.assert_refused(password="other")
        self.assert_refused(user="other")
        self.assertEqual(self.ask(USERS, token=None, host=HOST).status, 401)

    def test_what_is_wrong_with_the_account_looks_like_a_wrong_password(self):
        for wrong in ({"account_type": "Directory"}, {"key_type": "Enrollment User"},
                      {"api_enabled": False}):
            self.service = self.server.services[HOST] = open_service(**wrong)
            self.assert_refused()

    def test_a_role_without_any_right_is_401_and_one_without_this_one_403(self):
        self.change("set_rights", rights=["Users"])
        self.assertEqual(self.get(USERS).status, 200)
        self.assertEqual(self.get(DEVICES).status, 403)
        self.change("set_rights", rights=[])
        self.assert_refused()

    def test_five_failures_lock_the_account(self):
        for _ in range(5):
            self.assert_refused(password="wrong")
        self.assert_refused()
        self.change("unlock")
        self.assertEqual(self.get(USERS).status, 200)

    def test_a_success_forgets_the_failures(self):
        for password in ("wrong", "pässword:1") * 5:
            self.get(USERS, password=password)
        self.assertEqual(self.get(USERS).status, 200)


class OAuth(WorkspaceCase):
    OPTIONS = {"oauth_region": "emea", "client_id": "c", "client_secret": "s:1"}
    TOKENS = "emea.uemauth.workspaceone.com"

    @classmethod
    def services(cls):
        return [open_service(**cls.OPTIONS)]

    def setUp(self):
        super().setUp()
        self.server.services[self.TOKENS] = self.service

    def ask_token(self, **form):
        made = self.connection(self.TOKENS)
        made.request("POST", "/connect/token", body=urllib.parse.urlencode(form),
                     headers={"Content-Type": "application/x-www-form-urlencoded"})
        answer = made.getresponse()
        return answer.status, json.loads(answer.read())

    def token(self):
        status, body = self.ask_token(grant_type="client_credentials", client_id="c",
                                      client_secret="s:1")
        self.assertEqual((status, body["token_type"], body["expires_in"]), (200, "Bearer", 3600))
        return body["access_token"]

    def list_with(self, token):
        return self.ask(USERS, token=token, host=HOST).status

    def test_a_token_of_the_regions_host_opens_the_api_without_a_tenant_code(self):
        token = self.token()
        self.assertEqual(self.list_with(token), 200)
        self.assertEqual(self.list_with("other"), 401)
        self.change("expire_tokens")
        self.assertEqual(self.list_with(token), 401)

    def test_a_wrong_client_or_grant_is_400_with_the_error_s_name(self):
        wrong = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "x"}
        self.assertEqual(self.ask_token(**wrong), (400, {"error": "invalid_client"}))
        self.assertEqual(self.ask_token(**wrong | {"grant_type": "password"}),
                         (400, {"error": "unsupported_grant_type"}))

    def test_rights_count_for_tokens_too(self):
        self.change("set_rights", rights=["Devices"])
        self.assertEqual(self.list_with(self.token()), 403)


class Versions(WorkspaceCase):
    def served(self, path, version):
        return self.get(path, version).headers["x-api-version"]

    def test_the_reply_says_which_version_served(self):
        answer = self.get(DEVICES, 2)
        self.assertEqual(answer.headers["x-api-version"], "v2")
        self.assertEqual(answer.headers["api-supported-versions"], "1, 2, 3")

    def test_a_version_the_endpoint_lacks_falls_back_silently(self):
        self.assertEqual(self.served(DEVICES, 9), "v1")
        self.assertEqual(self.served("/API/system/groups/570/children", 2), "v1")

    def test_version_three_has_a_spelling_of_its_own(self):
        body = self.get(f"{DEVICES}?page_size=3&order_by=deviceid", 3).json()
        self.assertEqual((body["page_size"], len(body["devices"])), (3, 3))
        self.assertEqual(body["devices"][0]["Id"], {"Value": 66001})

    def test_paths_are_case_insensitive_and_old_paths_are_served(self):
        for path in ("/api/MDM/devices/Search", "/API/v1/mdm/devices/search"):
            self.assertEqual(self.get(path).status, 200, path)

    def test_who_accepts_xml_gets_xml(self):
        answer = self.get(DEVICES, Accept="application/xml")
        self.assertEqual(answer.headers["Content-Type"], "application/xml")

    def test_the_users_path_alone_is_no_list(self):
        self.assertEqual(self.get("/API/system/users").status, 401)


class Paging(WorkspaceCase):
    OPTIONS = {"devices": 520, "users": 12, "apps_per_device": 1}

    def test_more_than_500_is_silently_cut(self):
        body = self.get(f"{DEVICES}?pagesize=1000").json()
        self.assertEqual((body["PageSize"], len(body["Devices"]), body["Total"]), (500, 500, 520))

    def test_a_walk_in_order_meets_every_device_once(self):
        rows = self.walk(f"{DEVICES}?pagesize=100&orderby=deviceid&sortorder=ASC", "Devices")
        ids = [row["Id"]["Value"] for row in rows]
        self.assertEqual((len(ids), ids), (520, sorted(set(ids))))

    def test_without_an_order_it_is_another_each_time(self):
        self.assertNotEqual(self.get(DEVICES).json(), self.get(DEVICES).json())

    def test_the_first_page_is_number_0(self):
        first = f"{DEVICES}?pagesize=5&orderby=deviceid"
        self.assertEqual(self.get(first).json(), self.get(f"{first}&page=0").json())
        self.assertEqual(self.get(f"{first}&page=1").json()["Devices"][0]["Id"], {"Value": 66006})

    def test_past_the_end_is_204_without_a_body(self):
        for path in (USERS, DEVICES, CATALOGUE):
            answer = self.get(f"{path}?page=99")
            self.assertEqual((answer.status, answer.body), (204, b""), path)
            self.assertEqual(answer.headers["Content-Type"], "text/plain")

    def test_groups_end_with_an_empty_list(self):
        body = self.get(f"{GROUPS}?page=9").json()
        self.assertEqual((body["OrganizationGroups"], body["TotalResults"]), ([], 6))

    def test_faults_find_their_page(self):
        self.server.faults.add("empty_list", path=DEVICES, page=2)
        self.assertEqual(self.get(f"{DEVICES}?page=1").json()["Devices"], [])
        self.assertEqual(len(self.get(DEVICES).json()["Devices"]), 500)

    def test_quota_headers_count_down_to_a_day_ahead(self):
        first, second = self.get(USERS), self.get(USERS)
        left = [int(one.headers["x-ratelimit-remaining"]) for one in (first, second)]
        self.assertEqual(left[0] - left[1], 1)
        self.assertGreater(int(first.headers["x-ratelimit-reset"]), 1000000000)

    def test_when_the_days_calls_are_used_up_it_is_429(self):
        self.change("set_remaining", remaining=1)
        self.assertEqual([self.get(USERS).status for _ in range(2)], [200, 429])


class Rows(WorkspaceCase):
    def devices(self):
        return self.get(f"{DEVICES}?orderby=deviceid", 2).json()["Devices"]

    def users(self):
        return self.get(f"{USERS}?orderby=EnrollmentUserID").json()["Users"]

    def test_ids_are_objects_and_a_uuid_may_be_one(self):
        rows = self.devices()
        self.assertTrue(all(isinstance(row["Id"], dict) for row in rows + self.users()))
        self.assertIn(dict, {type(row["Uuid"]) for row in rows})

    def test_a_device_without_a_user_has_no_user_id(self):
        without = [row for row in self.devices() if "UserId" not in row]
        self.assertEqual([row["UserName"] for row in without], [""])

    def test_the_status_of_users_is_a_boolean_or_a_text(self):
        self.assertEqual({row["Status"] for row in self.users()}, {True, False, "true", "false"})
        active = self.get(f"{USERS}?status=Inactive").json()["Users"]
        self.assertEqual({row["Status"] for row in active}, {False, "false"})

    def test_apps_are_asked_by_number_and_searched_by_uuid(self):
        device = self.devices()[0]
        number, identity = device["Id"]["Value"], device["Uuid"]
        self.assertEqual(len(self.get(f"/API/mdm/devices/{number}/apps").json()["DeviceApps"]), 5)
        self.assertEqual(self.get(f"/API/mdm/devices/{identity}/apps").status, 400)
        found = self.get(f"/API/mdm/devices/{identity}/apps/search").json()
        self.assertEqual(found["TotalResults"], 5)
        self.assertEqual(self.get(f"/API/mdm/devices/{number}/apps/search").status, 404)

    def test_a_device_without_apps_is_204_or_an_empty_list(self):
        empty = [one.id for one in self.service.tenant.devices if not one.installs]
        statuses = {self.get(f"/API/mdm/devices/{one}/apps").status for one in empty}
        self.assertEqual(statuses, {200, 204})


class Groups(WorkspaceCase):
    def test_the_id_is_a_number_in_version_two_and_an_object_in_version_one(self):
        one, two = (self.get(GROUPS, version).json()["OrganizationGroups"][0]["Id"]
                    for version in (1, 2))
        self.assertEqual((one, two), ({"Value": 570}, 570))

    def test_children_are_the_group_itself_and_all_below(self):
        rows = self.get("/API/system/groups/571/children").json()
        self.assertEqual([(row["Name"], row["LgLevel"]) for row in rows],
                         [("Sales", 0), ("Vertrieb Köln", 1)])

    def test_only_custom_groups_tell_their_members_and_without_an_id(self):
        groups = {row["groupName"]: row["id"] for row in
                  self.get("/API/system/usergroups/search").json()["ResultSet"]}
        members = self.get(f"/API/system/usergroups/{groups['Counters']}/users").json()
        self.assertEqual([set(row) & {"Id", "Uuid", "Email"} for row in members["EnrollmentUser"]],
                         [set()] * 3)
        directory = self.get(f"/API/system/usergroups/{groups['Domain Users']}/users")
        self.assertEqual(directory.status, 404)

    def test_a_role_sees_its_organization_group_and_what_is_below(self):
        self.change("set_role_group", group="Engineering")
        names = [row["Name"] for row in self.get(GROUPS).json()["OrganizationGroups"]]
        self.assertEqual(names, ["Engineering", "Sales"])
        self.change("set_role_group", group="Empty")
        self.assertEqual(self.get(USERS).status, 204)
        self.assertEqual(self.get(DEVICES).status, 204)


class Truth(unittest.TestCase):
    def test_the_same_seed_gives_the_same_truth(self):
        one, two, other = (open_service(seed=seed).truth() for seed in (7, 7, 8))
        self.assertEqual(one, two)
        self.assertNotEqual(one, other)

    def test_keys_are_unique(self):
        for entity, rows in open_service(devices=120, users=60).truth().items():
            keys = [row.get("source_id") or str({k: v for k, v in row.items() if k != "version"})
                    for row in rows]
            self.assertEqual(len(keys), len(set(keys)), entity)

    def test_a_plain_tenant_loses_nothing(self):
        found = open_service(plain=True, devices=30, apps_per_device=4).truth()
        self.assertEqual((len(found["devices"]), len(found["device_apps"])), (30, 120))

    def test_emails_of_local_users(self):
        for email, user_name, wanted in (("A@B.c", "x", "a@b.c"), ("", "Y@b.c", "y@b.c"),
                                         ("", "short", None), ("", "", None)):
            row = {"Email": email, "EmailUserName": user_name}
            self.assertEqual(truth.email_of(row), wanted)

    def test_a_member_who_could_be_two_people_is_nobody(self):
        found = open_service().truth()
        names = {row["source_id"]: row["name"] for row in found["groups"]}
        users = {row["source_id"]: row["username"] for row in found["users"]}
        counters = [users[row["member_source_id"]] for row in found["group_members"]
                    if names[row["group_source_id"]] == "Counters"]
        self.assertEqual(sorted(counters), ["shared", "user00000"])

    def test_compromised_is_not_compliant_whatever_else_is_said(self):
        row = {"CompromisedStatus": True, "ComplianceStatus": "Compliant"}
        self.assertIs(truth.compliance_of(row), False)
        self.assertIsNone(truth.compliance_of(row | {
            "CompromisedStatus": False, "ComplianceStatus": "NotAvailable"}))


class Changes(unittest.TestCase):
    def test_every_change_works_and_an_unknown_one_says_so(self):
        service = open_service()
        before = service.truth()
        for op in ("add_users", "add_devices", "rename_device", "check_in", "unassign",
                   "remove_device", "deactivate_user", "move_user", "add_app", "update_app",
                   "remove_app", "insert_first", "remove_first", "remove_user"):
            service.change(op)
            after = service.truth()
            self.assertNotEqual(after, before, op)
            before = after
        with self.assertRaises(SpecError):
            service.change("explode")

    def test_an_unknown_option_says_so(self):
        with self.assertRaises(SpecError):
            open_service(devises=3)

    def test_it_shares_nothing_with_the_connector(self):
        folder = pathlib.Path(truth.__file__).parent
        for file in folder.glob("*.py"):
            self.assertNotIn(".lua", file.read_text(), file)


if __name__ == "__main__":
    unittest.main()
