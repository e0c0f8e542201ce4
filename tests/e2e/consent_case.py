"""A person who consents: `muster` waits in the background, a browser opens the address that it printed
and comes back to the loopback redirect.
"""

import http.client
import pathlib
import re
import select
import shutil
import socket
import time
import urllib.parse

from harness import E2eCase
from simulator.zoho.browser import Browser

HOST, LOGIN, ACCOUNT = "acme.harbor.example", "acme-login.harbor.example", "harbor/acme"
CONNECTOR = pathlib.Path(__file__).parent / "vendors" / "harbor.lua"
CALLBACK = "/oauth/callback"
SECONDS = 60


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Waiting:
    """A muster that waits for a consent."""

    def __init__(self, process):
        self.process = process
        self.err = ""

    def wait_for(self, pattern):
        """The first group of what it says, or all of it."""
        end = time.monotonic() + SECONDS
        while not (found := re.search(pattern, self.err)):
            ready, _, _ = select.select([self.process.stderr], [], [], 0.2)
            more = self.process.stderr.read1().decode() if ready else None
            self.err += more or ""
            if more == "" or time.monotonic() > end:
                raise AssertionError(f"{pattern!r} never came:\n{self.err}")
        return found.group(found.lastindex or 0)

    @property
    def url(self):
        return self.wait_for(r"(?m)^  (https://\S+)$")

    def is_listening(self):
        self.wait_for("Muster waits")
        return True

    def end(self):
        out, err = self.process.communicate(timeout=SECONDS)
        self.err += err.decode()
        return self.process.returncode, out.decode()


class ConsentCase(E2eCase):
    """A harbor of its own, whose browser accepts at once."""

    TENANTS: list = []

    def setUp(self):
        self.sim = type(self.sim)([{"vendor": "harbor"}])
        self.sim.start()
        self.addCleanup(self.sim.stop)
        super().setUp()
        shutil.copyfile(CONNECTOR, self.muster.project / "vendors" / CONNECTOR.name)
        self.port = free_port()
        self.redirect = f"http://127.0.0.1:{self.port}{CALLBACK}"
        self.browser = Browser(self.sim.port, self.sim.ca_file)

    def change(self, op, **args):
        return self.sim.change(HOST, op, **args)

    def words(self, *extra, redirect=None, account="acme"):
        return self.muster.connect_words(
            self.sim, "harbor", HOST, ("address", HOST), ("secret", None), account, extra=(
                "--set", f"login={LOGIN}", "--set", "way=consent", "--set", "client=acme:client",
                "--set", "user=ada", "--set", "region=north", "--connect-to",
                f"{LOGIN}:443:127.0.0.1:{self.sim.port}", "--redirect-uri",
                redirect or self.redirect, *extra))

    def start(self, *words, **environment):
        """One that waits for its answer: nobody is at a terminal, but somebody at a browser."""
        process = self.muster.start(*(word for word in words if word != "--no-input"), **environment)
        self.addCleanup(self.end_process, process)
        waiting = Waiting(process)
        self.assertTrue(waiting.is_listening())
        return waiting

    def end_process(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def sent_to(self, url):
        """Where the vendor sends the browser after the consent."""
        return self.browser.ask("GET", url)[0]

    def fetch(self, url, method="GET", headers=None, body=None):
        """One request to the listener: its answer and its text."""
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=SECONDS)
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer, answer.read().decode()
        finally:
            connection.close()

    def come_back(self, url):
        """The browser follows the redirect to the clean address; the text of that page."""
        answer, _ = self.fetch(url)
        self.assertEqual(answer.status, 303)
        clean = urllib.parse.urljoin(url, answer.headers["Location"])
        self.assertEqual(clean, url.partition("?")[0])
        answer, text = self.fetch(clean)
        self.assertEqual(answer.status, 200)
        return answer, text

    def consent(self, waiting, code=0):
        answer, text = self.come_back(self.sent_to(waiting.url))
        ended, out = waiting.end()
        self.assertEqual(ended, code, waiting.err)
        return answer, text, out

    def connect_harbor(self, *extra):
        waiting = self.start(*self.words(*extra))
        self.consent(waiting)
        return waiting
