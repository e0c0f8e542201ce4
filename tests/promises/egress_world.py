"""E1 inside its own network: prints one JSON value a case, null if it held, else what went wrong.

    unshare --net --mount python3 -B -m promises.egress_world SEED
"""

import contextlib
import itertools
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
from email.message import Message
from typing import Iterator, Optional

from e2e.harness import Muster
from promises import canary
from promises.egress_cases import (CODES, DECLARED, FORBIDDEN, GOOD_LINK, INSIDE, LINKS, STYLES, TARGETS,
                                   spellings)
from promises.egress_net import STRANGER, VENDOR, Network

ARRIVALS = 5  # so many spellings at least go through: else nothing was tested
INSIDE_PORT = {(INSIDE, 443)}

PROBE = """local page <const> = require "muster.page"

local function told(reply, err)
  if err then return err.kind, err.message end
  return "answered " .. reply.status, reply.error and reply.error.message
end

local function walk(api, probe)
  local ok, err = pcall(function()
    for _ in page.link(api, "api:/walk", {{ list = "rows", next = "next", query = {{ link = probe }} }}) do end
  end)
  return ok and "answered" or err.kind, not ok and err.message
end

return {{
  contract = 1, id = "{style}", name = "Probe", version = "1", limits = {{ concurrent = 32 }},
  settings = {{ {settings} }},
  bases = {{ api = "https://api.vendor.test/api/v1", other = "https://api.vendor.test:8443" }},
  auth = {auth},
  check = {{ calls = {{ "GET api:/devices" }}, run = function(api)
    api:get("api:/devices")
    return {{ tenant = "probe" }}
  end }},
  streams = {{ devices = {{
    calls = {{ "GET api:/devices", "GET other:/devices", "GET api:/devices/{{id}}/apps", "GET api:/probes",
      "GET api:/redirect", "GET api:/walk" }},
    emits = {{ device = "primary" }},
    read = function(api, out)
      local probes, rows = api:get("api:/probes").body, {{}}
      local function try_all(list, ask)
        local first = #rows
        api:map(32, list, function(probe, number) rows[first + number] = {{ ask(probe) }} end)
      end
      try_all(probes.urls, function(url)
        return told(host.http.request {{ call = "GET api:/devices", url = url }})
      end)
      try_all(probes.redirects, function(number)
        return told(host.http.request {{ call = "GET api:/redirect", query = {{ {{ "n", number }} }} }})
      end)
      try_all(probes.links, function(number) return walk(api, number) end)
      for number, row in ipairs(rows) do
        rows[number] = {{ id = tostring(number), kind = row[1], message = row[2] or "" }}
      end
      out:emit("device", rows)
    end,
  }} }},
  map = {{ device = {{ source_id = "id", ["custom.kind"] = "kind", ["custom.message"] = "message" }} }},
}}
"""

NAMES = """return {{
  contract = 1, id = "names", name = "Names", version = "1", limits = {{ concurrent = 32 }},
  settings = {{ {{ id = "key", type = "secret", label = "key" }}, {{ id = "tenant", type = "text", label = "tenant" }} }},
  bases = {{ api = "https://api.vendor.test/api/v1", {bases} }},
  auth = {{ kind = "bearer", token = "key" }},
  check = {{ calls = {{ "GET api:/devices" }}, run = function(api)
    api:get("api:/devices")
    return {{ tenant = api.settings.tenant }}
  end }},
  streams = {{ devices = {{
    calls = {{ "GET api:/devices", {calls} }}, emits = {{ device = "primary" }},
    read = function(api, out)
      local rows = {{}}
      api:map(32, {{ {names} }}, function(name, number)
        local _, err = host.http.request {{ call = "GET " .. name .. ":/x" }}
        rows[number] = {{ id = name, kind = err and err.kind or "answered", message = err and err.message or "" }}
      end)
      api:get("api:/devices")
      out:emit("device", rows)
    end,
  }} }},
  map = {{ device = {{ source_id = "id", ["custom.kind"] = "kind", ["custom.message"] = "message" }} }},
}}
"""


