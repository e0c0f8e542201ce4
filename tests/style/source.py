"""What the checks know of source text: the tree's files, and just enough of C.

A tree is a dict of path (from the top, with slashes) to text, so that a check can be tested with a
few lines made up for it. A finding is one line of text that begins with "path:line: ".
"""

import os
import re
from dataclasses import dataclass

TOP_SKIPPED = {".git", "build", ".cache"}
SKIPPED = {"__pycache__", "corpus"}  # anywhere; a corpus holds any bytes
BINARY = (".png", ".gz", ".zst", ".db", ".pem", ".ico")

_C_TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""", re.S)


@dataclass
class Function:
    name: str
    line: int   # of the opening brace, from 1
    length: int  # lines, both braces included
    body: list


def load(top):
    tree = {}
    for folder, folders, files in os.walk(top):
        inside = os.path.relpath(folder, top)
        folders[:] = [f for f in folders if f not in SKIPPED
                      and not (inside == "." and f in TOP_SKIPPED)]
        for name in files:
            if name in TOP_SKIPPED:  # .git is a file in a linked work tree
                continue
            path = os.path.normpath(os.path.join(inside, name)).replace(os.sep, "/")
            if not name.endswith(BINARY):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    tree[path] = file.read()
    return tree


def matching(tree, *starts, ends=("",)):
    """The files below one of the folders, with one of the endings, in order."""
    return [(path, tree[path]) for path in sorted(tree)
            if path.startswith(tuple(starts)) and path.endswith(tuple(ends))]


def _blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def without_comments(text):
    return _C_TOKEN.sub(lambda m: _blank(m) if m.group("comment") else m.group(), text)


def only_code(text):
    """C without comments and with empty strings; lines and columns stay."""
    def blank(match):
        word = match.group()
        return _blank(match) if match.group("comment") else word[0] + " " * (len(word) - 2) + word[-1]
    return _C_TOKEN.sub(blank, text)


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


def arguments(code, opening):
    """The text between the bracket at `opening` and its partner."""
    depth = 0
    for at in range(opening, len(code)):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        if depth == 0:
            return code[opening + 1:at]
    return code[opening + 1:]


def functions(text):
    """Every function of a C file. clang-format keeps their braces alone in the first column."""
    lines = only_code(text).split("\n")
    found, start = [], None
    for at, line in enumerate(lines):
        if line == "{":
            start = at
        elif line == "}" and start is not None:
            found.append(Function(_name_before(lines, start), start + 1, at - start + 1,
                                  lines[start:at + 1]))
            start = None
    return found


def _name_before(lines, brace):
    head = brace
    while head > 0 and lines[head - 1].strip() and lines[head - 1][0] not in "}#":
        head -= 1
    name = re.search(r"(\w+)\s*\(", " ".join(lines[head:brace]))
    return name.group(1) if name else "?"
