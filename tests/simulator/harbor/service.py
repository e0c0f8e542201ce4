"""One tenant of Harbor.

at NAME-login.harbor.example
GET  /oauth/auth    a person who is signed in and accepts at once: back to the redirect URI, with a code that is bound
                    to it and to the PKCE challenge
POST /oauth/revoke  a form (RFC 7009): the token and its family are over
POST /oauth/token   a form (RFC 6749): client_credentials, password, authorization_code, refresh_token; the
                    client in the body or as HTTP Basic -> {access_token, expires_in, scope, token_type}
at NAME.harbor.example
POST /v1/login      {"user", "key"} -> {"data": {"token", "ttl"}}
GET  /v1/devices?offset=&limit=  with a bearer token -> {"devices": [{id, name}], "total"}

How it says things is an option, as vendors differ there.
"""

import base64
import binascii
import dataclasses
import hashlib
import secrets
import threading
import time
import urllib.parse
from typing import Any, Optional

from ..exchange import Page, Reply, Request, empty_reply, json_reply, page_at
from ..vendor import Service, SpecError

PAGE_MAX = 50
OPTIONS = {
    "tenant": "acme", "devices": 12,
    "lives_s": 3600,        # of a token; what expires_in says
    "expires_in": None,     # what it says instead: any JSON value
    "expired": 401,         # status of a request whose token ended; 403 says so in the body alone
    "failure_status": None, # of failed token requests, whatever they are: 200 as Zoho does
    "scopes": None,         # what is granted, as it is written; None: what was asked for, untold
    "offline": True,        # a code gives a refresh token
    "rotates": True,        # each refresh gives a new refresh token and ends the old one
    "grace_s": 0,           # for so long the old one is still taken: the answer may have been lost
    "redirects": None,      # redirect URIs that are registered; None: any
    "returns": {},          # what the browser brings back beside code and state
    "refuses": None,        # parameters that it brings back in place of a code
}


@dataclasses.dataclass
class Code:
    """What a code can be traded for; of the console: without redirect and challenge."""

    redirect: Optional[str] = None
    challenge: Optional[str] = None
    scopes: str = ""


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def form_of(request: Request) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(request.body.decode("utf-8", "replace"),
                                       keep_blank_values=True))