def quoted(texts) -> str:
    return ", ".join(json.dumps(text) for text in texts)


class World:
    """The network, the vendor's answers, one project."""

    def __init__(self, folder: pathlib.Path, draw: random.Random):
        self.draw = draw
        self.spellings = [one for one in spellings() if "/bound" not in one[0]]
        self.redirects = [(code, target) for code in CODES for target in TARGETS]
        self.flips = 0
        self.net = Network(folder, ["api.vendor.test", "*.rebind.test", "evil.test", "localhost", VENDOR,
                                    STRANGER, "127.0.0.1", "::1"], self.resolve, self.reply)
        self.muster = Muster(folder / "muster").init()
        home = self.muster.folder / "home"
        (home / ".netrc").write_text("default login evil password evil\n")
        (home / ".curlrc").write_text('proxy = "http://evil.test:3128"\nlocation\ninsecure\n')

    # --- what the network says ---

    def resolve(self, name: str, kind: int) -> list[str]:
        first = name.partition(".")[0]
        if name.endswith(".rebind.test"):
            return self.rebind(first, kind)
        return [VENDOR] if name in ("api.vendor.test", "acme.tenants.test") else [STRANGER]

    def rebind(self, label: str, kind: int) -> list[str]:
        if label == "flip":
            self.flips += kind == 1
            return [VENDOR if self.flips == 1 else "127.0.0.1"]
        if label == "both":
            return ["127.0.0.1", VENDOR, INSIDE]
        return [INSIDE] if label == "inside" else [FORBIDDEN[int(label[1:])]]

    def reply(self, path: str, _: Message) -> tuple[int, dict, object]:
        if path == "/api/v1/probes":
            return 200, {}, {"urls": [url for url, _ in self.spellings],
                             "redirects": list(map(str, range(len(self.redirects)))),
                             "links": list(map(str, range(len(LINKS) + 1)))}
        if path.startswith("/api/v1/redirect?n="):
            code, target = self.redirects[int(path.partition("=")[2])]
            return code, {"Location": target}, {}
        if path.startswith("/api/v1/walk?link="):
            number = int(path.partition("=")[2])
            return 200, {}, {"rows": [{"id": "1"}], "next": (*LINKS, GOOD_LINK)[number]}
        return 200, {}, {"rows": []}

    # --- running muster in it ---

    def connect(self, vendor: str, text: str, secrets: dict[str, str], *extra: str,
                account: str = "acme") -> None:
        (self.muster.project / "vendors" / f"{vendor}.lua").write_text(text)
        files = [f"--secret-file={name}={self.muster.secret_file(value, f'{vendor}-{name}')}"
                 for name, value in secrets.items()]
        self.muster.must("connect", vendor, "--account", account, *files, "--ca-file",
                         str(self.net.ca_file), "--no-input", *extra)

    def told(self, account: str) -> dict[str, tuple[str, str]]:
        rows = {row["source_id"]: json.loads(row["custom"]) for row in self.muster.rows("devices", account)}
        return {key: (row["kind"], row.get("message", "")) for key, row in rows.items()}

    def leaks(self, canaries: canary.Canaries, allowed: set) -> Iterator[str]:
        """Connections to where none may go, credentials where none belong, redirects that were followed."""
        for address, port in sorted(self.net.wire.take() - allowed):
            yield f"a connection to {address} port {port}"
        hosts = {address for address, _ in allowed}
        for address, path, head in self.net.heard():
            if address not in hosts and canaries.found_in(head):
                yield f"{canaries.found_in(head)} sent to {address}{path}"
            if "landed" in path:
                yield f"{path} was asked for"

    # --- the cases ---

    def check_style(self, style: str) -> Iterator[Optional[str]]:
        auth, names = STYLES[style]
        secrets = {name: canary.new(self.draw, name) for name in names}
        settings = ", ".join(f'{{ id = "{name}", type = "secret", label = "{name}" }}' for name in names)
        self.connect(style, PROBE.format(style=style, auth=auth, settings=settings), secrets)
        self.muster.run("sync", f"{style}/acme", "--json")
        told = self.told(f"{style}/acme")
        yield from self.check_told(style, told)
        found = list(self.leaks(canary.Canaries(secrets), DECLARED))
        yield "; ".join([style, *found[:5]]) if found else None

    def check_told(self, style: str, told: dict[str, tuple[str, str]]) -> Iterator[Optional[str]]:
        arrived = 0
        for number, (url, why) in enumerate(self.spellings, 1):
            kind, message = told.get(str(number), ("nothing", ""))
            arrived += why is None and kind == "answered 200"
            fine = why is None or (kind == "refused" and why in message) or "call not declared" in message
            yield None if fine else f"{style}: {url!r}: {kind}, {message}"
        yield None if arrived >= ARRIVALS else f"{style}: {arrived} good URLs arrived"
        at = len(self.spellings)
        for number, (code, target) in enumerate(self.redirects, at + 1):
            kind, message = told.get(str(number), ("nothing", ""))
            yield None if "redirect" in message else f"{style}: {code} to {target}: {kind}, {message}"
        at += len(self.redirects)
        for number, link in enumerate(LINKS, at + 1):
            kind, message = told.get(str(number), ("nothing", ""))
            yield None if kind in ("refused", "data") else f"{style}: next {link!r}: {kind}, {message}"
        kind, message = told.get(str(at + len(LINKS) + 1), ("nothing", ""))
        yield None if kind == "answered" else f"{style}: next {GOOD_LINK}: {kind}, {message}"

    def check_names(self) -> Iterator[Optional[str]]:
        names = [f"r{number}" for number in range(len(FORBIDDEN))] + ["flip", "both", "inside"]
        text = NAMES.format(names=quoted(names), calls=quoted(f"GET {name}:/x" for name in names),
                            bases=", ".join(f'{name} = "https://{name}.rebind.test"' for name in names))
        secret = {"key": canary.new(self.draw, "key")}
        self.connect("names", text, secret, "--set", "tenant=one")
        self.connect("names", text, secret, "--set", "tenant=two", "--allow-cidr", "10.1.2.0/24",
                     account="inside")
        canaries = canary.Canaries(secret)
        for turn, flip in enumerate(("answered", "refused"), 1):
            self.muster.run("sync", "names/acme", "--json")
            told = self.told("names/acme")
            wanted = {**dict.fromkeys(names, "refused"), "flip": flip, "both": "answered"}
            yield from (None if told.get(name, " ")[0] == kind else f"turn {turn}: {name}: {told.get(name)}"
                        for name, kind in wanted.items())
            found = list(self.leaks(canaries, DECLARED))
            yield "; ".join(found[:5]) if found else None
        self.muster.run("sync", "names/inside", "--json")
        kind = self.told("names/inside").get("inside")
        yield None if kind and kind[0] == "answered" else f"an allowed range: {kind}"
        found = list(self.leaks(canaries, DECLARED | INSIDE_PORT))
        yield "; ".join(found[:5]) if found else None


def main() -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        os.environ[name] = "http://evil.test:3128"
    Muster.environment = property(  # the variables reach muster, too
        lambda self, plain=Muster.environment.fget: {
            **plain(self), **{key: value for key, value in os.environ.items() if "proxy" in key.lower()}})
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-promise-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        world = World(folder, random.Random(int(sys.argv[1])))
        for wrong in itertools.chain(world.check_names(), *map(world.check_style, STYLES)):
            print(json.dumps(wrong), flush=True)


if __name__ == "__main__":
    main()
