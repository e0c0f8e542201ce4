"""E1: credentials and requests leave for declared hosts only, whatever a script or a vendor says."""

import json
import random
import subprocess
import sys
from typing import Iterator, Optional

from promises.promise import Promise, Skip

OWN_NETWORK = ["unshare", "--net", "--mount"]


class Egress(Promise):
    """In a network of its own, where every address answers and every connection is seen: each spelling
    of a URL of the unit test's table, redirects, next links and names that lead inwards, with four
    styles of credentials, under variables that name a proxy. The small size is the full one."""

    id = "E1"
    title = "no request and no credential elsewhere"
    faults = ("follow-redirects", "any-address", "any-host")

    def check(self, volume: int, draw: random.Random) -> Iterator[Optional[str]]:
        tried = subprocess.run([*OWN_NETWORK, "true"], capture_output=True, text=True, check=False)
        if tried.returncode:
            raise Skip(f"no network namespace: {tried.stderr.strip()}")
        inside = subprocess.Popen(
            [*OWN_NETWORK, sys.executable, "-B", "-m", "promises.egress_world", str(draw.randrange(1 << 31))],
            stdout=subprocess.PIPE, text=True)
        try:
            for line in inside.stdout:
                yield json.loads(line)
            inside.wait()
        finally:
            inside.kill()
            inside.wait()
            inside.stdout.close()
        if inside.returncode:
            yield f"the test itself ended with {inside.returncode}"
