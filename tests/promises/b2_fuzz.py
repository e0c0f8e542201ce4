"""B2: what reads bytes from outside reads any bytes."""

import os
import pathlib
import random
import re
import subprocess
import tempfile
from typing import Iterator, Optional

from e2e.harness import REPOSITORY
from promises.promise import Promise

FOLDER = REPOSITORY / "tests" / "fuzz"
BINARIES = REPOSITORY / "build" / "fuzz"
# Each has a corpus in the tree: the first one is what the fault is in.
NAMED = ("frame", "value", "rows", "json_scan", "net_url", "recording", "retry_after", "seal")
READ = re.compile(r"seed corpus: files: (\d+)")
EDGES = re.compile(r"cov: (\d+)")
MAX_LEN = 4096


def targets() -> list[str]:
    found = {path.stem.removeprefix("fuzz_") for path in FOLDER.glob("fuzz_*.c")}
    return [*NAMED, *sorted(found - set(NAMED))]


def build(name: str) -> Optional[str]:
    """The sabotage preset comes before the one of the fuzzers."""
    commands = [["cmake", "--build", "--preset", "fuzz", "--target", f"fuzz_{name}"]]
    if not (BINARIES / "build.ninja").exists():
        commands.insert(0, ["cmake", "--preset", "fuzz"])
    for command in commands:
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"{' '.join(command)}: {(done.stdout + done.stderr)[-600:]}"
    return None


class Fuzz(Promise):
    """The volume is how many seconds each target gets, from its corpus on."""

    id = "B2"
    title = "any bytes, read by what reads from outside"
    small = 1  # the suite `fuzz` gives each ten
    full = 60
    presets = ("fuzz",)
    faults = ("frame-bounds",)

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        edges = {}
        for name in targets():
            failed = build(name)
            if failed:
                yield failed
                continue
            with tempfile.TemporaryDirectory(prefix="muster-promise-") as folder:
                yield self.fuzz(name, volume, draw.randrange(1, 1 << 31), pathlib.Path(folder), edges)
        self.note = "edges: " + ", ".join(f"{name} {count}" for name, count in edges.items())

    def fuzz(self, name: str, seconds: int, seed: int, folder: pathlib.Path,
             edges: dict[str, int]) -> Optional[str]:
        corpus = FOLDER / "corpus" / name
        seeds = len(list(corpus.iterdir())) if corpus.exists() else 0
        if name in NAMED and not seeds:
            return f"{name}: no corpus"
        done = subprocess.run(
            [BINARIES / f"fuzz_{name}", f"-max_total_time={seconds}", f"-max_len={MAX_LEN}", f"-seed={seed}",
             f"-artifact_prefix={folder}/", folder, *([corpus] if seeds else [])],
            capture_output=True, cwd=folder, env={**os.environ}, check=False)
        said = done.stderr.decode(errors="replace")
        if done.returncode:
            return f"{name}: seed {seed}: {self.finding(said, folder)}"
        edges[name] = int(EDGES.findall(said)[-1])
        read = READ.search(said)
        if seeds and (read is None or int(read[1]) < seeds):
            return f"{name}: {read and read[1]} of {seeds} files of the corpus were read"
        return None

    @staticmethod
    def finding(said: str, folder: pathlib.Path) -> str:
        """What went wrong, and the input that did it."""
        summary = re.search(r"SUMMARY: .*|.*deadly signal", said)
        inputs = [path.read_bytes()[:200].hex() for path in folder.glob("crash-*")]
        return f"{summary[0] if summary else said[-300:]}, input {' '.join(inputs)}"