def number(text: Optional[str], otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else otherwise


class HarborService(Service):
    def __init__(self, spec: dict[str, Any]):
        unknown = sorted(set(spec) - set(OPTIONS) - {"secret"})
        if unknown:
            raise SpecError(f"harbor: unknown option {unknown[0]!r}")
        self.options = OPTIONS | spec
        name = self.options["tenant"]
        self.api, self.login = f"{name}.harbor.example", f"{name}-login.harbor.example"
        self.hosts = (self.api, self.login)
        self.client, self.secret = f"{name}:client", spec.get("secret") or "s&c=t " + secrets.token_hex(12)
        self.lock = threading.RLock()
        self.tokens: dict[str, float] = {}  # access token -> when it ends
        self.refresh_tokens: dict[str, Optional[float]] = {}  # -> when it was used; again ends all
        self.codes: dict[str, Code] = {}
        self.asked: list[str] = []  # the scopes of each consent
        self.devices = {f"d-{i:03}": f"Laptop {i}" for i in range(self.options["devices"])}

    def describe(self) -> dict[str, Any]:
        return {"vendor": "harbor", "token": self.secret, "client": self.client}

    def locate(self, request: Request) -> Optional[int]:
        if request.path != "/v1/devices":
            return None
        return page_at(number(request.query.get("offset"), 0), PAGE_MAX)

    def handle(self, request: Request) -> Reply:
        routes = {(self.login, "GET", "/oauth/auth"): self.authorize,
                  (self.login, "POST", "/oauth/revoke"): self.revoke,
                  (self.login, "POST", "/oauth/token"): self.give_token,
                  (self.api, "POST", "/v1/login"): self.log_in,
                  (self.api, "GET", "/v1/devices"): self.list_devices}
        route = routes.get((request.host, request.method, request.path))
        with self.lock:
            return route(request) if route else json_reply({"error": "not found"}, 404)

    # Tokens.

    def new_token(self) -> str:
        token = "at-" + secrets.token_urlsafe(24)
        self.tokens[token] = time.time() + self.options["lives_s"]
        return token

    def failure(self, error: str, status: int = 400) -> Reply:
        status = self.options["failure_status"] or status
        return json_reply({"error": error, "error_description": f"Harbor says {error}."}, status)

    def knows_client(self, request: Request, form: dict[str, str]) -> bool:
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            return (form.get("client_id"), form.get("client_secret")) == (self.client, self.secret)
        try:
            plain = base64.b64decode(pair, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return [urllib.parse.unquote_plus(part) for part in plain.split(":")] \
            == [self.client, self.secret]

    def give_token(self, request: Request) -> Reply:
        form = form_of(request)
        if request.query:
            return self.failure("invalid_request")
        if not self.knows_client(request, form):
            return self.failure("invalid_client", 401)
        grant = form.get("grant_type")
        if grant == "refresh_token":
            return self.refresh(form)
        if grant == "authorization_code":
            return self.trade(form)
        if grant == "password" and (form.get("username"), form.get("password")) != ("ada", self.secret):
            return self.failure("invalid_grant")
        if grant not in ("client_credentials", "password"):
            return self.failure("unsupported_grant_type")
        return self.grant()

    def grant(self, **more: Any) -> Reply:
        told = self.options["expires_in"]
        answer = {"access_token": self.new_token(), "token_type": "Bearer",
                  "expires_in": self.options["lives_s"] if told is None else told, **more}
        if self.options["scopes"] is not None:
            answer["scope"] = self.options["scopes"]
        return json_reply(answer)

    def authorize(self, request: Request) -> Reply:
        asked = request.query
        redirect, known = asked.get("redirect_uri", ""), self.options["redirects"]
        if asked.get("client_id") != self.client or (known is not None and redirect not in known):
            return json_reply({"error": "unknown client or redirect URI"}, 400)
        back = dict(self.options["refuses"] or {"code": self.new_code(Code(
            redirect, asked.get("code_challenge"), asked.get("scope", "")))})
        self.asked.append(asked.get("scope", ""))
        back |= {"state": asked.get("state", "")} | self.options["returns"]
        return Reply(status=302, content_type=None,
                     headers=[("Location", f"{redirect}?{urllib.parse.urlencode(back)}")])

    def new_code(self, code: Code) -> str:
        text = "co-" + secrets.token_urlsafe(24)
        self.codes[text] = code
        return text

    def trade(self, form: dict[str, str]) -> Reply:
        """Once; with the redirect and the verifier of its consent, or none where there was none."""
        code = self.codes.pop(form.get("code", ""), None)
        if code is None or form.get("redirect_uri") != code.redirect or (
                code.challenge and challenge_of(form.get("code_verifier", "")) != code.challenge):
            return self.failure("invalid_grant")
        return self.grant(**(self.consent() if self.options["offline"] else {}))

    def revoke(self, request: Request) -> Reply:
        form = form_of(request)
        if not self.knows_client(request, form):
            return self.failure("invalid_client", 401)
        if form.get("token") in self.refresh_tokens:
            self.change_withdraw()
        self.tokens.pop(form.get("token", ""), None)
        return empty_reply()

    def refresh(self, form: dict[str, str]) -> Reply:
        used = form.get("refresh_token", "")
        if not self.is_refreshing(used):
            if used in self.refresh_tokens:  # used again: somebody has a copy of the family
                self.refresh_tokens = dict.fromkeys(self.refresh_tokens, 0.0)
                self.tokens.clear()
            return self.failure("invalid_grant")
        if not self.options["rotates"]:
            return self.grant()
        self.refresh_tokens[used] = self.refresh_tokens[used] or time.time()
        return self.grant(refresh_token=self.consent()["refresh_token"])

    def is_refreshing(self, token: str) -> bool:
        used_at = self.refresh_tokens.get(token, 0.0)
        return used_at is None or time.time() < used_at + self.options["grace_s"]

    def consent(self) -> dict[str, str]:
        token = "rt-" + secrets.token_urlsafe(24)
        self.refresh_tokens[token] = None
        return {"refresh_token": token}

    def log_in(self, request: Request) -> Reply:
        try:
            asked = request.json()
        except ValueError:
            return json_reply({"message": "no JSON"}, 400)
        if asked != {"user": "ada", "key": self.secret}:
            return json_reply({"message": "unknown user or key"}, 401)
        return json_reply({"data": {"token": self.new_token(), "ttl": self.options["lives_s"]}}, 201)

    # What a token is for.

    def is_good(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and self.tokens.get(token, 0) > time.time()

    def list_devices(self, request: Request) -> Reply:
        if not self.is_good(request):
            return json_reply({"code": "TOKEN_EXPIRED"}, self.options["expired"])
        offset = number(request.query.get("offset"), 0)
        limit = min(number(request.query.get("limit"), PAGE_MAX), PAGE_MAX)
        rows = [{"id": key, "name": name} for key, name in sorted(self.devices.items())]
        return Reply(page=Page(
            rows=rows[offset:offset + limit], id_key="id", text_key="name", time_key="seen",
            identify=lambda row: row["id"], number=page_at(offset, limit), size=limit,
            total=len(rows), envelope=lambda page: {"devices": page.rows, "total": page.total}))

    # Truth and changes.

    def truth(self, **options: Any) -> dict[str, list[dict]]:
        with self.lock:
            return {"devices": [{"source_id": key, "name": name}
                                for key, name in sorted(self.devices.items())]}

    def change(self, op: str, **args: Any) -> dict[str, Any]:
        with self.lock:
            return getattr(self, f"change_{op}")(**args) or {}

    def change_end_tokens(self) -> dict[str, Any]:
        """All access tokens that there are end now; the refresh tokens are told, too."""
        ended = [*self.tokens, *self.refresh_tokens]
        self.tokens.clear()
        return {"tokens": ended}

    def change_replace_secret(self, secret: str) -> None:
        self.secret = secret

    def change_make_code(self) -> dict[str, str]:
        """A person consents in the vendor's console, which shows them a code."""
        return {"code": self.new_code(Code())}

    def change_asked(self) -> dict[str, Any]:
        """The scopes of every consent so far, as they were asked for."""
        return {"scopes": self.asked}

    def change_withdraw(self) -> None:
        """The consent is taken back, as an administrator does."""
        self.refresh_tokens.clear()
        self.tokens.clear()

    def change_set(self, **options: Any) -> None:
        self.options.update(options)
