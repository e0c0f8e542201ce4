"""Bodies that are no listing, records that are none: refused or set aside, never half-read."""

import unittest

from fault_case import APPS, Case, DEVICES, FAILED, FaultCase, OK, PARTIAL, REFUSED, ROW, faults_of
from harness import ACCOUNT, HOST

ANY = (OK, PARTIAL, FAILED)


@faults_of(
    Case("html_page", {}, says=r"html|content|json"),
    Case("html_page", {}, path=APPS, says=r"html|content|json"),
    Case("html_as_json", {}, says=r"html|json|<"),
    Case("empty_body", {}, says=r"empty|json|body"),
    Case("empty_body", {}, path=APPS, says=r"empty|json|body"),
    Case("empty_object", {}, path=APPS, says=r"data|list|object"),
    Case("body", {"value": None}, says=r"null|list"),
    Case("body", {"value": 42}, says=r"number|list|42"),
    Case("body", {"value": "text"}, path=APPS, says=r"string|text|list|object"),
    Case("body", {"value": {"detail": "maintenance"}}, says=r"list|object|device_id"),
    Case("null_list", {}, path=APPS, says=r"null|list|data"),
    Case("list_of_wrong_type", {"value": "none"}, path=APPS, says=r"list|string"),
    Case("list_of_wrong_type", {"value": {"a": 1}}, path=APPS, says=r"list|object"),
    Case("list_of_wrong_type", {"value": [1, 2]}, says=r"object|number|row|record"),
    Case("list_of_wrong_type", {"value": [[]]}, says=r"object|list|row|record"),
    Case("truncated_json", {}, says=r"json|end|cut|unfinished|unterminated"),
    Case("trailing_garbage", {}, says=r"json|after|trailing|garbage"),
    Case("utf16", {}, says=r"json|utf|byte"),
    Case("duplicate_keys", {"row": ROW}, says=r"device_id|key|twice|duplicate"),
    Case("depth_bomb", {"row": ROW}, says=r"deep|depth|nest"),
    Case("depth_bomb", {"row": ROW, "depth": 100}, path=APPS, says=r"deep|depth|nest"),
    Case("many_elements", {}, says=r"element|rows|many|more than|limit"),
    Case("many_keys", {"row": ROW}, says=r"element|key|many|more than|limit"),
    Case("long_string", {"row": ROW}, says=r"long|size|limit|string"),
)
class Bodies(FaultCase):
    pass


@faults_of(
    Case("missing_id", {"row": ROW}, outcomes=(PARTIAL,), says=r"device_id|source_id|id"),
    Case("empty_id", {"row": ROW}, outcomes=(PARTIAL,), says=r"device_id|source_id|id"),
    Case("null_id", {"row": ROW}, outcomes=(PARTIAL,), says=r"device_id|source_id|id"),
    Case("wrong_field_type", {"row": ROW}, outcomes=(PARTIAL,), says=r"device_id|source_id|id"),
    Case("wrong_field_type", {"row": ROW, "field": "last_check_in", "value": [1]},
         outcomes=(PARTIAL,), says=r"last_check_in|last_seen_at|time"),
    Case("bad_timestamp", {"row": ROW}, outcomes=(PARTIAL,), says=r"yesterday|time"),
    Case("bad_timestamp", {"row": ROW, "field": "last_enrollment", "value": "2026-02-30 25:61:00"},
         outcomes=(PARTIAL,), says=r"time|last_enrollment|enrolled_at"),
    Case("invalid_utf8", {"row": ROW}, outcomes=(PARTIAL,), says=r"utf"),
    Case("overlong_utf8", {"row": ROW}, outcomes=(PARTIAL,), says=r"utf"),
    Case("lone_surrogate", {"row": ROW}, outcomes=(PARTIAL,), says=r"surrogate|utf|unicode"),
    Case("nul_escape", {"row": ROW}, outcomes=(PARTIAL,), says=r"nul|zero|u0000"),
    Case("nul_byte", {"row": ROW}, outcomes=REFUSED, says=r"nul|control|byte|json"),
    Case("bad_number", {"row": ROW, "token": "NaN"}, outcomes=REFUSED, says=r"nan|number|json"),
    Case("bad_number", {"row": ROW, "token": "-Infinity"}, outcomes=REFUSED,
         says=r"inf|number|json"),
    Case("bad_number", {"row": ROW, "token": "1e999"}, outcomes=ANY),
    Case("bad_number", {"row": ROW, "token": "-0"}, outcomes=ANY),
    Case("bad_number", {"row": ROW, "token": "1e" + "9" * 400}, outcomes=ANY, name="huge_exponent"),
)
class Records(FaultCase):
    """One record of 320 is bad: it alone is set aside, named, and the session says so."""

    def setUp(self):
        super().setUp()
        self.rows = len(self.muster.rows("devices"))

    def test_what_was_set_aside_is_named(self):
        victim = self.sim.truth(HOST)["devices"]
        self.sim.fault("bad_timestamp", path=DEVICES, page=1, row=ROW)
        self.sync(code=None)
        self.assertEqual(self.muster.last_session()["quarantined"], 1)
        row, = self.muster.query("SELECT * FROM quarantine ORDER BY id DESC LIMIT 1")
        self.assertTrue(row["reason"])
        self.assertIn(row["source_id"], {device["source_id"] for device in victim})
        shown = self.muster.must("sessions", "show", ACCOUNT, "--json").out
        self.assertIn("quarantined", shown)

    def test_too_many_bad_records_fail_the_session(self):
        before = self.muster.everything()
        self.sim.fault("missing_id", path=DEVICES, page=1, rows=20, times=0)
        self.sync(code=None)
        self.assertEqual(self.muster.last_session()["outcome"], FAILED)
        self.assert_nothing_lost(before)

    def test_a_quarantined_row_with_an_id_counts_as_seen(self):
        self.sim.fault("bad_timestamp", path=DEVICES, page=1, row=ROW, times=0)
        for _ in range(2):
            self.sync(code=None)
        self.assertEqual(len(self.muster.rows("devices")), self.rows)

    def test_numbers_beyond_64_bit_are_kept_digit_by_digit(self):
        self.sim.fault("huge_integer", path=DEVICES, page=1, field="asset_tag", row=ROW)
        self.sync()
        tags = {row["asset_tag"] for row in self.muster.rows("devices")}
        self.assertIn("123456789012345678901234567890", tags)

    def test_terminal_escapes_do_not_reach_the_terminal(self):
        self.sim.fault("control_bytes", path=DEVICES, page=1, row=ROW, times=0)
        self.sync(code=None)
        shown = self.muster.must("devices", "list", "--limit", "0").out
        self.assertNotIn("\x1b", shown)
        self.assertNotIn("\nforged line", shown)
        name = self.muster.value("SELECT count(*) FROM devices WHERE name LIKE '%forged line%'")
        self.assertLessEqual(name, 1)

    def tearDown(self):
        self.sim.clear_faults()
        self.sync(code=None)  # what a test stored of a spoiled row is put right
        super().tearDown()


if __name__ == "__main__":
    unittest.main()
