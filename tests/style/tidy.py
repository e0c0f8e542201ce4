"""Runs clang-tidy over the host's files of a compile_commands.json, as many at once as there are
processors. The checks stand in .clang-tidy, with a reason for each that is left out.
"""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ANALYSER = Path(__file__).with_name("analyser.h")

def sources(build, top):
    commands = json.loads(Path(build, "compile_commands.json").read_text(encoding="utf-8"))
    files = {os.path.join(c["directory"], c["file"]) for c in commands}
    host = os.path.join(os.path.realpath(top), "host") + os.sep
    return sorted(f for f in files if os.path.realpath(f).startswith(host))


def command(build, file):
    # The commands are gcc's: a warning that clang does not know is no finding.
    words = ["clang-tidy", "--quiet", "--warnings-as-errors=*", "-p", build,
             "--extra-arg=-Wno-unknown-warning-option"]
    if not file.endswith("/base/err.c"):  # which defines what analyser.h speaks of
        words += ["--extra-arg=-D_GNU_SOURCE=", "--extra-arg=-include", f"--extra-arg={ANALYSER}"]
    return [*words, file]


def run(build, file):
    return subprocess.run(command(build, file), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)


def find(build, top):
    files = sources(build, top)
    if not files:
        return [f"{build}/compile_commands.json:1: names no file of host/"]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda file: run(build, file), files))
    print(f"{len(files)} files")
    return [result.stdout.strip() or result.stderr.strip()
            for result in results if result.returncode]
