"""Runs one check over the tree; prints what it finds and exits with 1 if that is anything.

usage: check.py layers|sizes|words|headers|format|tidy|shell|lua [BUILD-FOLDER]
"""

import subprocess
import sys
from pathlib import Path

import headers
import layers
import sizes
import source
import tidy
import words

TOP = Path(__file__).resolve().parents[2]


def check_layers(tree, build):
    chain, findings = layers.parse(Path(build, "layers.txt").read_text(encoding="utf-8"))
    return findings + layers.find(tree, chain)


def tool(command, files):
    """A tool that prints its findings itself."""
    if not files:
        return []
    done = subprocess.run([*command, *files], cwd=TOP, check=False)
    return [f"{command[0]} exited with {done.returncode}"] if done.returncode else []


def check_format(tree, _):
    files = [path for path, _ in source.matching(tree, "host/", "tests/", ends=(".c", ".h"))]
    return tool(["clang-format", "--dry-run", "-Werror"], files)


def is_shell(path, text):
    return path.endswith((".sh", ".bash")) or text.startswith(("#!/bin/bash", "#!/bin/sh"))


def check_shell(tree, _):
    return tool(["shellcheck"], [path for path in sorted(tree) if is_shell(path, tree[path])])


def check_lua(tree, _):
    files = [path for path, _ in source.matching(tree, "scripts/", "tests/", "examples/",
                                                 ends=(".lua",))]
    return tool(["luacheck", "--quiet", "--no-color"], files)


CHECKS = {
    "layers": check_layers,
    "sizes": lambda tree, _: sizes.find(tree),
    "words": lambda tree, _: words.find(tree),
    "headers": lambda tree, _: headers.find(tree),
    "format": check_format,
    "tidy": lambda _, build: tidy.find(build, TOP),
    "shell": check_shell,
    "lua": check_lua,
}


def main(name, build="build/release"):
    findings = CHECKS[name](source.load(TOP), build)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
