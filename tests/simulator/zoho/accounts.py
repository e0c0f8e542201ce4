"""The accounts server of one data centre: GET /oauth/v2/auth, POST token and revoke, serverinfo.

Failures are HTTP 200 with {"error": ...}; only the throttle is sometimes 400. Tokens are looked up
by the products through `Accounts.grants`; another data centre's products know nothing of them.
"""

import base64
import hashlib
import itertools
import secrets
import threading
import urllib.parse
from typing import Any, Callable, Optional

from ..exchange import Reply, Request, json_reply
from ..vendor import Service, SpecError
from . import pages
from .grants import CODE_S, SELF_CLIENT_CODE_S, WINDOW_S, Access, Client, Code, Grants, Refresh, \
    Throttled, User, new_token
from .regions import REGIONS, Region
from .scopes import is_known, split_scopes

REDIRECT = "http://127.0.0.1:8765/oauth/callback"
TOO_MANY = {"error": "Access Denied", "status": "failure",
            "error_description": "You have made too many requests continuously. "
                                 "Please try again after some time."}
MFA_TRUST_S = 180 * 86400
SCOPE_SHAPES = ("space", "comma", "absent")
UNKNOWN_TOKEN = ({"status": "failure", "error": "invalid_token"}, {"error": "invalid_token"})


def form_of(request: Request) -> dict[str, str]:
    """Parameters are taken from the query and from a form body."""
    form = urllib.parse.parse_qsl(request.body.decode("latin-1"), keep_blank_values=True)
    return {**request.query, **dict(form)}


def new_client(redirects: tuple[str, ...]) -> Client:
    letters = secrets.token_hex(16).upper()
    return Client(f"1000.{letters}", secrets.token_hex(21), redirects)


def verifies(challenge: Optional[tuple[str, str]], verifier: str) -> bool:
    if challenge is None:
        return True
    method, value = challenge
    if method == "plain":
        return verifier == value
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    return digest.rstrip(b"=").decode() == value


