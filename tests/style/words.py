"""Words that do not belong: into C, into tests, or anywhere in the tree."""

import re
from fnmatch import fnmatch

from source import arguments, functions, line_at, matching, only_code, without_comments

TOP_LEVEL = {"host", "scripts", "tests", "examples", "CMakeLists.txt", "CMakePresets.json",
             "README.md", "LICENSE"}

# Made up of pieces so that this file does not find itself.
_UNFINISHED = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "XX" "X")) + r")\b")
_MACHINE_PATH = re.compile(r"(?<![\w.{}~-])/(?:" + "|".join(("work", "root", "tmp/wt", r"home/\w+")) + r")/\w")

# Calls that make a descriptor, and what has to stand among their arguments. None: never used, the
# right column says what is.
DESCRIPTORS = {
    "open": "O_CLOEXEC", "openat": "O_CLOEXEC", "socket": "SOCK_CLOEXEC",
    "socketpair": "SOCK_CLOEXEC", "accept4": "SOCK_CLOEXEC", "pipe2": "O_CLOEXEC",
    "dup3": "O_CLOEXEC", "mkostemp": "O_CLOEXEC", "epoll_create1": "EPOLL_CLOEXEC",
    "eventfd": "EFD_CLOEXEC", "memfd_create": "MFD_CLOEXEC", "signalfd": "SFD_CLOEXEC",
    "timerfd_create": "TFD_CLOEXEC", "inotify_init1": "IN_CLOEXEC",
}
DESCRIPTORS_REFUSED = {
    "accept": "accept4", "pipe": "pipe2", "dup": "fcntl with F_DUPFD_CLOEXEC", "creat": "open",
    "mkstemp": "mkostemp", "epoll_create": "epoll_create1", "inotify_init": "inotify_init1",
    "tmpfile": "mkostemp", "popen": "loop_child_start", "system": "loop_child_start",
}


def _calls(code, names):
    """(name, offset, arguments) of every call of one of these; methods and x->open() are not."""
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(map(re.escape, names)) + r")\(")
    for call in pattern.finditer(code):
        yield call.group(1), call.start(), arguments(code, call.end() - 1)


def find_comparisons(tree):
    """strcmp decides equality in str_eq only; elsewhere it may order: < or > or a comparator's
    return."""
    findings = []
    for path, text in matching(tree, "host/", "tests/", ends=(".c", ".h")):
        code = only_code(text)
        for _, at, inside in _calls(code, ["strcmp"]):
            after = code[at + len("strcmp()") + len(inside):].lstrip()
            orders = after.startswith(("<", ">", ";")) and not code[:at].rstrip().endswith("!")
            if not orders and path != "host/base/str.c":
                findings.append(f"{path}:{line_at(code, at)}: strcmp for equality: use str_eq")
    return findings


def find_c_words(tree):
    findings = []
    for path, text in matching(tree, "host/", "tests/", ends=(".c", ".h")):
        code = only_code(text)
        for match in re.finditer(r"\btypedef\s+(struct|union|enum)\b", code):
            findings.append(f"{path}:{line_at(code, match.start())}: typedef of a {match.group(1)}")
        for match in re.finditer(r"\bsetlocale\s*\(", code):
            findings.append(f"{path}:{line_at(code, match.start())}: setlocale changes how numbers are written")
    return findings


def find_descriptors(tree):
    """Every descriptor is close-on-exec."""
    findings = []
    for path, text in matching(tree, "host/", ends=(".c", ".h")):
        code, full = only_code(text), without_comments(text)
        for name, at, inside in _calls(code, DESCRIPTORS):
            if DESCRIPTORS[name] not in inside:
                findings.append(f"{path}:{line_at(code, at)}: {name} without {DESCRIPTORS[name]}")
        for name, at, _ in _calls(code, DESCRIPTORS_REFUSED):
            findings.append(f"{path}:{line_at(code, at)}: {name}: use {DESCRIPTORS_REFUSED[name]}")
        for name, at, inside in _calls(full, ["fopen", "fdopen", "freopen"]):
            if name != "fdopen" and not re.search(r'"[^"]*e[^"]*"\s*(,|$)', inside):
                findings.append(f'{path}:{line_at(full, at)}: {name} without "e" in its mode')
    return findings


def find_sleeps(tree):
    """A test may sleep between two looks for an event, in a loop with a condition; else it waits for
    luck."""
    looks = re.compile(r"\b(for|while) \(.*\w\(.*\)\s*$")
    findings = []
    for path, text in matching(tree, "tests/unit/", ends=(".c", ".h")):
        code = only_code(text)
        for name, at, _ in _calls(code, ["sleep", "usleep", "nanosleep"]):
            before = code[:at].rstrip().rpartition("\n")[2]
            if not looks.search(before):
                findings.append(f"{path}:{line_at(code, at)}: {name}: wait for the event, not for luck")
    return findings


def find_empty_tests(tree):
    """Every registered cmocka test asserts something, itself or through functions and macros of its
    file."""
    findings = []
    for path, text in matching(tree, "tests/unit/test_", ends=(".c",)):
        known = {f.name: f for f in functions(text)}
        bodies = {name: "\n".join(f.body) for name, f in known.items()}
        for macro in re.finditer(r"^#define (\w+)\(((?:.*\\\n)*.*)", only_code(text), re.M):
            bodies[macro.group(1)] = macro.group(2)
        asserting = {name for name, body in bodies.items()
                     if re.search(r"\b(assert_\w+|fail|fail_msg|expect_\w+)\s*\(", body)}
        while True:
            more = {name for name, body in bodies.items() if name not in asserting
                    and any(re.search(rf"\b{other}\b", body) for other in asserting)}
            if not more:
                break
            asserting |= more
        tests = re.findall(r"\bcmocka_unit_test\w*\(\s*(\w+)", only_code(text))
        for name in tests:
            if name in known and name not in asserting:
                findings.append(f"{path}:{known[name].line}: {name} asserts nothing")
        if not tests:
            findings.append(f"{path}:1: registers no test")
    return findings


def find_anywhere(tree):
    findings = []
    for path, text in matching(tree, ""):
        for pattern, what in ((_UNFINISHED, "unfinished work"), (_MACHINE_PATH, "path of one machine")):
            for match in pattern.finditer(text):
                findings.append(f"{path}:{line_at(text, match.start())}: {what}: {match.group()}")
        if re.search(r"[ \t]$", text, re.M) and not path.endswith((".md", ".har")):
            at = re.search(r"[ \t]$", text, re.M).start()
            findings.append(f"{path}:{line_at(text, at)}: white space at the end of a line")
    return findings


def find_top_level(tree):
    tops = {path.split("/")[0] for path in tree}
    return [f"{top}:1: does not belong into the top folder" for top in sorted(tops)
            if top not in TOP_LEVEL and not fnmatch(top, ".*")]


def find(tree):
    return [finding for check in (find_comparisons, find_c_words, find_descriptors, find_sleeps,
                                  find_empty_tests, find_anywhere, find_top_level)
            for finding in check(tree)]
