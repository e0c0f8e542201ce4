"""System calls that fail on order: the program under strace, or under libfiu."""

import collections
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
from typing import Iterable, Optional

from e2e.harness import BINARY, Muster, Run
from promises.promise import Skip

LIMIT_S = 60  # a run that is not over by then hangs


CALL = re.compile(r"^\d+ +(\w+)\(", re.MULTILINE)
STRUCK, UNFINISHED = "(INJECTED)", "<unfinished ...>"
KILL = "KILL"


class Injection:
    """
    Calls of `syscall`, from the nth of a thread on or that one alone, end with `error`; KILL in its
    place is a SIGKILL in the middle of the call.
    """

    def __init__(self, syscall: str, error: str, nth: int, is_lasting: bool = False):
        self.syscall = syscall
        self.error = error
        self.nth = nth
        self.is_lasting = is_lasting

    def __str__(self) -> str:
        since = "from call" if self.is_lasting else "call"
        return f"{self.syscall} {self.error} {since} {self.nth}"

    def run(self, muster: Muster, arguments: Iterable[str]) -> tuple[Optional[Run], str]:
        """How the program ended, None if it hung; and what was struck: "" is nothing."""
        when = f"{self.nth}{'+' if self.is_lasting else ''}"
        what = "signal=KILL" if self.error == KILL else f"error={self.error}"
        run, trace = run_traced(muster, [
            "-e", f"trace={self.syscall}",
            "-e", f"inject={self.syscall}:{what}:when={when}"], arguments)
        return run, struck_calls(trace)


def struck_calls(trace: str) -> str:
    """The lines of the calls that failed on order; of one that was interrupted its beginning, too."""
    begun: dict[str, str] = {}
    found = []
    for line in trace.splitlines():
        thread = line.partition(" ")[0]
        if STRUCK in line:
            found += [begun.get(thread, "") + line]
        begun[thread] = line if UNFINISHED in line else ""
    return "\n".join(found)


def run_traced(muster: Muster, words: Iterable[str],
               arguments: Iterable[str]) -> tuple[Optional[Run], str]:
    """The program under strace with these words, and the trace; None if it hangs."""
    if not shutil.which("strace"):
        raise Skip("there is no strace")
    with tempfile.TemporaryDirectory(prefix="muster-trace-") as folder:
        trace = pathlib.Path(folder) / "trace"
        command = ["strace", "-f", "-y", "--seccomp-bpf", "-qq", "-o", str(trace), *words, "--"]
        run = run_within(muster, command, list(arguments))
        return run, trace.read_text(errors="replace") if trace.exists() else ""


def run_random(muster: Muster, names: str, share: float, arguments: Iterable[str]) -> Optional[Run]:
    """The program with this share of the calls that libfiu knows by these names failing."""
    if not shutil.which("fiu-run"):
        raise Skip("there is no fiu-run (package fiu-utils)")
    return run_within(muster, ["fiu-run", "-x", "-f", "", "-c",
                               f"enable_random name={names},probability={share}"], list(arguments))


def run_within(muster: Muster, before: list[str], arguments: list[str],
               program: str = BINARY) -> Optional[Run]:
    """The program, started by another one; None if it is not over in time."""
    command = [*before, program, *muster.command(*arguments)[1:]]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, errors="backslashreplace",
                               env=muster.environment, cwd=muster.folder, start_new_session=True)
    try:
        out, err = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None
    return Run(arguments, subprocess.CompletedProcess(command, process.returncode, out, err))


def count_calls(muster: Muster, syscalls: Iterable[str], arguments: Iterable[str]) -> dict[str, int]:
    """How many of each the program makes, all its threads and processes together."""
    run, trace = run_traced(muster, ["-e", f"trace={','.join(syscalls)}"], arguments)
    if run is None or run.code:
        raise AssertionError(f"what nothing disturbs ends so: {run!r}")
    return collections.Counter(CALL.findall(trace))
