"""The JumpCloud APIs: paging, organisations, refusals, and a log that tells what is there."""

import datetime
import json
import unittest

from .exchange import Request
from .jumpcloud.changes import CHANGES
from .vendor import SpecError, open_tenant

CONSOLE, INSIGHTS = "console.jumpcloud.com", "api.jumpcloud.com"
EVENTS = "/insights/directory/v1/events"
ONE_BY_ONE = {"seed": 3, "devices": 6, "apps_per_device": 3}


def open_service(**options):
    return open_tenant("jumpcloud", {"token": "key", "portal_key": "all", **options})


class Answer:
    def __init__(self, reply):
        reply.encode()
        self.status, self.headers = reply.status, dict(reply.headers)
        self.body = json.loads(reply.body)


class Case(unittest.TestCase):
    OPTIONS = {}

    def setUp(self):
        self.service = open_service(**self.OPTIONS)
        self.org = next(iter(self.service.organizations.values()))

    def ask(self, path, key="key", org=None, host=CONSOLE, method="GET", body=None, **query):
        headers = {"x-api-key": key} | ({"x-org-id": org} if org is not None else {})
        data = json.dumps(body).encode() if body is not None else b""
        texts = {name: str(value) for name, value in query.items()}
        return Answer(self.service.handle(Request(method, host, path, texts, headers, data)))

    def since(self, days=90):
        start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)
        return start.strftime("%Y-%m-%dT%H:%M:%SZ")

    def events(self, key="key", org=None, **body):
        asked = {"service": ["software"], "start_time": self.since(), "limit": 10000} | body
        return self.ask(EVENTS, key, org, INSIGHTS, "POST", asked)

    def walk_events(self, limit, **body):
        """As the fact sheet says: the same body and search_after, until a page is short."""
        found, after = [], {}
        while True:
            page = self.events(limit=limit, **after, **body)
            found += page.body
            if int(page.headers["X-Result-Count"]) < int(page.headers["X-Limit"]):
                return found
            after = {"search_after": json.loads(page.headers["X-Search_after"])}


class Paging(Case):
    OPTIONS = {"devices": 130, "apps_per_device": 1}

    def test_ten_rows_unless_said_and_at_most_a_hundred(self):
        for path, rows in (("/api/systems", lambda b: b["results"]),
                           ("/api/v2/softwareapps/%s/systems" % self.everywhere(), list)):
            self.assertEqual(len(rows(self.ask(path).body)), 10)
            self.assertEqual(len(rows(self.ask(path, limit=1000).body)), 100)
        self.assertEqual(len(self.ask("/api/v2/applemdms").body), 1)

    def everywhere(self):
        return next(app.id for app in self.org.apps if app.name == "Everywhere")

    def test_a_sorted_walk_meets_every_row_once_and_another_does_not(self):
        for sort, is_fine in ({"sort": "_id"}, True), ({}, False):
            ids = [row["_id"] for skip in (0, 100)
                   for row in self.ask("/api/systems", limit=100, skip=skip, **sort).body["results"]]
            self.assertEqual(len(set(ids)) == len(ids) == 138, is_fine)

    def test_counts_stand_where_each_api_says_them(self):
        self.assertEqual(self.ask("/api/systems", skip=500).body, {"totalCount": 138, "results": []})
        answer = self.ask("/api/v2/usergroups", skip=500)
        self.assertEqual((answer.body, answer.headers["x-total-count"]), ([], "2"))

    def test_fields_are_separated_by_blanks(self):
        row, = self.ask("/api/systems", limit=1, fields="hostname os").body["results"]
        self.assertEqual(set(row), {"_id", "hostname", "os"})


