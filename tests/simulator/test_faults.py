"""Every fault does what its line in the table says, seen from a client's side."""

import gzip
import http.client
import json
import time
import unittest
import zlib

from . import faults
from .faults import FaultError
from .probe import APPS, DEVICES, HOST, ServerCase, open_service

# Faults of a listing: name, parameters, and what must be true of the body's text or rows.
SPOILED = (
    ("null_list", {}, lambda text: text == b"null"),
    ("list_of_wrong_type", {"value": {"a": 1}}, lambda text: text == b'{"a":1}'),
    ("empty_list", {}, lambda text: text == b"[]"),
    ("wrong_field_type", {}, lambda text: b'"device_id":{"unexpected"' in text),
    ("wrong_field_type", {"field": "platform", "value": 7}, lambda text: b'"platform":7' in text),
    ("missing_id", {"rows": 3}, lambda text: text.count(b'"device_id"') == 27),
    ("empty_id", {}, lambda text: b'"device_id":""' in text),
    ("null_id", {}, lambda text: b'"device_id":null' in text),
    ("duplicate_keys", {}, lambda text: text.count(b'"device_id"') == 31),
    ("bad_number", {"token": "1e999"}, lambda text: b'"count":1e999' in text),
    ("huge_integer", {}, lambda text: b'"device_id":1234567890123456789012' in text),
    ("invalid_utf8", {}, lambda text: b'"device_name":"caf\xe9 \xff' in text),
    ("overlong_utf8", {}, lambda text: b"\xc0\xaf" in text),
    ("lone_surrogate", {}, lambda text: b"\\ud800 pair" in text),
    ("nul_escape", {}, lambda text: b"before\\u0000after" in text),
    ("nul_byte", {}, lambda text: b"before\x00after" in text),
    ("control_bytes", {}, lambda text: b"\\u001b[2J" in text),
    ("long_string", {"size": 5000}, lambda text: b"x" * 5000 in text),
    ("bad_timestamp", {}, lambda text: b'"last_check_in":"yesterday"' in text),
    ("depth_bomb", {"depth": 1000}, lambda text: b"[" * 1000 in text),
    ("many_elements", {"count": 1000}, lambda text: text.count(b"{}") == 1000),
    ("many_keys", {"count": 1000}, lambda text: b'"k999":0' in text),
    ("truncated_json", {}, lambda text: not text.endswith(b"]")),
    ("trailing_garbage", {}, lambda text: text.endswith(b"-->")),
    ("byte_order_mark", {}, lambda text: text.startswith(b"\xef\xbb\xbf[")),
    ("utf16", {}, lambda text: b"\x00" in text[:8]),
    ("empty_body", {}, lambda text: text == b""),
    ("empty_object", {}, lambda text: text == b"{}"),
    ("body", {"value": 42}, lambda text: text == b"42"),
    ("html_page", {}, lambda text: text.startswith(b"<!DOCTYPE html>")),
    ("html_as_json", {}, lambda text: text.startswith(b"<!DOCTYPE html>")),
    ("duplicate_id_in_page", {}, lambda text: len(json.loads(text)) == 31),
    ("drop_rows", {"count": 2}, lambda text: len(json.loads(text)) == 28),
    ("keep_rows", {"count": 2}, lambda text: len(json.loads(text)) == 2),
)
STATUSES = (
    ("server_error", {}, 500), ("server_error", {"status": 502, "shape": "empty"}, 502),
    ("unavailable", {"retry_after": 3}, 503), ("unauthorized", {}, 401), ("forbidden", {}, 403),
    ("not_found", {}, 404), ("expired_cursor", {}, 400), ("redirect", {}, 302),
    ("too_many_requests", {}, 429),
)


