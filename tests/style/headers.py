"""A header is its module's manual: it begins with a comment of at least a sentence, and its guard is
named after its path. A C file begins with a comment that says what it is.
"""

import re

from source import matching

_FIRST_COMMENT = re.compile(r"\A/\*(.*?)\*/", re.S)


def guard_name(path):
    return "MUSTER_" + re.sub(r"\W", "_", path[len("host/"):]).upper()


def find(tree):
    findings = []
    for path, text in matching(tree, "host/", "tests/", ends=(".c", ".h")):
        first = _FIRST_COMMENT.match(text)
        words = re.findall(r"\w+", first.group(1)) if first else []
        if not words:
            findings.append(f"{path}:1: does not begin with a comment that says what this is")
        if path.startswith("host/") and path.endswith(".h") and f"#ifndef {guard_name(path)}\n" not in text:
            findings.append(f"{path}:1: has no include guard {guard_name(path)}")
    return findings
