"""Includes point down the chain of layers, and each library's header has one place.

The chain is stated in host/CMakeLists.txt, which writes it to layers.txt in the build folder:
"name: the layers it may use". main.c wires everything together and may use every layer.
"""

import re
from fnmatch import fnmatch

from source import line_at, matching, without_comments

# Header -> the only files that may include it.
PLACES = {
    "uv.h": ["host/base/loop*"],
    "xxhash.h": ["host/base/hash.c"],
    "openssl/*": ["host/crypto/*"],
    "curl/*": ["host/net/*"],
    "microhttpd.h": ["host/net/server.c"],
    "sqlite3.h": ["host/store/sqlite.c"],
    "libpq-fe.h": ["host/store/postgres.c"],
    "lua*.h": ["host/sandbox/*"],
    "lauxlib.h": ["host/sandbox/*"],
    "seccomp.h": ["host/sandbox/*"],
    "linux/*": ["host/sandbox/*"],
    "zstd.h": ["host/record/*"],
    "jansson.h": ["host/base/json.*", "host/vault/*", "host/store/*", "host/record/*",
                  "host/connector/*", "host/sync/*", "host/doctor/*", "host/backup/*", "host/cli/*"],
}

_INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def parse(text):
    """layers.txt -> {layer: set of the layers it may use}; a use of a later layer is a finding."""
    layers, findings = {}, []
    for line in filter(None, text.splitlines()):
        name, uses = line.split(":")
        for used in uses.split():
            if used not in layers:
                findings.append(f"host/CMakeLists.txt:1: layer {name} uses {used}, which is not below it")
        layers[name] = set(uses.split())
    return layers, findings


def _library_finding(path, header):
    for pattern, places in PLACES.items():
        if fnmatch(header, pattern) and not any(fnmatch(path, place) for place in places):
            return f"<{header}> belongs into {', '.join(places)} only"
    return None


def _layer_finding(path, header, layers):
    folder, _, rest = path[len("host/"):].partition("/")
    used = header.split("/")[0]
    if not rest:
        return None if used in layers else f'"{header}" is in no layer'
    if folder not in layers:
        return f"host/{folder} is no layer of host/CMakeLists.txt"
    if used != folder and used not in layers[folder]:
        return f'layer {folder} may not include "{header}" (it uses: {" ".join(sorted(layers[folder]))})'
    return None


def find(tree, layers):
    findings = []
    for path, text in matching(tree, "host/", ends=(".c", ".h")):
        code = without_comments(text)
        for include in _INCLUDE.finditer(code):
            bracket, header = include.groups()
            if bracket == "<":
                finding = _library_finding(path, header)
            else:
                finding = _layer_finding(path, header, layers)
            if finding:
                findings.append(f"{path}:{line_at(code, include.start(2))}: {finding}")
    return findings
