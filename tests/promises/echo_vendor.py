"""A vendor that says back what it was sent: credentials in headers and bodies, in several spellings,
in answers that are fine and in answers that are failures. For V1."""

import base64
import json
import pathlib
import urllib.parse
from email.message import Message
from typing import Any

from promises.egress_cases import STYLES
from promises.egress_net import Server
from simulator import pki

HOST = "api.vendor.test"

# Kinds whose secret is a key: what they are declared as, and their secrets. E1 has the others.
KEYED = {
    "signed": ('{ kind = "hmac", key = "key", algorithm = "sha256", template = "{method} {path} {timestamp} {key}", '
               'headers = { ["X-Api-Key"] = "{signature}", ["X-Token"] = "{timestamp}" } }', ("key",)),
    "jwtown": ('{ kind = "jwt", key = "key", algorithm = "ES256", claims = { iss = "echo" } }', ("key",)),
    "mtls": ('{ kind = "mtls", certificate = "certificate", key = "key", headers = { ["X-Token"] = "code" } }',
             ("code", "certificate", "key")),
}
ALL = {**STYLES, **KEYED}


def make_secret(style: str, name: str, fallback: str, folder: pathlib.Path) -> str:
    """What is typed for a setting: a private key or its certificate where one is wanted."""
    if (style, name) not in (("jwtown", "key"), ("mtls", "key"), ("mtls", "certificate")):
        return fallback
    key = folder / f"{style}.key"
    if not key.exists():
        pki.new_key(key)
    if name == "key":
        return key.read_text()
    certificate = folder / f"{style}.crt"
    pki.openssl("req", "-x509", "-new", "-key", str(key), "-subj", "/CN=echo", "-days", "2", "-out", str(certificate))
    return certificate.read_text()


def line_of(secret: str) -> str:
    """Of a key in PEM form the line that holds the key itself: a leak need not have the lines around it."""
    return secret.split("\n")[1] if secret.startswith("-----") else secret


SPELLINGS = {
    "plain": str,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "shifted": lambda text: base64.b64encode(b"x" + text.encode()).decode(),
    "urlsafe": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "upper": lambda text: text.encode().hex().upper(),
    "percent": lambda text: urllib.parse.quote(text, safe=""),
    "slashes": str,  # escaped in the JSON text, see below
}
FAILURES = (302, 400, 401, 403, 404, 418)

CONNECTOR = """return {{
  contract = 1, id = "{style}", name = "Echo", version = "1",
  settings = {{ {settings} }},
  bases = {{ api = "https://api.vendor.test" }},
  auth = {auth},
  check = {{ calls = {{ "GET api:/check" }}, run = function(api)
    api:get("api:/check")
    return {{ tenant = "echo" }}
  end }},
  streams = {{ devices = {{
    calls = {{ "GET api:/echo" }}, emits = {{ device = "primary" }},
    read = function(api, out)
      local rows = {{}}
      for number, query in ipairs {{ {queries} }} do
        local reply, err = host.http.request {{ call = "GET api:/echo", query = query }}
        local body, head = reply and reply.body:text() or "", reply and reply.headers["x-echo"] or ""
        local fault = err or reply.error or {{}}
        host.log.info("%s %s %s", body, head, tostring(fault.message))
        rows[number] = {{ id = tostring(number), body = body, head = head, fault = fault.message or "" }}
      end
      out:emit("device", rows)
    end,
  }}, crash = {{
    calls = {{ "GET api:/echo" }}, emits = {{}}, depends = {{ "devices" }},
    read = function(api)
      local reply = api:get("api:/echo", {{ as = "plain", status = 200 }})
      error(reply.body.message .. reply.headers["x-echo"])
    end,
  }} }},
  map = {{ device = {{
    source_id = "id", name = "head", ["custom.body"] = "body", ["custom.fault"] = "fault",
  }} }},
}}
"""


def connector(style: str) -> str:
    auth, names = ALL[style]
    settings = ", ".join(f'{{ id = "{name}", type = "secret", label = "{name}" }}' for name in names)
    queries = [f'{{ {{ "as", "{spelling}" }}, {{ "status", "{status}" }} }}'
               for status in (200, *FAILURES) for spelling in SPELLINGS]
    return CONNECTOR.format(style=style, auth=auth, settings=settings, queries=", ".join(queries))


class EchoVendor:
    """On loopback, until stop(). Accepts any credential; `refuses` is set to answer 401 at the check."""

    def __init__(self, folder: pathlib.Path):
        folder.mkdir()
        self.ca_file = pki.make_authority(folder)
        self.server = Server(0, pki.make_leaf(folder, [HOST]), self.reply)
        self.port = self.server.server_address[1]
        self.refuses = False
        self.tokens: set[str] = set()  # that muster made itself and showed

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def reply(self, path: str, headers: Message) -> tuple[int, dict[str, str], Any]:
        said = {name: value for name, value in headers.items()
                if name.lower() in ("authorization", "x-api-key", "aw-tenant-code", "x-token")}
        for value in said.values():
            if value.startswith("Bearer ey"):
                self.tokens.add(value.split(" ")[1])
        if path.startswith("/check"):
            return (401 if self.refuses else 200), {}, {"detail": said}
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)
        spell = SPELLINGS[query["as"][0]]
        texts = {name: spell(part) for name, value in said.items() for part in {value, value.split(" ")[-1]}}
        echo = " ".join(texts.values())
        body = json.dumps({"detail": texts, "message": f"{echo} is not welcome"})
        if query["as"] == ["slashes"]:
            body = body.replace("/", "\\/")
        head = {"X-Echo": echo, "Location": f"https://evil.test/?t={echo}"}
        return int(query["status"][0]), head, body.encode()
