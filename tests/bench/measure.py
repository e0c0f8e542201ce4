"""What one run of a program costs: its own processes, whatever it starts."""

import os
import pathlib
import select
import subprocess
import time
from typing import NamedTuple, Optional


class Cost(NamedTuple):
    """Of a process and all its children; the memory is the sum of each one's own peak."""
    wall_s: float
    cpu_s: float
    peak_mb: float
    out: str


def children(pid: int) -> list[int]:
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    found = [int(word) for word in text.split()]
    return found + [inner for child in found for inner in children(child)]


def peak_kib(pid: int) -> int:
    """VmHWM: it only grows, so a sample now and then is enough."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "")
    return int(line.split()[1]) if line else 0


def is_over(pidfd: int, seconds: float) -> bool:
    return bool(select.select([pidfd], [], [], seconds)[0])


def run(command: list[str], environment: Optional[dict[str, str]] = None) -> Cost:
    """Runs the command; one that fails ends the benchmark, with what it said."""
    peaks: dict[int, int] = {}
    begun = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env=environment) as process:
        pidfd = os.pidfd_open(process.pid)
        while not is_over(pidfd, 0.02):
            for pid in [process.pid, *children(process.pid)]:
                peaks[pid] = max(peaks.get(pid, 0), peak_kib(pid))
        wall = time.monotonic() - begun
        os.close(pidfd)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out = process.stdout.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}\n{out}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, sum(peaks.values()) / 1024, out)
