"""The Kandji API: paging, permissions, awkward rows, actions."""

import json
import unittest
import urllib.parse

from .probe import APPS, DEVICES, HOST, ServerCase, open_service

UNKNOWN_HOST = "nobody.api.kandji.io"


def walk_devices(case, limit=300, **options):
    found, offset = [], 0
    while page := case.ask(f"{DEVICES}?limit={limit}&offset={offset}&ordering=device_id",
                           **options).json():
        found += page
        offset += len(page)
    return found


def walk_prism(case, limit=300, **options):
    """All pages of /prism/apps, following the cursor as the fact sheet says."""
    pages, cursor = [], ""
    while True:
        query = urllib.parse.urlencode({"limit": limit} | ({"cursor": cursor} if cursor else {}))
        pages.append(case.ask(f"{APPS}?{query}", **options).json())
        cursor = pages[-1].get("cursor")
        if not cursor or not pages[-1]["data"]:
            return pages


class Routing(ServerCase):
    @classmethod
    def services(cls):
        return [open_service(devices=30, apps_per_device=5),
                open_service(tenant="beta", region="eu", devices=3, plain=True, token="b")]

    def test_tenants_are_told_apart_by_host(self):
        answer = self.ask(DEVICES, host="beta.api.eu.kandji.io", token="b")
        self.assertEqual(len(answer.json()), 3)
        self.assertEqual(self.ask(DEVICES, host="beta.api.eu.kandji.io").status, 401)

    def test_unknown_host_is_the_gateways_404(self):
        made = self.connection(UNKNOWN_HOST)  # its name is in the certificate
        made.request("GET", DEVICES)
        response = made.getresponse()
        self.assertEqual(response.status, 404)
        body = json.loads(response.read())
        self.assertEqual(body["message"], "no Route matched with those values")
        self.assertIn("request_id", body)

    def test_a_trailing_slash_changes_nothing(self):
        self.assertEqual(self.ask(DEVICES + "/?limit=1").status, 200)

    def test_wrong_path_and_method(self):
        self.assertEqual(self.ask("/api/v1/settings").status, 404)
        self.assertEqual(self.ask(DEVICES, method="PUT").status, 405)

    def test_rate_headers_and_gzip(self):
        answer = self.ask(DEVICES, **{"Accept-Encoding": "gzip"})
        self.assertEqual(answer.headers["RateLimit-Limit"], "50")
        self.assertEqual(answer.headers["Content-Encoding"], "gzip")
        self.assertIsNone(self.ask(DEVICES).headers["Content-Encoding"])


class Permissions(ServerCase):
    def test_a_wrong_token_is_401_in_several_shapes(self):
        bodies = set()
        for _ in range(6):
            answer = self.ask(DEVICES, token="wrong")
            self.assertEqual(answer.status, 401)
            bodies.add(answer.body)
        self.assertEqual(len(bodies), 6)
        self.assertEqual(self.ask(DEVICES, token=None).status, 401)

    def test_the_minimum_token_may_list_devices_and_apps_only(self):
        self.assertEqual(self.ask(APPS).status, 200)
        self.assertEqual(self.ask("/api/v1/users").status, 403)
        self.assertEqual(self.ask("/api/v1/users", token="all").status, 200)

    def test_a_permission_can_be_taken_away(self):
        service = self.server.services[HOST]
        service.change("set_permissions", permissions=["Device list"])
        self.assertEqual(self.ask(APPS).status, 403)
        self.assertEqual(self.ask(DEVICES).status, 200)
        service.change("set_permissions", permissions=["Device list", "Applications"])


