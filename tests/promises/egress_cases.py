"""What E1 tries, as data: URLs, redirects, next links, addresses behind names, credentials."""

import ast
import re
from typing import Optional

from e2e.harness import REPOSITORY
from promises.egress_net import VENDOR

TABLE = REPOSITORY / "tests" / "unit" / "test_net_policy.c"
TEXT = r'"(?:[^"\\]|\\.)*"'
SPELLING = re.compile(rf"\{{ ({TEXT}(?:\s*{TEXT})*),\s*({TEXT}|NULL) \}}")

# Where a request may go: the hosts of the connector's bases.
DECLARED = {(VENDOR, 443), (VENDOR, 8443)}

CODES = (300, 301, 302, 303, 304, 305, 307, 308)
# Same host, other port, other scheme, other host.
TARGETS = ("https://api.vendor.test/landed", "/landed", "?landed=1", "https://api.vendor.test:8443/landed",
           "https://api.vendor.test:444/landed", "http://api.vendor.test/landed",
           "https://evil.test/landed", "http://evil.test/landed", "//evil.test/landed",
           "https://api.vendor.test@evil.test/landed", "https://evil.test\\@api.vendor.test/landed",
           "https://127.0.0.1/landed", "https://localhost/landed", "ftp://evil.test/landed",
           "file:///etc/passwd")

GOOD_LINK = "https://api.vendor.test/api/v1/walk?page=2"
LINKS = TARGETS + ("https://evil.test/api/v1/walk", "https://api.vendor.test.evil.test/api/v1/walk",
                   "https://api.vendor.test:444/api/v1/walk", "http://api.vendor.test/api/v1/walk",
                   "HTTPS://EVIL.TEST/api/v1/walk", "https://api.vendor.test/api/v1/walk/../../landed",
                   "https://[::1]/api/v1/walk", "https://0x7f.1/api/v1/walk", "https://2130706433/api/v1/walk",
                   "https://169.254.169.254/latest/meta-data", "https://evil.test#@api.vendor.test/api/v1/walk",
                   "https://api.vendor.test%2f@evil.test/api/v1/walk", "\thttps://evil.test/", "javascript:alert(1)")

FORBIDDEN = ("0.0.0.0", "0.1.2.3", "10.1.2.3", "10.255.255.254", "100.64.0.1", "100.127.255.254",
             "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "172.31.255.254", "192.0.0.1",
             "192.168.1.1", "198.18.0.1", "198.19.255.254", "224.0.0.1", "239.1.1.1", "240.0.0.1",
             "255.255.255.255", "::", "::1", "fc00::1", "fd12::1", "fe80::1", "ff02::1",
             "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
             "2002:7f00:1::1")
INSIDE = "10.1.2.3"

# How a credential is attached: the connector's auth, its secrets' settings.
STYLES = {
    "bearer": ('{ kind = "bearer", token = "key" }', ("key",)),
    "basic": ('{ kind = "basic", username = "user", password = "key" }', ("user", "key")),
    "apikey": ('{ kind = "header", headers = { ["X-Api-Key"] = "key" } }', ("key",)),
    "tenant": ('{ kind = "header", headers = { ["aw-tenant-code"] = "code", ["X-Token"] = "key" } }',
               ("code", "key")),
}


def spellings() -> list[tuple[str, Optional[str]]]:
    """The table of the unit test: a URL, and why it is refused; None: it goes through."""
    source = TABLE.read_text()
    urls = source[source.index("/* --- URLs --- */"):source.index("methods_are_declared")]
    found = []
    for url, why in SPELLING.findall(urls):
        parts = [ast.literal_eval("b" + part) for part in re.findall(TEXT, url)]
        found.append((b"".join(parts).decode(), None if why == "NULL" else ast.literal_eval(why)))
    return found