class Bodies(ServerCase):
    def order(self, name, **arguments):
        return self.server.faults.add(name, path=DEVICES, **arguments)

    def test_spoiled_bodies(self):
        for name, params, holds in SPOILED:
            with self.subTest(fault=name):
                self.order(name, **params)
                self.assertTrue(holds(self.ask(DEVICES).body), name)
                self.assertEqual(len(self.ask(DEVICES).json()), 30)  # once only
                self.server.faults.clear()

    def test_statuses(self):
        for name, params, status in STATUSES:
            with self.subTest(fault=name):
                self.order(name, **params)
                self.assertEqual(self.ask(DEVICES).status, status)
                self.server.faults.clear()

    def test_retry_after_in_all_forms(self):
        forms = {1: "1", "-1": "-1", 99999999: "99999999", None: None}
        for value, header in forms.items():
            self.order("too_many_requests", retry_after=value)
            self.assertEqual(self.ask(DEVICES).headers["Retry-After"], header)
        self.order("too_many_requests", retry_after="date", ahead_s=2)
        self.assertRegex(self.ask(DEVICES).headers["Retry-After"], r"^\w{3}, \d\d .* GMT$")

    def test_redirect_to_another_host(self):
        self.order("redirect", status=307, to="https://evil.example/x")
        answer = self.ask(DEVICES)
        self.assertEqual((answer.status, answer.headers["Location"]),
                         (307, "https://evil.example/x"))

    def test_headers(self):
        self.order("wrong_content_type", value="text/html")
        self.assertEqual(self.ask(DEVICES).headers["Content-Type"], "text/html")
        self.order("unknown_content_encoding")
        self.assertEqual(self.ask(DEVICES).headers["Content-Encoding"], "x-muster")
        self.order("many_headers", count=80)
        self.assertEqual(self.ask(DEVICES).headers["X-Filler-79"], "x")
        self.order("chunked")
        answer = self.ask(DEVICES)
        self.assertEqual(answer.headers["Transfer-Encoding"], "chunked")
        self.assertEqual(len(answer.json()), 30)


class Paging(ServerCase):
    @classmethod
    def services(cls):
        return [open_service(devices=90, apps_per_device=10)]

    def ids(self, offset):
        page = self.ask(f"{DEVICES}?ordering=device_id&limit=30&offset={offset}").json()
        return [row["device_id"] for row in page]

    def test_page_and_from_page(self):
        self.server.faults.add("forbidden", path=DEVICES, from_page=2, times=0)
        statuses = [self.ask(f"{DEVICES}?limit=30&offset={o}").status for o in (0, 29, 30, 58, 60, 0)]
        self.assertEqual(statuses, [200, 403, 403, 403, 403, 200])  # pages may overlap by a row

    def test_prism_pages_are_known_by_their_cursor(self):
        self.server.faults.add("unauthorized", path="/api/v1/prism/*", page=2)
        first = self.ask(f"{APPS}?limit=30").json()
        following = f"{APPS}?limit=30&cursor=" + first["cursor"].replace("+", "%2B").replace(
            "/", "%2F").replace("=", "%3D")
        self.assertEqual(self.ask(following).status, 401)
        self.assertEqual(self.ask(following).status, 200)

    def test_nth_and_times(self):
        self.server.faults.add("server_error", path=DEVICES, nth=2, times=2)
        self.assertEqual([self.ask(DEVICES).status for _ in range(4)], [200, 500, 500, 200])
        order, = self.server.faults.describe()
        self.assertEqual((order["hits"], order["seen"]), (2, 4))

    def test_repeated_page(self):
        self.server.faults.add("repeated_page", path=DEVICES, page=2)
        first = self.ids(0)
        self.assertEqual(self.ids(30), first)
        self.assertNotEqual(self.ids(30), first)

    def test_duplicate_id_across_pages(self):
        self.server.faults.add("duplicate_id_across_pages", path=DEVICES, page=2)
        first = self.ids(0)
        self.assertEqual(self.ids(30)[-1], first[0])

    def test_same_cursor_twice(self):
        cursor = self.ask(f"{APPS}?limit=30").json()["cursor"]
        self.server.faults.add("same_cursor", path=APPS, page=2)
        again = self.ask(f"{APPS}?limit=30&cursor=" + cursor.replace("=", "%3D")).json()
        self.assertEqual(again["cursor"], cursor)

    def test_endless_pages_never_end_and_never_repeat(self):
        self.server.faults.add("endless_pages", times=0)
        seen = [self.ids(30 * i) for i in range(5)]
        self.assertEqual(len({one for page in seen for one in page}), 150)
        page = self.ask(f"{APPS}?limit=30&cursor=anything").json()
        self.assertEqual(len(page["data"]), 30)
        self.assertTrue(page["cursor"])

    def test_endless_repeats_are_the_same_rows(self):
        self.server.faults.add("endless_repeats", path=DEVICES, times=0)
        self.assertEqual(self.ids(0), self.ids(3000))

    def test_drift(self):
        truth = {row["device_id"] for row in self.ask(DEVICES).json()}
        self.server.faults.add("drift_insert", path=DEVICES, page=1)
        walked = self.ids(0) + self.ids(30) + self.ids(60) + self.ids(90)
        self.assertEqual(len(walked) - len(set(walked)), 1)
        self.server.faults.add("drift_delete", path=DEVICES, page=1)
        walked = self.ids(0) + self.ids(30) + self.ids(60) + self.ids(90)
        self.assertEqual(len(truth - set(walked)), 1)

    def test_wrong_total(self):
        self.server.faults.add("wrong_total", path=APPS, delta=5)
        self.assertEqual(self.ask(f"{APPS}?limit=30").json()["total"], 35)

    def test_change_after(self):
        self.server.faults.add("change_after", path=DEVICES, op="rename_device",
                               args={"name": "Zz"})
        self.assertNotIn(b'"Zz"', self.ask(DEVICES).body)
        self.assertIn(b'"Zz"', self.ask(DEVICES).body)