class Devices(ServerCase):
    @classmethod
    def services(cls):
        return [open_service(devices=320, apps_per_device=2)]

    def test_limit_is_capped_at_300(self):
        self.assertEqual(len(self.ask(f"{DEVICES}?limit=1000&ordering=device_id").json()), 300)
        self.assertEqual(len(self.ask(DEVICES).json()), 300)

    def test_an_ordered_walk_meets_every_device_once(self):
        ids = [row["device_id"] for row in walk_devices(self)]
        self.assertEqual(len(ids), 320)
        self.assertEqual(ids, sorted(set(ids)))

    def test_without_ordering_the_order_moves(self):
        first, again = self.ask(DEVICES).json(), self.ask(DEVICES).json()
        self.assertNotEqual(first, again)
        sort = f"{DEVICES}?sort_by=device_id"
        self.assertNotEqual(self.ask(sort).json(), self.ask(sort).json())

    def test_link_has_the_literal_target_none(self):
        self.assertIn("<None>", self.ask(f"{DEVICES}?limit=10").headers["Link"])
        self.assertEqual(self.ask(f"{DEVICES}?limit=10").headers["X-Total-Count"], "320")

    def test_filters(self):
        platforms = {row["platform"] for row in self.ask(f"{DEVICES}?platform=iPad").json()}
        self.assertEqual(platforms, {"iPad"})
        wanted = next(r for r in walk_devices(self) if r["serial_number"] and r.get("user"))
        by_serial = self.ask(f"{DEVICES}?serial_number={wanted['serial_number']}").json()
        self.assertEqual(by_serial, wanted)  # one object, as the vendor's sample has it
        by_email = self.ask(f"{DEVICES}?user_email={wanted['user']['email'].lower()}").json()
        self.assertIn(wanted, by_email)

    def test_awkward_rows_are_there(self):
        rows = walk_devices(self)
        users = [row.get("user", "missing") for row in rows]
        for odd in ("", None, {}, "missing"):
            self.assertIn(odd, users)
        self.assertTrue(any(isinstance(u, dict) and u.get("is_archived") for u in users))
        self.assertTrue(any(isinstance(u, dict) and u.get("email") == "" for u in users))
        self.assertEqual({row["platform"] for row in rows},
                         {"Mac", "iPhone", "iPad", "AppleTV", "Windows", "HomePod"})
        by_id = {}
        for user in users:
            if isinstance(user, dict) and user.get("id"):
                by_id.setdefault(user["id"], set()).add(user["email"])
        self.assertTrue(any(len(e) == 2 and len({x.lower() for x in e}) == 1
                            for e in by_id.values()))
        for key in ("serial_number", "last_check_in", "model"):
            self.assertTrue(any(row[key] == "" for row in rows), key)

    def test_one_device(self):
        one = self.ask(f"{DEVICES}?ordering=device_id&limit=1").json()[0]
        shown = self.ask(f"{DEVICES}/{one['device_id']}", token="all").json()
        self.assertEqual({**shown, "lost_mode_status": ""}, one)
        self.assertEqual(self.ask(f"{DEVICES}/none", token="all").status, 404)


