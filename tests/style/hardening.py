"""Is the release binary hardened? Position independent, no executable stack, relocations read-only
and bound at start, stack protector and fortified functions in use, nothing of the build machine in it.

usage: hardening.py BINARY SOURCE-FOLDER
"""

import re
import subprocess
import sys
from pathlib import Path


def readelf(option, binary):
    return subprocess.run(["readelf", "-W", option, binary], stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def find(header, segments, dynamic, symbols):
    """What is missing, from readelf's -h, -l, -d and --dyn-syms."""
    stack = re.search(r"GNU_STACK.*?(R\S*)\s", segments)
    wanted = {
        "position independent (PIE)": re.search(r"Type:\s+DYN", header)
        and re.search(r"FLAGS_1.*\bPIE\b", dynamic),
        "a stack that is not executable": stack and "E" not in stack.group(1),
        "no segment that is writable and executable": not re.search(r"LOAD.*\bRWE\b", segments),
        "RELRO": "GNU_RELRO" in segments,
        "BIND_NOW": re.search(r"BIND_NOW|FLAGS_1.*\bNOW\b", dynamic),
        "the stack protector": "__stack_chk_fail" in symbols,
        "FORTIFY (functions such as __memcpy_chk)": re.search(r"__\w+_chk\b", symbols),
        "no library search path": not re.search(r"\((RPATH|RUNPATH)\)", dynamic),
    }
    return [what for what, there in wanted.items() if not there]


def main(binary, source):
    missing = find(*(readelf(option, binary) for option in ("-h", "-l", "-d", "--dyn-syms")))
    content = Path(binary).read_bytes()
    if source.encode() in content:
        missing.append("no path of the build machine")
    if b"MUSTER_SABOTAGE" in content:
        missing.append("no fault of base/sabotage.h")
    for what in missing:
        print(f"{binary} lacks: {what}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