class Organizations(Case):
    OPTIONS = {"organizations": ["acme", "beta"], **ONE_BY_ONE}

    def ids(self, **how):
        return {row["_id"] for row in self.ask("/api/systems", limit=100, **how).body["results"]}

    def test_a_header_chooses_the_organisation(self):
        other = self.service.organizations["beta"]
        own, theirs = self.ids(), self.ids(key="all", org=other.id)
        self.assertEqual(own, {system.id for system in self.org.systems})
        self.assertEqual(theirs, {system.id for system in other.systems})
        self.assertFalse(own & theirs)

    def test_a_key_of_several_organisations_has_to_say_which(self):
        for answer in (self.ask("/api/systems", key="all"), self.events(key="all")):
            self.assertEqual((answer.status, answer.body["message"]),
                             (401, "Unauthorized: no organization selected"))
        self.assertEqual(self.ask("/api/organizations", key="all").body["totalCount"], 2)

    def test_wrong_headers(self):
        other = self.service.organizations["beta"].id
        for org, status in (("nonsense", 400), ("0" * 24, 404), (other, 400), (self.org.id, 200)):
            self.assertEqual(self.ask("/api/systems", org=org).status, status, org)
        for path in ("/api/organizations", "/api/users"):
            self.assertEqual(self.ask(path, org=self.org.id).status, 403)

    def test_a_wrong_key_and_a_role_that_may_not(self):
        answer = self.ask("/api/systems", key="wrong")
        self.assertEqual((answer.status, answer.body["message"]),
                         (401, "Unauthorized: api key user not found"))
        self.service.change("set_role", role="Command Runner")
        self.assertEqual(self.ask("/api/systems").status, 403)

    def test_each_api_has_its_host(self):
        self.assertEqual(self.ask("/api/systems", host=INSIGHTS).status, 404)
        self.assertEqual(self.ask(EVENTS, method="POST", body={}).status, 404)


def fold(events):
    """The fact sheet's rules: one time each, by time, an add before the removal of another version
    at the same instant stays."""
    def order(event):
        head, _, fraction = event["timestamp"].rstrip("Z").partition(".")
        return head, f"{fraction:0<9}", event["event_type"] != "software_remove"

    unique = {event["id"]: event for event in events}
    found = {}
    for event in sorted(unique.values(), key=order):
        key = event["resource"]["id"], app_key(event["application"]["name"])
        if event["event_type"] in ("software_add", "software_change"):
            changes = event.get("changes") or []
            found[key] = next((one["to"] for one in changes if one["field"] == "version"),
                              event["application"].get("version"))
        elif event["event_type"] == "software_remove":
            found.pop(key, None)
    return found


def app_key(name):
    name = name.strip()
    name = name[:-4].strip() if name.lower().endswith(".app") else name
    return "".join(c.lower() if c.isascii() else c for c in name)


class Insights(Case):
    def discovered(self):
        return {(row["device_source_id"], row["app_source_id"]): row["version"]
                for row in self.service.truth()["device_apps"] if row["origin"] == "discovered"}

    def rebuilt(self, events):
        known = {system.id for system in self.org.systems}
        return {key: version for key, version in fold(events).items() if key[0] in known}

    def test_the_log_rebuilds_the_truth(self):
        for limit in (1, 7, 10000):
            self.assertEqual(self.rebuilt(self.walk_events(limit)), self.discovered(), limit)

    def test_it_goes_on_doing_so(self):
        done = self.service.change("install", name="Brand New", version="7")
        self.service.change("uninstall", system=done["system"])
        self.service.change("tell_late", kind="remove", name="Brand New")
        self.assertEqual(self.rebuilt(self.walk_events(50)), self.discovered())

    def test_the_last_page_still_has_a_token(self):
        page = self.events()
        self.assertLess(len(page.body), 10000)
        after = json.loads(page.headers["X-Search_after"])
        self.assertEqual([type(part) for part in after], [int, str])
        self.assertEqual(self.events(search_after=after).body, [])

    def test_a_full_last_page_is_followed_by_an_empty_one(self):
        count = len(self.events().body)
        page = self.events(limit=count)
        self.assertEqual(page.headers["X-Result-Count"], page.headers["X-Limit"])
        after = json.loads(page.headers["X-Search_after"])
        self.assertEqual(self.events(limit=count, search_after=after).body, [])

    def test_a_token_must_come_back_as_it_was(self):
        number, text = json.loads(self.events(limit=5).headers["X-Search_after"])
        for spoiled in ([float(number), text], [str(number), text], [number], "x"):
            self.assertEqual(self.events(search_after=spoiled).status, 400)

    def test_nonsense_is_corrected_silently_or_refused(self):
        for limit in (0, -1, 10001, "many"):
            self.assertEqual(self.events(limit=limit).headers["X-Limit"], "1000")
        self.assertEqual(self.events(sort="upwards").headers["X-Sort"], "ASC")
        for body in ({"service": ["nonsense"]}, {"service": []}, {"start_time": self.since(-1)},
                     {"end_time": self.since(91)}, {"fields": []}, {"fields": ["x"]}):
            self.assertEqual(self.events(**body).status, 400, body)

    def test_what_awkward_logs_hold(self):
        events = self.walk_events(1000)
        kinds = {event["event_type"] for event in events}
        self.assertTrue({"software_add_request", "software_reticulate"} <= kinds)
        self.assertLess(len({event["id"] for event in events}), len(events))
        digits = {len(event["timestamp"].partition(".")[2]) for event in events}
        self.assertTrue({0, 4, 10} <= digits, digits)
        self.assertTrue(any("system" not in event for event in events))
        self.assertTrue(any(event.get("changes", 0) is None for event in events))

    def test_services_fields_and_terms(self):
        self.assertEqual({event["service"] for event in self.events(service=["directory"]).body},
                         {"directory"})
        only = self.events(fields=["id", "application.name"]).body[0]
        self.assertEqual((set(only), set(only["application"])), ({"id", "application"}, {"name"}))
        removed = self.events(search_term={"and": [{"event_type": ["software_remove"]}]}).body
        self.assertEqual({event["event_type"] for event in removed}, {"software_remove"})
        self.assertEqual(self.events(search_term={"and": [{"application.name": "Brief"}]}).body, [])
        self.assertTrue(self.events(search_term={"and": [{"application.name": "brief"}]}).body)

    def test_what_is_older_than_ninety_days_is_forgotten(self):
        self.service.change("pass_time", days=100)
        self.assertEqual(self.events(start_time=self.since(300)).body, [])

    def test_it_can_be_missing_from_the_plan(self):
        for status in (401, 402, 403, 404):
            self.service.change("license_insights", insights=status)
            self.assertEqual(self.events().status, status)
            self.assertEqual(self.ask("/api/systems").status, 200)
        said = self.ask(f"/api/organizations/{self.org.id}").body["settings"]["features"]
        self.assertFalse(said["directoryInsights"]["enabled"])


