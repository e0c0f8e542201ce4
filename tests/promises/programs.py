"""The programs that promises in C are made of: NAME.c of this folder, built as promise_NAME."""

import os
import pathlib
import subprocess


def feed(name: str, text: str, *arguments: str) -> str:
    """What the program writes when it reads `text`. It has to end with 0."""
    path = pathlib.Path(os.environ["MUSTER_BUILD"]) / "tests" / f"promise_{name}"
    done = subprocess.run([path, *arguments], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{path.name}: exit code {done.returncode}\n{done.stderr[-4000:]}")
    return done.stdout
