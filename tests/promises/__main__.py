"""Runs promises.

    python3 -m promises K1 --full                 one row, as tests/scoreboard runs it
    python3 -m promises D2 --fault skip-guard     must turn red, with a binary of the preset sabotage

MUSTER_BINARY is the program under test. Exit codes: 0 as it must be, 1 not, 2 the test itself is
broken, 77 cannot be tested here.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import random
import subprocess
import sys

from promises.promise import SHOWN, Promise, Result, Skip, all_promises, run

EXIT_FAILED, EXIT_SKIPPED = 1, 77


def list_promises() -> None:
    """For CMake: "ID PRESETS FAULTS", lists with commas, "-" for none."""
    for promise in all_promises().values():
        print(promise.id, ",".join(promise.presets), ",".join(promise.faults) or "-")


def show(result: Result, as_json: bool) -> None:
    if as_json:
        print(json.dumps({**dataclasses.asdict(result), "passed": result.passed}), flush=True)
        return
    print(result.line(), flush=True)
    for wrong in result.bad[:SHOWN]:
        print(f"     {wrong}")
    if len(result.bad) > SHOWN:
        print(f"     and {len(result.bad) - SHOWN} more")


def require_fault(fault: str) -> None:
    """A program without this fault would fail, too, and be taken for a row that turned red."""
    done = subprocess.run([os.environ.get("MUSTER_BINARY", "muster"), "version"],
                          env={"MUSTER_SABOTAGE": fault}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the program under test: {done.stderr}")


def run_one(promise: Promise, options: argparse.Namespace, seed: int) -> int:
    faults = promise.faults + promise.full_faults
    if options.fault and options.fault not in faults:
        sys.exit(f"{promise.id} has no fault {options.fault}; it has: {', '.join(faults)}")
    usual = promise.full if options.full else promise.small
    volume = options.volume or (max(usual, promise.patience) if options.fault else usual)
    preset = pathlib.Path(os.environ.get("MUSTER_BINARY", "-")).resolve().parent.name
    try:
        result = run(promise, volume, seed, preset, options.fault)
    except Skip as why:
        print(f"skipped: {promise.id}: {why}")
        return EXIT_SKIPPED
    show(result, options.json)
    return 0 if result.passed else EXIT_FAILED


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m promises", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("id", nargs="?", help="a row of the scoreboard: K1, D2 ...")
    parser.add_argument("--list", action="store_true", help="ids, presets and faults, one row a line")
    parser.add_argument("--full", action="store_true", help="the scoreboard's size")
    parser.add_argument("--volume", type=int, help="this many cases")
    parser.add_argument("--fault", help="a fault of base/sabotage.c that must turn the row red")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.list:
        list_promises()
        return 0
    promise = all_promises().get(options.id)
    if promise is None:
        parser.error(f"no such promise; there are: {' '.join(all_promises())}")
    seed = int(os.environ.get("MUSTER_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"MUSTER_TEST_SEED={seed}", file=sys.stderr, flush=True)
    if options.fault:
        require_fault(options.fault)
        os.environ["MUSTER_SABOTAGE"] = options.fault
    return run_one(promise, options, seed)


if __name__ == "__main__":
    sys.exit(main())
