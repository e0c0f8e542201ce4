"""A person at a browser, for tests: opens the authorization page and clicks.

    browser = Browser(sim.port, sim.ca_file)
    browser.consent(url)                      # -> where the browser is sent: ".../callback?code=..."
    browser.consent(url, decision="reject", mfa="postpone", user="admin@acme.example")

Forwarding between data centres is followed; a page that is no form ends it (PageError).
"""

import html.parser
import http.client
import re
import socket
import ssl
import urllib.parse
from typing import Optional

HOPS_MAX = 5
TIMEOUT_S = 10


class PageError(Exception):
    """The page has no form to go on with; its text is the message."""


class Form(html.parser.HTMLParser):
    """The hidden fields of a page's form, and what may be chosen."""

    def __init__(self, text: str):
        super().__init__()
        self.action: Optional[str] = None
        self.fields: dict[str, str] = {}
        self.buttons: set[str] = set()
        self.options: list[str] = []
        self.is_option = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Optional[str]]]) -> None:
        found = dict(attrs)
        self.is_option = tag == "option"
        if tag == "form":
            self.action = found.get("action")
        elif tag == "input" and found.get("type") == "hidden":
            self.fields[found["name"] or ""] = found.get("value") or ""
        elif tag == "button":
            self.buttons.add(found.get("name") or "")

    def handle_data(self, data: str) -> None:
        if self.is_option:
            self.options.append(data)


class Browser:
    """Speaks to the simulator at 127.0.0.1:port under the real host names."""

    def __init__(self, port: int, ca_file: str):
        self.port = port
        self.trust = ssl.create_default_context(cafile=str(ca_file))

    def ask(self, method: str, url: str, form: Optional[dict[str, str]] = None) -> tuple[str, str]:
        """The Location of a redirect and the text of the answer; one of them is empty."""
        parts = urllib.parse.urlsplit(url)
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S)
        connection = http.client.HTTPConnection(parts.hostname or "")
        connection.sock = self.trust.wrap_socket(sock, server_hostname=parts.hostname)
        body = urllib.parse.urlencode(form) if form is not None else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.headers.get("Location", ""), answer.read().decode()
        finally:
            connection.close()

    def consent(self, url: str, decision: str = "accept", user: Optional[str] = None,
                mfa: str = "once") -> str:
        """Clicks through the pages until the browser is sent back to the client."""
        method, form = "GET", None
        for _ in range(HOPS_MAX):
            location, text = self.ask(method, url, form)
            if location and not location.startswith("https://accounts."):
                return location
            if location:
                method, url, form = "GET", location, None
                continue
            method, (url, form) = "POST", self.fill(url, text, decision, user, mfa)
        raise PageError("too many pages")

    @staticmethod
    def fill(url: str, text: str, decision: str, user: Optional[str],
             mfa: str) -> tuple[str, dict[str, str]]:
        page = Form(text)
        if page.action is None:
            raise PageError(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)).strip())
        fields = dict(page.fields)
        if page.options:
            fields["user"] = user or page.options[0]
        if "decision" in page.buttons:
            fields["decision"] = decision
        if "mfa" in page.buttons:
            fields["mfa"] = mfa
        return urllib.parse.urljoin(url, page.action), fields
