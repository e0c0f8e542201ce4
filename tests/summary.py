"""Adds up the results of all ctest runs: the last line is "N passed, N failed".

usage: summary.py FOLDER [BROKEN-STEP...]

FOLDER holds one JUnit file a ctest run. A test program that runs many tests (cmocka, busted,
unittest) is counted by its own tests, any other program as one. A program that failed counts at
least one failure, so a crash after the last test is not lost. Exits with 1 on any failure and when
nothing ran at all.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

# How ctest writes the escape sequences of a terminal.
COLOUR = re.compile(r"\[NON-XML-CHAR-0x1B\]\[[0-9;]*m")


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: list = field(default_factory=list)  # one text a test: why, or its name


def cmocka(output):
    """[  PASSED  ] 5 test(s). / [  FAILED  ] test_name / [  SKIPPED ] test_name"""
    if "[==========]" not in output:
        return None
    totals = {"PASSED": 0, "FAILED": 0}
    for word, number in re.findall(r"^\[\s+(PASSED|FAILED)\s+\] (\d+) test", output, re.M):
        totals[word] += int(number)
    names = sorted(set(re.findall(r"^\[\s+SKIPPED\s+\] (\w+)$", output, re.M)))
    reasons = re.findall(r"^skipped: (.*)$", output, re.M)
    skipped = reasons if len(reasons) == len(names) else names
    return Count(totals["PASSED"], totals["FAILED"], skipped)


def tap(output):
    """1..5 / ok 1 - name / not ok 2 - name / ok 3 - name # SKIP why: what busted prints"""
    if not re.search(r"^1\.\.\d+$", output, re.M):
        return None
    skipped = re.findall(r"^ok \d+ .*# SKIP\s*(.*)$", output, re.M)
    passed = len(re.findall(r"^ok \d+", output, re.M)) - len(skipped)
    return Count(passed, len(re.findall(r"^not ok \d+", output, re.M)), skipped)


def unittest(output):
    """Ran 5 tests in 0.1s / FAILED (failures=1, errors=1, skipped=1)"""
    ran = re.findall(r"^Ran (\d+) tests? in ", output, re.M)
    if not ran:
        return None
    noted = {word: sum(int(n) for n in re.findall(rf"\b{word}=(\d+)", output))
             for word in ("failures", "errors", "skipped", "unexpected successes")}
    failed = noted["failures"] + noted["errors"] + noted["unexpected successes"]
    skipped = re.findall(r"\.\.\. skipped ['\"](.*)['\"]$", output, re.M)
    skipped += ["a test that did not say why"] * (noted["skipped"] - len(skipped))
    return Count(sum(map(int, ran)) - failed - noted["skipped"], failed, skipped)


def count_case(case):
    output = COLOUR.sub("", case.findtext("system-out") or "")
    if case.get("status") == "disabled":
        return Count(skipped=["disabled"])
    if case.get("status") == "notrun":
        return count_not_run(case.find("skipped"), output)
    count = cmocka(output) or tap(output) or unittest(output)
    has_failed = case.find("failure") is not None
    if count is None:
        return Count(failed=1) if has_failed else Count(passed=1)
    if has_failed:
        count.failed = max(count.failed, 1)
    return count


def count_not_run(skipped, output):
    """Skipped only if the test itself said so; a program that is missing is a failure."""
    message = skipped.get("message", "") if skipped is not None else ""
    if not message.startswith("SKIP_"):
        return Count(failed=1)
    reasons = re.findall(r"^skipped: (.*)$", output, re.M)
    return Count(skipped=[reasons[-1] if reasons else "a test that did not say why"])


def main(folder, *broken):
    passed, failed, skipped = 0, len(broken), []
    for step in broken:
        print(f"failed: {step}")
    for report in sorted(Path(folder).glob("*.xml")):
        for case in ElementTree.parse(report).iter("testcase"):
            where = f"{report.stem}: {case.get('name')}"
            count = count_case(case)
            passed += count.passed
            failed += count.failed
            skipped += [f"{where}: {text}" for text in count.skipped]
            if count.failed:
                print(f"failed: {where}: {count.failed}")
    for text, times in Counter(skipped).items():
        print(f"skipped: {text}" + (f" ({times} tests)" if times > 1 else ""))
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
