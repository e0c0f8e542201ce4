"""Sizes: a C function has at most 60 lines unless one table or one switch makes it up, the 95th
percentile is at most 40; a file has at most 600 lines, a connector at most 300.
"""

import re

from source import functions, matching

FUNCTION_MAX = 60
FUNCTION_P95_MAX = 40
BESIDE_TABLE_MAX = 20  # lines of a long function that are not its one table or switch
FILE_MAX = 600
CONNECTOR_MAX = 300
SOURCES = (".c", ".h", ".lua", ".py", ".sql", ".cmake", ".js", ".css")

_BLOCK = re.compile(r"^(\t+)(?:switch \(.*|.*= )\{$")


def table_length(body):
    """Lines of the longest switch or initialiser inside a function."""
    longest = 0
    for at, line in enumerate(body):
        opening = _BLOCK.match(line)
        if not opening:
            continue
        indent = opening.group(1)
        for end in range(at + 1, len(body)):
            if re.match(rf"{indent}\}}", body[end]):
                longest = max(longest, end - at + 1)
                break
    return longest


def percentile(sorted_values, part):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * part))]


def find_functions(tree):
    """Findings, and the sorted lengths of all functions of the host."""
    findings, lengths = [], []
    for path, text in matching(tree, "host/", "tests/", ends=(".c", ".h")):
        for function in functions(text):
            if path.startswith("host/"):
                lengths.append(function.length)
            rest = function.length - table_length(function.body)
            if function.length > FUNCTION_MAX and rest > BESIDE_TABLE_MAX:
                findings.append(f"{path}:{function.line}: {function.name} has {function.length} "
                                f"lines, more than {FUNCTION_MAX}")
    lengths.sort()
    if lengths and percentile(lengths, 0.95) > FUNCTION_P95_MAX:
        findings.append(f"host:1: the 95th percentile of function lengths is "
                        f"{percentile(lengths, 0.95)}, more than {FUNCTION_P95_MAX}")
    return findings, lengths


def find_files(tree):
    findings = []
    for path, text in matching(tree, "", ends=SOURCES):
        limit = CONNECTOR_MAX if path.startswith("scripts/vendors/") else FILE_MAX
        count = text.count("\n")
        if count > limit:
            findings.append(f"{path}:1: {count} lines, more than {limit}: it has two subjects")
    return findings


def find(tree):
    findings, lengths = find_functions(tree)
    if lengths:
        print(f"{len(lengths)} functions: median {percentile(lengths, 0.5)} lines, 95th percentile "
              f"{percentile(lengths, 0.95)}, longest {lengths[-1]}")
    return findings + find_files(tree)