class Prism(ServerCase):
    @classmethod
    def services(cls):
        return [open_service(devices=60, apps_per_device=8)] + [
            open_service(tenant=f"end-{end}".replace("_", "-"), cursor_end=end, devices=12,
                         apps_per_device=8)
            for end in ("null", "empty", "absent", "empty_page")]

    def test_default_is_25_and_the_cap_300(self):
        self.assertEqual(len(self.ask(APPS).json()["data"]), 25)
        self.assertEqual(self.ask(f"{APPS}?limit=9999").json()["limit"], 300)

    def test_offset_is_refused(self):
        self.assertEqual(self.ask(f"{APPS}?offset=25").status, 400)
        self.assertEqual(self.ask(f"{APPS}?offset=0").status, 200)

    def test_a_walk_meets_every_row_once_with_short_pages_in_the_middle(self):
        pages = walk_prism(self, limit=30)
        tenant = self.server.services[HOST].tenant
        rows = [row for page in pages for row in page["data"]]
        self.assertEqual(len(rows), tenant.install_count())
        self.assertEqual(len({(r["device_id"], r["path"], r["name"], r["bundle_id"])
                              for r in rows}), len(rows))
        self.assertTrue(any(0 < len(page["data"]) < 30 for page in pages[:-1]))

    def test_the_end_comes_in_four_ways(self):
        ends = {}
        for end in ("null", "empty", "absent", "empty-page"):
            last = walk_prism(self, host=f"end-{end}.api.kandji.io")[-1]
            ends[end] = (last.get("cursor", "absent"), bool(last["data"]))
        self.assertEqual(ends, {"null": (None, True), "empty": ("", True),
                                "absent": ("absent", True), "empty-page": (None, False)})

    def test_a_cursor_is_good_for_its_own_parameters_only(self):
        cursor = urllib.parse.quote(self.ask(f"{APPS}?limit=30").json()["cursor"], safe="")
        self.assertEqual(self.ask(f"{APPS}?limit=30&cursor={cursor}").status, 200)
        self.assertEqual(self.ask(f"{APPS}?limit=31&cursor={cursor}").status, 400)
        self.assertEqual(self.ask(f"{APPS}?limit=30&cursor=bm9uZQ==").status, 400)
        self.assertEqual(self.ask(f"{APPS}?limit=30&cursor={cursor}&sort_by=name").status, 400)

    def test_awkward_rows_are_there(self):
        rows = [row for page in walk_prism(self) for row in page["data"]]
        listed = {row["device_id"]: row for row in walk_devices(self)}
        self.assertTrue(any(row["device_id"] not in listed for row in rows))
        self.assertTrue(any(not listed.get(row["device_id"], {"user": 1}).get("user")
                            for row in rows))
        for odd in ("", None, "No value"):
            self.assertTrue(any(row["bundle_id"] == odd for row in rows), odd)
            self.assertTrue(any(row["version"] == odd for row in rows), odd)
        names = {row["name"] for row in rows}
        self.assertTrue(any("HELPER" in name for name in names))
        self.assertTrue(any(not name.isascii() for name in names))
        self.assertTrue(any("/Contents/" in (row["path"] or "") for row in rows))

    def test_filter_families_and_other_categories(self):
        page = self.ask(f"{APPS}?device_families=iPad").json()
        self.assertEqual({row["device__family"] for row in page["data"]}, {"iPad"})
        wanted = urllib.parse.quote(json.dumps({"name": {"not_like": ["helper"]}}))
        pages = self.ask(f"{APPS}?limit=300&filter={wanted}").json()
        self.assertFalse([r for r in pages["data"] if "helper" in r["name"].lower()])
        self.assertEqual(self.ask("/api/v1/prism/device_information").status, 200)
        self.assertEqual(self.ask("/api/v1/prism/nonsense").json(),
                         {"detail": "Invalid category: nonsense"})

    def test_count(self):
        answer = self.ask("/api/v1/prism/count?category=apps", token="all").json()
        self.assertEqual(answer["count"], self.server.services[HOST].tenant.install_count())


class OffsetEra(ServerCase):
    @classmethod
    def services(cls):
        return [open_service(devices=10, apps_per_device=8, prism="offset", user_ids="int")]

    def test_offset_works_and_no_cursor_is_given(self):
        first = self.ask(f"{APPS}?limit=50").json()
        self.assertIsNone(first["cursor"])
        rows, total = len(first["data"]), first["total"]
        self.assertGreater(total, rows)
        while rows < total:
            rows += len(self.ask(f"{APPS}?limit=50&offset={rows}").json()["data"])
        self.assertEqual(rows, total)
        self.assertEqual(self.ask(f"{APPS}?limit=50&offset={rows}").json()["data"], [])

    def test_user_ids_are_numbers_beyond_a_double(self):
        ids = [row["user"]["id"] for row in self.ask(DEVICES).json()
               if row.get("user") and row["user"].get("id")]
        self.assertTrue(ids and all(isinstance(one, int) and one > 2**53 for one in ids))


