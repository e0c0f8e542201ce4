"""Faults on order, as tables: what a vendor may answer, and how a session may end then.

The end-to-end tests strike with each of them, one a test; the promise D1 strikes while devices are
really gone, on other pages, and in random schedules.
"""

from e2e.fault_case import APPS, Case, DEVICES, FAILED, OK, PARTIAL, REFUSED, ROW

EVER = (OK, PARTIAL, FAILED)
LOOP = r"loop|repeat|again|same|end|pages"


def once(fault, path=DEVICES, outcomes=(OK,), **params):
    """A fault that the next try gets past."""
    name = "_".join(["once", fault, *map(str, params.values())])
    return Case(fault, params, path=path, times=1, outcomes=outcomes, name=name)


# Bodies that are no listing.
BODIES = (
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

# One record of a page is bad.
RECORDS = (
    Case("missing_id", {"row": ROW}, outcomes=(PARTIAL,), says=r"device_id|source_id|id"),
    Case("missing_id", {"row": ROW}, path=APPS, outcomes=(PARTIAL,), says=r"no id"),
    Case("wrong_field_type", {"row": ROW}, path=APPS, outcomes=(PARTIAL,), says=r"no id"),
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
    Case("bad_number", {"row": ROW, "token": "1e999"}, outcomes=EVER),
    Case("bad_number", {"row": ROW, "token": "-0"}, outcomes=EVER),
    Case("bad_number", {"row": ROW, "token": "1e" + "9" * 400}, outcomes=EVER, name="huge_exponent"),
)

# Listings that do not end, repeat or end early.
PAGING = (
    Case("repeated_page", {}, says=LOOP),
    Case("repeated_page", {}, path=APPS, says=LOOP),
    Case("same_cursor", {}, path=APPS, says=LOOP + "|cursor"),
    Case("endless_repeats", {}, path=APPS, says=LOOP + "|cursor"),
    Case("endless_repeats", {}, says=LOOP),
    Case("expired_cursor", {}, path=APPS, says=r"400|cursor"),
    Case("duplicate_id_in_page", {}, outcomes=EVER),
    Case("duplicate_id_across_pages", {}, outcomes=EVER),
)

# Strike once: a repetition gets past them. Where the fault shows in the body alone it may also be
# refused, for the host does not read inventories.
PASSING = (
    once("too_many_requests", retry_after=1),
    once("too_many_requests", retry_after=None),
    once("too_many_requests", retry_after="date", ahead_s=1),
    once("too_many_requests", retry_after="-1"),
    once("too_many_requests", retry_after="soon"),
    once("too_many_requests", path=APPS, retry_after=1),
    once("server_error"), once("server_error", status=502, shape="empty"),
    once("server_error", status=504), once("server_error", status=408),
    once("unavailable", retry_after=1), once("unavailable", path=APPS),
    once("cut_body", after=700), once("cut_body", path=APPS, after=0),
    once("reset", after=700), once("reset", after=-1), once("early_close"),
    once("wrong_content_length", delta=10), once("chunked"), once("delay", seconds=0.5),
    once("wrong_content_length", outcomes=EVER, delta=-10),
    once("truncated_json", outcomes=EVER), once("corrupt_gzip", outcomes=EVER),
)

# Transport and status: an error with a name.
STAYING = (
    Case("server_error", {}, outcomes=(FAILED,), says=r"500"),
    Case("server_error", {}, path=APPS, says=r"500"),
    Case("cut_body", {"after": 700}, says=r"short|clos|end|transfer|incomplete|cut"),
    Case("reset", {"after": 700}, path=APPS, says=r"reset|recv|connection"),
    Case("not_found", {}, says=r"404|api url"),
    Case("expired_cursor", {}, path=APPS, says=r"400|cursor"),
    Case("redirect", {"status": 302}, says=r"redirect|302"),
    Case("redirect", {"status": 301, "to": "http://acme.api.kandji.io/"}, says=r"redirect|301"),
    Case("redirect", {"status": 307, "to": "//evil.example/x"}, path=APPS, says=r"redirect|307"),
    Case("redirect", {"status": 308, "to": "https://acme.api.kandji.io@evil.example/"},
         says=r"redirect|308"),
    Case("not_http", {}, says=r"http|protocol|response"),
    Case("bad_header", {}, says=r"header"),
    Case("bad_header", {"line": "X-Nul: a\x00b"}, says=r"header"),
    Case("unknown_content_encoding", {}, says=r"encoding"),
)