class Accounts(Service):
    """Options: see README.md, "Zoho". `users` sign in on the consent page."""

    def __init__(self, region: Region, spec: dict[str, Any], users: list[User]):
        self.region = region
        self.hosts = (region.accounts,)
        self.lock = threading.RLock()
        self.grants = Grants(spec.pop("access_s", 3600))
        self.grants.users = {user.email: user for user in users}
        self.client = new_client(tuple(spec.pop("redirects", (REDIRECT,))))
        self.client.id = spec.pop("client_id", None) or self.client.id
        self.client.secret = spec.pop("client_secret", None) or self.client.secret
        self.grants.clients[self.client.id] = self.client
        self.in_milliseconds = spec.pop("expires_in_ms", False)
        self.scope_shapes = itertools.cycle(spec.pop("scope_shapes", SCOPE_SHAPES))
        self.throttle_status = itertools.cycle((200, 400))
        self.unknown = itertools.cycle(UNKNOWN_TOKEN)
        self.tickets: dict[str, dict[str, str]] = {}
        self.has_mfa = spec.pop("mfa", False)
        self.trusted: dict[str, float] = {}  # until when a user's second step may be left out
        self.console_is_open = False

    # What the server asks of a service.

    def describe(self) -> dict[str, Any]:
        return {"vendor": "zoho", "region": self.region.code, "client_id": self.client.id,
                "client_secret": self.client.secret, "redirects": list(self.client.redirects),
                "users": list(self.grants.users)}

    def locate(self, request: Request) -> Optional[int]:
        return None

    def handle(self, request: Request) -> Reply:
        routes: dict[tuple[str, str], Callable[[Request], Reply]] = {
            ("GET", "/oauth/v2/auth"): self.authorize,
            ("GET", "/oauth/v2/org/auth"): self.authorize,
            ("POST", "/oauth/v2/approve"): self.approve,
            ("POST", "/oauth/v2/token"): self.token,
            ("POST", "/oauth/v2/token/revoke"): self.revoke,
            ("POST", "/oauth/v2/revoke/token"): self.revoke_as_client,
            ("GET", "/oauth/serverinfo"): self.server_info,
        }
        run = routes.get((request.method, request.path))
        if run is None:  # whatever is not there is the login page
            return pages.page("Zoho Accounts", "<p>Sign in to access Zoho</p>")
        with self.lock:
            try:
                reply = run(request)
            except Throttled:
                reply = json_reply(TOO_MANY, next(self.throttle_status))
        reply.headers += [("Cache-Control", "no-store"), ("Server", "ZGS")]
        return reply

    def truth(self, **options: Any) -> dict[str, list[dict]]:
        return {}

    def change(self, op: str, **args: Any) -> dict[str, Any]:
        run = getattr(self, f"change_{op}", None)
        if run is None:
            raise SpecError(f"unknown change {op!r}")
        with self.lock:
            return run(**args) or {}

    # The browser's part.

    def authorize(self, request: Request) -> Reply:
        if self.console_is_open and self.has_mfa:  # a session that is signed in by half
            return pages.error_page("Additional authentication is needed for this session")
        return self.ask_consent(request.query)

    def ask_consent(self, asked: dict[str, str]) -> Reply:
        client = self.grants.clients.get(asked.get("client_id", ""))
        scopes = split_scopes(asked.get("scope", ""))
        if client is None or not client.enabled:
            return pages.error_page("Invalid Client ID")
        if asked.get("redirect_uri") not in client.redirects:
            return pages.error_page("Invalid Redirect Uri")
        if asked.get("response_type") != "code":
            return pages.error_page("Invalid Response Type")
        if not scopes or not all(map(is_known, scopes)):
            return pages.error_page("Scope does not exist")
        users = list(self.grants.users.values())
        if asked.get("prompt") != "consent" and len(users) == 1 \
                and self.grants.has_consent(client.id, users[0], scopes):
            return self.give_code(asked, users[0], is_new=False)
        ticket = secrets.token_urlsafe(16)
        self.tickets[ticket] = asked
        return pages.consent_page(client.name, scopes, [user.email for user in users], ticket)

    def approve(self, request: Request) -> Reply:
        """The form of the consent page."""
        form = form_of(request)
        asked = self.tickets.get(form.get("ticket", ""))
        user = self.grants.users.get(form.get("user", ""))
        if asked is None or user is None:
            return pages.error_page("Your session has expired")
        if self.has_mfa and not self.passes_mfa(user, form.get("mfa", "")):
            return pages.mfa_page(form["ticket"], user.email, form.get("decision", ""))
        del self.tickets[form["ticket"]]
        if form.get("decision") != "accept":
            return self.redirect(asked, error="access_denied")
        is_new = asked.get("prompt") == "consent" or not self.grants.has_consent(
            asked["client_id"], user, split_scopes(asked["scope"]))
        return self.give_code(asked, user, is_new)

    def passes_mfa(self, user: User, step: str) -> bool:
        """`postpone` trusts the browser for 180 days."""
        if step == "postpone":
            self.trusted[user.email] = self.grants.now() + MFA_TRUST_S
        return bool(step) or self.trusted.get(user.email, 0) > self.grants.now()

    def give_code(self, asked: dict[str, str], user: User, is_new: bool) -> Reply:
        """Without a consent that was given just now there will be no refresh token."""
        scopes = split_scopes(asked["scope"])
        self.grants.note_consent(asked["client_id"], user, scopes)
        challenge = None
        if "code_challenge" in asked:
            challenge = (asked.get("code_challenge_method", "plain"), asked["code_challenge"])
        code = self.grants.add_code(Code(
            asked["client_id"], user, scopes, asked["redirect_uri"],
            is_new and asked.get("access_type") == "offline", self.grants.now() + CODE_S,
            challenge))
        return self.redirect(asked, code=code, location=self.region.code,
                             **{"accounts-server": f"https://{self.region.accounts}"})

    @staticmethod
    def redirect(asked: dict[str, str], **carried: str) -> Reply:
        if "state" in asked:
            carried["state"] = asked["state"]
        mark = "&" if "?" in asked["redirect_uri"] else "?"
        to = asked["redirect_uri"] + mark + urllib.parse.urlencode(carried)
        return Reply(status=302, content_type=None, headers=[("Location", to)])

    # Tokens.

    def refuse_client(self, form: dict[str, str]) -> Optional[Reply]:
        client = self.grants.clients.get(form.get("client_id", ""))
        if client is None or not client.enabled:
            return json_reply({"error": "invalid_client"})
        if form.get("client_secret") != client.secret:
            return json_reply({"error": "invalid_client_secret"})
        return None

    def token(self, request: Request) -> Reply:
        form = form_of(request)
        kinds = {"authorization_code": self.exchange, "refresh_token": self.refresh}
        run = kinds.get(form.get("grant_type", ""))
        if run is None:
            return json_reply({"error": "unsupported_grant_type"})
        return self.refuse_client(form) or run(form)

    def exchange(self, form: dict[str, str]) -> Reply:
        code = self.grants.take_code(form.get("code", ""))
        if code is None or code.client != form["client_id"] \
                or not verifies(code.challenge, form.get("code_verifier", "")):
            return json_reply({"error": "invalid_code"})
        if code.redirect is not None and form.get("redirect_uri") != code.redirect:
            return json_reply({"error": "invalid_redirect_uri"})
        refresh = self.grants.add_refresh(code.client, code.user, code.scopes) \
            if code.offline else None
        access = self.grants.add_access(code.client, code.user, code.scopes, refresh)
        return self.token_reply(access, refresh)

    def refresh(self, form: dict[str, str]) -> Reply:
        refresh = self.grants.refreshes.get(form.get("refresh_token", ""))
        if refresh is None or refresh.client != form["client_id"]:
            return json_reply({"error": "invalid_code"})
        access = self.grants.add_access(refresh.client, refresh.user, refresh.scopes, refresh)
        return self.token_reply(access, None)

    def token_reply(self, access: Access, refresh: Optional[Refresh]) -> Reply:
        """`api_domain` is no host of ManageEngine; `token_type` is not the header's prefix."""
        lives = self.grants.access_s
        body = {"access_token": access.token, "token_type": "Bearer",
                "api_domain": f"https://www.zohoapis.{self.region.suffix}",
                "expires_in": lives * 1000 if self.in_milliseconds else lives}
        if self.in_milliseconds:
            body["expires_in_sec"] = lives
        if refresh is not None:
            body["refresh_token"] = refresh.token
        shape = next(self.scope_shapes)
        if shape != "absent":
            body["scope"] = {"space": " ", "comma": ","}[shape].join(access.scopes)
        return json_reply(body)

    def revoke(self, request: Request) -> Reply:
        if self.grants.revoke(form_of(request).get("token", "")):
            return json_reply({"status": "success"})
        return json_reply(next(self.unknown), 400)

    def revoke_as_client(self, request: Request) -> Reply:
        return self.refuse_client(form_of(request)) or self.revoke(request)

    @staticmethod
    def server_info(request: Request) -> Reply:
        return json_reply({"result": "success", "locations": {
            code: f"https://{region.accounts}" for code, region in REGIONS.items()}})

    # What time, users and administrators do.

    def user(self, email: Optional[str]) -> User:
        found = self.grants.users.get(email) if email \
            else next(iter(self.grants.users.values()), None)
        if found is None:
            raise SpecError(f"no user {email}")
        return found

    def change_advance(self, seconds: int) -> None:
        """Time goes by, for codes, tokens and limits."""
        self.grants.skew += seconds

    def change_console(self, is_open: bool) -> None:
        """The browser is signed in at the API console, or signed out of it."""
        self.console_is_open = is_open

    def change_expire_access(self) -> None:
        """All access tokens are over; refresh tokens are not."""
        self.grants.accesses.clear()

    def change_revoke_all(self, user: Optional[str] = None) -> None:
        email = self.user(user).email
        for token in [t for t, one in self.grants.refreshes.items() if one.user.email == email]:
            self.grants.drop_refresh(token)
        self.grants.accesses = {token: one for token, one in self.grants.accesses.items()
                                if one.user.email != email}

    def change_remove_user(self, user: Optional[str] = None) -> None:
        self.grants.drop_user(self.user(user).email)

    def change_client(self, **fields: Any) -> dict[str, Any]:
        """secret, redirects, enabled."""
        for name, value in fields.items():
            setattr(self.client, name, tuple(value) if name == "redirects" else value)
        return {"client_id": self.client.id, "client_secret": self.client.secret}

    def change_self_client(self, scopes: list[str], user: Optional[str] = None,
                           seconds: int = SELF_CLIENT_CODE_S,
                           offline: bool = True) -> dict[str, str]:
        """A code from the console: typed-in scopes, no redirect."""
        code = Code(self.client.id, self.user(user), tuple(scopes), None, offline,
                    self.grants.now() + seconds)
        return {"code": self.grants.add_code(code)}

    def change_grant(self, scopes: list[str], user: Optional[str] = None) -> dict[str, str]:
        """Tokens without the browser, for tests that are about something else."""
        owner = self.user(user)
        refresh = Refresh(new_token(), self.client.id, owner, tuple(scopes),
                          self.grants.now() - WINDOW_S)
        self.grants.refreshes[refresh.token] = refresh
        access = self.grants.add_access(self.client.id, owner, tuple(scopes), refresh)
        return {"access_token": access.token, "refresh_token": refresh.token}


class Front(Service):
    """Another data centre's accounts server, as a multi-DC client meets it: it forwards the browser
    to the user's home, and knows no code or token of that home."""

    def __init__(self, region: Region, home: Accounts):
        self.hosts = (region.accounts,)
        self.home = home

    def describe(self) -> dict[str, Any]:
        return {"vendor": "zoho", "forwards_to": self.home.region.accounts}

    def locate(self, request: Request) -> Optional[int]:
        return None

    def handle(self, request: Request) -> Reply:
        if request.method == "GET" and request.path.endswith("/auth"):
            to = f"https://{self.home.region.accounts}{request.target}"
            return Reply(status=302, content_type=None, headers=[("Location", to)])
        if request.path == "/oauth/v2/token":
            return json_reply({"error": "invalid_code"})
        return pages.page("Zoho Accounts", "<p>Sign in to access Zoho</p>")
