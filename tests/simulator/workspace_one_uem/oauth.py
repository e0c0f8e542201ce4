"""Clients of OAuth Client Management: tokens by client credentials, from the region's own host."""

import base64
import itertools
import secrets
import time
import urllib.parse
from typing import Any, Optional

from ..exchange import Reply, Request, json_reply
from ..vendor import SpecError

REGIONS = ("na", "emea", "apac", "uat")
DOMAIN = "uemauth.workspaceone.com"
LIVES_S = 3600


def refusal(error: str) -> Reply:
    return json_reply({"error": error}, 400)


class OAuth:
    """One client. `region` None: the tenant has no host for tokens and takes none."""

    def __init__(self, spec: dict[str, Any]):
        self.region = spec.pop("oauth_region", None)
        if self.region not in (None, *REGIONS):
            raise SpecError(f"oauth_region is one of {', '.join(REGIONS)}")
        self.client_id = spec.pop("client_id", None) or secrets.token_hex(16)
        self.client_secret = spec.pop("client_secret", None) or secrets.token_urlsafe(24)
        self.numbers = itertools.count(1)
        self.ends: dict[str, float] = {}  # of the tokens that were handed out
        self.passed_s = 0.0  # by order, beside the clock's own

    @property
    def hosts(self) -> tuple[str, ...]:
        """Those of all regions; the client is known at its own."""
        return tuple(f"{region}.{DOMAIN}" for region in REGIONS) if self.region else ()

    def now(self) -> float:
        return time.monotonic() + self.passed_s

    def expire(self) -> None:
        """What was handed out is worth nothing any more."""
        self.ends.clear()

    def handle(self, request: Request) -> Reply:
        """Everything that is asked of the token host."""
        if (request.method, request.path) != ("POST", "/connect/token"):
            return json_reply({"error": "not_found"}, 404)
        form = dict(urllib.parse.parse_qsl(request.body.decode("utf-8", "replace")))
        if form.get("grant_type") != "client_credentials":
            return refusal("unsupported_grant_type")
        is_here = request.host == f"{self.region}.{DOMAIN}"
        if not is_here or self.client_of(request, form) != (self.client_id, self.client_secret):
            return refusal("invalid_client")
        token = f"{next(self.numbers)}.{secrets.token_urlsafe(24)}"
        self.ends[token] = self.now() + LIVES_S
        return json_reply({"access_token": token, "expires_in": LIVES_S, "token_type": "Bearer"})

    @staticmethod
    def client_of(request: Request, form: dict[str, str]) -> tuple[Optional[str], Optional[str]]:
        """As HTTP Basic or as fields of the form."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return form.get("client_id"), form.get("client_secret")
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return None, None
        return urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(password)

    def signs_in(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.now() < self.ends.get(token.strip(), 0)
