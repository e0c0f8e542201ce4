"""What the three products have in common: tokens of one accounts server, organisations by token,
a lock, and changes to the one truth.
"""

import itertools
import threading
from typing import Any, Callable, Optional

from ..exchange import Reply, Request
from ..vendor import Service, SpecError
from ..zoho.grants import Access, Grants
from ..zoho.scopes import covers
from . import changes
from .estate import Estate

PREFIX = "zoho-oauthtoken"  # not Bearer, whatever the token's answer calls itself
BAD_TOKEN = ("INVALID_OAUTHTOKEN", "INVALID_OAUTHTOKEN", "AUTHENTICATION_FAILURE")
NO_SCOPE = ((401, "OAUTH_SCOPE_MISMATCH"), (403, "SCOPE_MISMATCH"), (401, "INVALID_OAUTHSCOPE"))


class Refused(Exception):
    """The request may not pass; what is answered instead."""

    def __init__(self, reply: Reply):
        super().__init__(reply.status)
        self.reply = reply


class Product(Service):
    """One product at one host, for all organisations of a data centre."""

    name = ""

    def __init__(self, host: str, estates: dict[str, Estate], grants: Grants,
                 lock: threading.RLock, spec: dict[str, Any]):
        self.hosts = (host,)
        self.estates = estates
        self.grants = grants
        self.lock = lock
        self.bad_token = itertools.cycle(BAD_TOKEN)
        self.no_scope = itertools.cycle(spec.pop("no_scope", NO_SCOPE))
        self.token = ""
        self.configure(spec)
        if spec:
            raise SpecError(f"{self.name}: unknown option {sorted(spec)[0]!r}")

    def configure(self, spec: dict[str, Any]) -> None:
        """Takes the product's own options out of the spec."""

    def error(self, status: int, code: str, text: str) -> Reply:
        """A failure as this product words it."""
        raise NotImplementedError

    def route(self, request: Request, estate: Estate) -> Reply:
        """Answers a request whose token is good; `self.need` asks for scopes."""
        raise NotImplementedError

    def rows(self, estate: Estate) -> dict[str, list[dict]]:
        """The canonical rows of one organisation."""
        raise NotImplementedError

    # What the server asks of a service.

    def describe(self) -> dict[str, Any]:
        return {"vendor": self.name, "token": self.token, "organisations": list(self.estates)}

    def locate(self, request: Request) -> Optional[int]:
        return None

    def handle(self, request: Request) -> Reply:
        with self.lock:
            try:
                access = self.signed_in(request)
                self.scopes = access.scopes
                return self.route(request, self.estates[access.user.organisation])
            except Refused as refused:
                return refused.reply

    def truth(self, organisation: Optional[str] = None, **options: Any) -> dict[str, list[dict]]:
        with self.lock:
            return self.rows(self.estate(organisation), **options)

    def change(self, op: str, organisation: Optional[str] = None, **args: Any) -> dict[str, Any]:
        with self.lock:
            own: Optional[Callable[..., Any]] = getattr(self, f"change_{op}", None)
            if own:
                return own(**args) or {}
            return changes.apply(self.estate(organisation), op, args)

    # For products.

    def estate(self, organisation: Optional[str]) -> Estate:
        name = organisation or next(iter(self.estates))
        if name not in self.estates:
            raise SpecError(f"no organisation {name}")
        return self.estates[name]

    def signed_in(self, request: Request) -> Access:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        access = self.grants.access(token.strip())
        if scheme.lower() != PREFIX or access is None:
            raise Refused(self.error(401, next(self.bad_token), "The token is invalid"))
        return access

    def need(self, scope: str) -> None:
        if not covers(self.scopes, scope):
            status, code = next(self.no_scope)
            raise Refused(self.error(status, code, "Required scope is not present"))


def number(text: Optional[str], otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else otherwise