class Others(ServerCase):
    @classmethod
    def services(cls):
        return [open_service(devices=60, apps_per_device=2)]

    def test_users_go_on_at_the_host_of_the_ui(self):
        found, cursor, pages = [], "", 0
        while True:
            page = self.ask(f"/api/v1/users?cursor={cursor}", token="all").json()
            found += page["results"]
            pages += 1
            if not page["next"]:
                break
            url = urllib.parse.urlsplit(page["next"])
            self.assertEqual(url.hostname, "acme.kandji.io")
            cursor = url.query.partition("=")[2]
        self.assertEqual(pages, -(-len(found) // 25))
        self.assertEqual(len({row["email"] or row["id"] for row in found}), len(found))

    def test_licensing_counts_families(self):
        counts = self.ask("/api/v1/settings/licensing", token="all").json()["counts"]
        self.assertEqual(counts["computers_count"], 60)
        self.assertGreater(counts["macos_count"], 0)

    def test_tags_and_blueprints(self):
        self.assertTrue(self.ask("/api/v1/tags", token="all").json()["results"])
        self.assertEqual(self.ask("/api/v1/blueprints?offset=99", token="all").json()["results"],
                         [])


class Actions(ServerCase):
    def a_device(self, platform):
        found = self.ask(f"{DEVICES}?ordering=device_id&platform={platform}").json()
        return found[0] if isinstance(found, list) else found

    def act(self, device, name, body=None):
        path = f"{DEVICES}/{device['device_id']}/action/{name}"
        return self.ask(path, method="POST", token="all", body=body)

    def test_lock_gives_a_pin_on_a_mac_once(self):
        mac = self.a_device("Mac")
        answer = self.act(mac, "lock", {"Message": "call us"})
        self.assertRegex(answer.json()["PIN"], r"^\d{6}$")
        again = self.act(mac, "lock")
        self.assertEqual((again.status, again.json()), (400, "This device is already locked."))
        pin = self.ask(f"{DEVICES}/{mac['device_id']}/secrets/unlockpin", token="all").json()
        self.assertEqual(pin["pin"], answer.json()["PIN"])
        phone = self.act(self.a_device("iPhone"), "lock")
        self.assertEqual((phone.status, phone.body), (200, b""))

    def test_erase_is_empty_and_refusals_are_bare_strings(self):
        ipad = self.a_device("iPad")
        wrong = self.act(ipad, "erase", {"ReturnToService": {"Enabled": True, "ProfileId": "x"}})
        self.assertEqual(wrong.json(), "The specified profile is not in scope for the device")
        right = self.act(ipad, "erase/", {})
        self.assertEqual((right.status, right.body), (200, b""))
        self.assertEqual(self.act(ipad, "erase").json(), "Command already running")
        self.assertEqual(self.act(ipad, "restart").json(),
                         "Command is not allowed for current device")
        self.assertEqual(self.act(ipad, "dance").status, 404)

    def test_commands_show_what_was_asked(self):
        mac = self.ask(f"{DEVICES}?ordering=device_id&platform=Mac").json()[1]
        self.act(mac, "blankpush")
        path = f"{DEVICES}/{mac['device_id']}/commands?limit=300"
        first = self.ask(path, token="all").json()["commands"]
        self.assertEqual((first["count"], first["results"][0]["status"]), (1, 1))
        self.assertEqual(self.ask(path, token="all").json()["commands"]["results"][0]["status"], 3)

    def test_actions_need_their_permission_and_are_in_the_ledger(self):
        mac = self.a_device("Mac")
        path = f"{DEVICES}/{mac['device_id']}/action/restart"
        self.assertEqual(self.ask(path, method="POST").status, 403)
        self.ask(path, method="POST", token="all", body={"NotifyUser": True})
        seen = self.server.ledger.read(method="POST", path=path)
        self.assertEqual([entry["status"] for entry in seen], [403, 200])
        self.assertEqual(json.loads(seen[-1]["body"]), {"NotifyUser": True})

    def test_unassign_reassign_delete(self):
        mac = self.ask(f"{DEVICES}?ordering=device_id&platform=Mac&user_email=user").json()[-1]
        path, user = f"{DEVICES}/{mac['device_id']}", mac["user"]["id"]
        refused = self.ask(f"/api/v1/users/{user}", method="DELETE", token="all")
        self.assertEqual(refused.json(),
                         {"detail": "User still assigned to one or more devices."})
        freed = self.ask(path, method="PATCH", token="all", body={"user": None})
        self.assertEqual(freed.json()["user"], "")
        back = self.ask(path, method="PATCH", token="all", body={"user": user})
        self.assertEqual(back.json()["user"]["id"], user)
        self.assertEqual(self.ask(path, method="DELETE", token="all").status, 204)
        self.assertEqual(self.ask(path, token="all").status, 404)


if __name__ == "__main__":
    unittest.main()
