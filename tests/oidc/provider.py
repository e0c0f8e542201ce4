"""npm's oidc-provider as a process of its own, and a person who clicks through its pages.

    install()                                  once; Missing says why it cannot be
    with Provider() as provider:
        provider.port, provider.ca_file
        Person(provider).consent(url)          -> where the browser is sent: ".../callback?code=..."
        provider.events("granted")             what it did, see server.mjs
"""

import http.client
import http.cookies
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse
from typing import Any, Optional

from simulator import pki
from simulator.zoho.browser import Form, PageError

HERE = pathlib.Path(__file__).resolve().parent
HOME = pathlib.Path(os.environ.get("MUSTER_BUILD", ".")) / "oidc"
FILES = ("package.json", "package-lock.json", "server.mjs")
LOGIN, API = "login.oak.example", "api.oak.example"
REDIRECT = "http://127.0.0.1:8765/oauth/callback"
NODE_MIN = 18
INSTALL_S, READY_S, STOP_S = 60, 30, 10
HOPS_MAX = 12
NO_TEXT = re.compile(r"<style.*?</style>|<[^>]*>", re.DOTALL)
ABORT = re.compile(r'href="([^"]*/abort)"')
ERROR_CODE = re.compile(r"^npm (?:error|ERR!) code (\w+)", re.MULTILINE)


class Missing(Exception):
    """The server cannot be had here; the text says why."""


def install() -> None:
    """Into the build folder, from the registry that npm is set up for; at once if it is there."""
    require_node()
    done = HOME / "installed.json"
    wanted = (HERE / "package-lock.json").read_text()
    HOME.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(HERE / name, HOME / name)
    if not done.exists() or done.read_text() != wanted:
        fetch()
        done.write_text(wanted)


def require_node() -> None:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Missing(f"there is no {program}")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    if int((re.match(r"v(\d+)", version) or [0, 0])[1]) < NODE_MIN:
        raise Missing(f"node {version.strip()} is older than {NODE_MIN}")


def fetch() -> None:
    command = ["npm", "ci", "--cache", str(HOME / "cache"), "--ignore-scripts", "--no-audit", "--no-fund",
               "--no-update-notifier", "--fetch-retries", "1", "--fetch-retry-mintimeout", "1000",
               "--fetch-timeout", "20000"]
    try:
        done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False,
                              timeout=INSTALL_S)
    except subprocess.TimeoutExpired:
        raise Missing(f"npm ci took more than {INSTALL_S} s") from None
    if done.returncode:
        code = ERROR_CODE.search(done.stderr)
        raise Missing(f"npm cannot install it: {code[1] if code else done.stderr.strip()[-200:]}")


class Provider:
    """Started on entry, stopped on exit; its folder goes with it."""

    def __enter__(self) -> "Provider":
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-oidc-"))
        self.ca_file = str(pki.make_authority(self.folder))
        pki.make_leaf(self.folder, [LOGIN, API])
        (self.folder / "clients.json").write_text(json.dumps(clients()))
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(["node", str(HOME / "server.mjs"), str(self.folder)],
                                            stdin=subprocess.PIPE, stdout=log, stderr=log)
        self.port = self.wait()
        return self

    def __exit__(self, *_: Any) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait(self) -> int:
        ready, end = self.folder / "ready.json", time.monotonic() + READY_S
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the server does not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.02)
        return json.loads(ready.read_text())["port"]

    def events(self, what: Optional[str] = None) -> list[dict[str, Any]]:
        path = self.folder / "events.ndjson"
        found = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [event for event in found if what in (None, event["what"])]

    def forget_events(self) -> None:
        (self.folder / "events.ndjson").unlink(missing_ok=True)


def clients() -> list[dict[str, Any]]:
    """A person's, one that is registered for another redirect, and a machine's."""
    person = {"client_id": "person:client", "client_secret": "s&c=t person", "redirect_uris": [REDIRECT],
              "application_type": "native", "grant_types": ["authorization_code", "refresh_token"],
              "token_endpoint_auth_method": "client_secret_basic"}
    machine = {"client_id": "machine", "client_secret": "s&c=t machine", "redirect_uris": [],
               "response_types": [], "grant_types": ["client_credentials"],
               "token_endpoint_auth_method": "client_secret_post"}
    return [person, {**person, "client_id": "elsewhere", "redirect_uris": [REDIRECT + "/"]}, machine]


def load(url: str) -> int:
    """What a browser does with a redirect to this machine; the answer's status."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=READY_S)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        return connection.getresponse().status
    finally:
        connection.close()


class Person:
    """Somebody at a browser, with its cookies."""

    def __init__(self, provider: Provider):
        self.port = provider.port
        self.trust = ssl.create_default_context(cafile=provider.ca_file)
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, url: str, form: dict[str, str]) -> tuple[str, str]:
        """The Location of a redirect and the text of the answer."""
        parts = urllib.parse.urlsplit(url)
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=READY_S)
        connection = http.client.HTTPConnection(LOGIN)
        connection.sock = self.trust.wrap_socket(sock, server_hostname=LOGIN)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, urllib.parse.urlencode(form), headers)
            answer = connection.getresponse()
            self.keep(answer.headers.get_all("Set-Cookie", []))
            return answer.headers.get("Location", ""), answer.read().decode()
        finally:
            connection.close()

    def keep(self, headers: list[str]) -> None:
        for header in headers:
            for name, morsel in http.cookies.SimpleCookie(header).items():
                self.cookies[name] = morsel.value

    def consent(self, url: str, accepts: bool = True) -> str:
        """Signs in as anybody and accepts, or goes away: where the browser is sent then."""
        method, form = "GET", {}
        for _ in range(HOPS_MAX):
            location, text = self.ask(method, url, form)
            if location and urllib.parse.urlsplit(location).hostname not in (None, LOGIN):
                return location
            if location:
                method, url, form = "GET", urllib.parse.urljoin(url, location), {}
            else:
                method, url, form = self.click(url, text, accepts)
        raise PageError("too many pages")

    @staticmethod
    def click(url: str, text: str, accepts: bool) -> tuple[str, str, dict[str, str]]:
        page, leaves = Form(text), ABORT.search(text)
        if page.action is None:
            raise PageError(re.sub(r"\s+", " ", NO_TEXT.sub(" ", text)).strip())
        if not accepts and leaves:
            return "GET", urllib.parse.urljoin(url, leaves[1]), {}
        form = {**page.fields, "login": "ada", "password": "any"}
        return "POST", urllib.parse.urljoin(url, page.action), form