class Graph(Case):
    def test_links_are_direct_or_lead_through_groups(self):
        app = next(app for app in self.org.apps if app.groups and app.name == "Zoom")
        lengths = {len(path) for row in
                   self.ask(f"/api/v2/softwareapps/{app.id}/systems", limit=100).body
                   for path in row["paths"]}
        self.assertEqual(lengths, {1, 2})

    def test_both_directions_say_the_same(self):
        bound = {(row["device_source_id"], row["user_source_id"])
                 for row in self.service.truth()["device_users"]}
        found = {(row["id"], person.id) for person in self.org.people
                 for row in self.ask(f"/api/v2/users/{person.id}/systems", limit=100).body}
        self.assertEqual(found, bound)

    def test_what_is_gone_is_404(self):
        self.assertEqual(self.ask("/api/v2/systems/none/users").status, 404)


class Changes(unittest.TestCase):
    """Each moves the truth by what it says."""

    MOVES = {
        "install": ("device_apps", {"name": "Brand New"}), "uninstall": ("device_apps", {}),
        "log_in": ("users", {}), "add_user": ("users", {}), "remove_user": ("users", {}),
        "suspend_user": ("users", {}), "add_system": ("devices", {}),
        "remove_system": ("devices", {}), "rename_system": ("devices", {}),
        "unlink_app": ("device_apps", {}), "remove_app": ("apps", {}),
        "make_admin": ("users", {"email": "new@acme.example"}), "insert_first": ("devices", {}),
        "remove_first": ("devices", {}),
    }
    SILENT = {"tell_late", "pass_time", "license_insights", "set_role", "replace_key", "bind",
              "link_app", "join_group"}

    def test_each(self):
        for op, (entity, args) in self.MOVES.items():
            with self.subTest(op=op):
                service = open_service(plain=True, **ONE_BY_ONE)
                before = service.truth()
                service.change(op, **args)
                self.assertNotEqual(service.truth()[entity], before[entity])

    def test_the_list_is_whole(self):
        self.assertEqual(set(CHANGES), set(self.MOVES) | self.SILENT)
        with self.assertRaises(SpecError):
            open_service().change("nonsense")

    def test_links_and_memberships(self):
        service = open_service(plain=True, **ONE_BY_ONE)
        org = next(iter(service.organizations.values()))
        counts = {name: len(rows) for name, rows in service.truth().items()}
        service.change("bind", system=org.systems[0].id, user=org.people[-1].id)
        service.change("link_app", app=org.apps[1].id, system=org.systems[0].id)
        service.change("join_group", group=org.groups[1].id, user=org.people[0].id)
        for name in ("device_users", "device_apps", "group_members"):
            self.assertEqual(len(service.truth()[name]), counts[name] + 1, name)


if __name__ == "__main__":
    unittest.main()