class Wire(ServerCase):
    def order(self, name, **arguments):
        return self.server.faults.add(name, path=DEVICES, **arguments)

    def body_of(self, received):
        return received.partition(b"\r\n\r\n")[2]

    def test_cut_body_ends_in_the_middle(self):
        self.order("cut_body", after=100)
        with self.assertRaises(http.client.IncompleteRead):
            self.ask(DEVICES)
        entry = self.server.ledger.read(path=DEVICES)[-1]
        self.assertEqual(entry["faults"], ["cut_body"])

    def test_wrong_content_length(self):
        self.order("wrong_content_length", delta=-10)
        with self.assertRaises(json.JSONDecodeError):
            self.ask(DEVICES).json()
        self.order("wrong_content_length", delta=10)
        with self.assertRaises(http.client.IncompleteRead):
            self.ask(DEVICES)

    def test_reset_and_early_close(self):
        for after in (50, -1):
            self.order("reset", after=after)
            with self.assertRaises((ConnectionError, OSError, http.client.HTTPException)):
                self.ask(DEVICES)
        self.order("early_close")
        with self.assertRaises((http.client.RemoteDisconnected, OSError)):
            self.ask(DEVICES)

    def test_slow_bytes_come_one_by_one(self):
        self.order("body", value=1234)
        self.order("slow_bytes", per_second=50)
        start = time.monotonic()
        self.assertEqual(self.ask(DEVICES).json(), 1234)
        self.assertGreater(time.monotonic() - start, 0.05)

    def test_delay_and_stall(self):
        self.order("delay", seconds=0.2)
        self.assertEqual(self.ask(DEVICES).status, 200)
        self.order("stall", seconds=0.2)
        with self.assertRaises((http.client.RemoteDisconnected, OSError)):
            self.ask(DEVICES)

    def test_gzip_bomb_is_a_thousand_to_one(self):
        self.order("gzip_bomb", decoded_mib=8)
        answer = self.ask(DEVICES)
        self.assertEqual(answer.headers["Content-Encoding"], "gzip")
        self.assertGreater((8 << 20) / len(answer.body), 900)
        self.assertGreaterEqual(len(gzip.decompress(answer.body)), 8 << 20)

    def test_corrupt_gzip(self):
        self.order("corrupt_gzip")
        with self.assertRaises((zlib.error, EOFError, OSError)):
            gzip.decompress(self.ask(DEVICES).body)

    def test_endless_chunked(self):
        self.order("endless_chunked", cap_mib=1)
        received = self.raw(DEVICES)
        self.assertGreater(len(received), 1 << 20)
        self.assertFalse(received.endswith(b"0\r\n\r\n"))

    def test_huge_and_bad_headers(self):
        self.order("huge_header", mib=1)
        self.assertGreater(len(self.raw(DEVICES)), 1 << 20)
        self.order("bad_header")
        self.assertIn(b"\r\nX-Split: a\rSet-Cookie: b=c\r\n", self.raw(DEVICES))
        self.order("not_http")
        self.assertTrue(self.raw(DEVICES).startswith(b"SSH-2.0"))

    def test_slow_headers(self):
        self.order("body", value=1)
        self.order("slow_headers", per_second=5000)
        self.assertEqual(self.body_of(self.raw(DEVICES)), b"1")


class Orders(unittest.TestCase):
    def test_mistakes_are_named(self):
        book = faults.Faults()
        with self.assertRaisesRegex(FaultError, "unknown fault 'boom'"):
            book.add("boom")
        with self.assertRaisesRegex(FaultError, "stall has no 'secnods': it takes seconds"):
            book.add("stall", secnods=1)

    def test_a_fault_is_for_its_host_only(self):
        book = faults.Faults()
        book.add("stall", host="other.api.kandji.io")
        from .exchange import Request
        self.assertEqual(book.striking(Request("GET", HOST, DEVICES, {}, {}), 1), [])

    def test_every_fault_says_what_happens(self):
        self.assertGreater(len(faults.KINDS), 60)
        for kind in faults.KINDS.values():
            self.assertTrue(kind.summary, kind.name)


if __name__ == "__main__":
    unittest.main()
