"""One tenant of Quay. What proves the sender is the option `proof`; the rest is refused.

at NAME.quay.example
GET  /v1/devices?offset=&limit=        -> {"devices": [{id, name}], "total"}
POST /v1/groups/search?offset=&limit=  {"kind": "all"} -> {"groups": [{id, name}], "total"}
GET  /v1/ping                          -> {}; refuses requests that bear anything
at NAME-files.quay.example
GET  /notice                           -> {}; likewise
at NAME-login.quay.example
POST /oauth/token   grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=&scope= (RFC 7523)

proof  RS256 RS384 RS512 ES256 HS256   Authorization: Bearer, a JSON Web Token
       token                           Authorization: Bearer, a token of the token address
       hmac                            X-Key-Id, X-Timestamp, X-Nonce, X-Signature: base64 of the HMAC-SHA256
                                       over method, host, path, query, time, nonce, body, one a line
       mtls                            a certificate that the tenant's authority signed, and X-Key-Id
"""

import hmac
import pathlib
import secrets
import tempfile
import time
import email.utils
from typing import Any, Optional

from ..exchange import Page, Reply, Request, json_reply, page_at
from ..harbor.service import form_of, number
from ..vendor import Service, SpecError
from .proofs import Keys, Refused

PAGE_MAX = 50
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "HS256")
LIFE_MAX_S = 600
OPTIONS = {
    "tenant": "acme", "devices": 12, "groups": 7,
    "proof": "RS256",
    "algorithm": "RS256",  # of assertions at the token address
    "lives_s": 3600,       # of a token
    "clock_s": 0,          # how far the vendor's clock is ahead of the true time
    "window_s": 60,        # how old a signature may be
}
BORNE = ("authorization", "x-key-id", "x-signature", "x-timestamp", "x-nonce")


class QuayService(Service):
    def __init__(self, spec: dict[str, Any]):
        unknown = sorted(set(spec) - set(OPTIONS))
        if unknown:
            raise SpecError(f"quay: unknown option {unknown[0]!r}")
        self.options = OPTIONS | spec
        name = self.options["tenant"]
        self.api, self.login, self.files = (f"{name}{part}.quay.example" for part in ("", "-login", "-files"))
        self.hosts = (self.api, self.login, self.files)
        self.id = f"{name}:client"
        self.home = tempfile.TemporaryDirectory(prefix="muster-quay-")
        self.keys = Keys(pathlib.Path(self.home.name))
        self.client_authority = self.keys.authority  # the server asks for certificates: server.py
        self.tokens: dict[str, float] = {}
        self.seen: dict[str, int] = {}  # jti and nonces -> how often
        self.ended: set[str] = set()  # jti that are taken no more
        self.rows = {
            "devices": [{"id": f"d-{i:03}", "name": f"Laptop {i}"} for i in range(self.options["devices"])],
            "groups": [{"id": f"g-{i:03}", "name": f"Team {i}"} for i in range(self.options["groups"])],
        }

    def describe(self) -> dict[str, Any]:
        return {"vendor": "quay", "token": self.keys.shared, "client": self.id,
                "keys": {name: self.keys.private(name) for name in ALGORITHMS}}

    def locate(self, request: Request) -> Optional[int]:
        if request.path not in ("/v1/devices", "/v1/groups/search"):
            return None
        return page_at(number(request.query.get("offset"), 0), PAGE_MAX)

    def now(self) -> float:
        return time.time() + self.options["clock_s"]

    def handle(self, request: Request) -> Reply:
        routes = {(self.login, "POST", "/oauth/token"): self.give_token,
                  (self.files, "GET", "/notice"): self.answer_bare,
                  (self.api, "GET", "/v1/ping"): self.answer_bare,
                  (self.api, "GET", "/v1/devices"): lambda r: self.list_rows(r, "devices"),
                  (self.api, "POST", "/v1/groups/search"): lambda r: self.list_rows(r, "groups")}
        route = routes.get((request.host, request.method, request.path))
        try:
            reply = route(request) if route else json_reply({"error": "not found"}, 404)
        except Refused as refused:
            reply = json_reply({"error": "unauthorized", "message": str(refused)}, 401)
        if self.options["clock_s"]:
            reply.headers.append(("Date", email.utils.formatdate(self.now(), usegmt=True)))
        return reply

    @staticmethod
    def answer_bare(request: Request) -> Reply:
        borne = [name for name in BORNE if name in request.headers]
        if borne or request.certificate:
            return json_reply({"message": f"nobody asked for {', '.join(borne) or 'a certificate'}"}, 400)
        return json_reply({})

    # Proofs.

    def check_claims(self, claims: dict[str, Any], audience: str) -> None:
        now = self.now()
        if claims.get("iss") != self.id or claims.get("aud") != audience:
            raise Refused("issuer or audience of somebody else")
        issued, ends = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(ends, int) or ends - issued > LIFE_MAX_S:
            raise Refused("iat and exp must be less than ten minutes apart")
        if issued > now:
            raise Refused("issued in the future")
        if ends <= now:
            raise Refused("expired")
        if not claims.get("jti") or claims["jti"] in self.ended:
            raise Refused("a token that is taken no more")

    def check_jwt(self, request: Request, algorithm: str) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            raise Refused("no bearer token")
        header, claims = self.keys.read_jwt(token, algorithm)
        if header.get("kid") != self.id:
            raise Refused("unknown kid")
        self.check_claims(claims, "quay")
        self.seen[claims["jti"]] = self.seen.get(claims["jti"], 0) + 1

    def check_token(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or self.tokens.get(token, 0) <= time.time():
            raise Refused("no good token")

    def check_hmac(self, request: Request) -> None:
        said = {name: request.headers.get(f"x-{name}", "") for name in ("key-id", "timestamp", "nonce", "signature")}
        if said["key-id"] != self.id or not said["timestamp"].isdigit() or not said["nonce"]:
            raise Refused("no signature")
        if abs(self.now() - int(said["timestamp"])) > self.options["window_s"]:
            raise Refused("too old, or of the future")
        if said["nonce"] in self.seen:
            raise Refused("seen before")
        path, _, query = request.target.partition("?")
        signed = "\n".join((request.method, request.host, path, query, said["timestamp"], said["nonce"], ""))
        if not hmac.compare_digest(self.keys.signature_of(signed.encode() + request.body), said["signature"]):
            raise Refused("signature of somebody else, or of something else")
        self.seen[said["nonce"]] = 1

    def check_certificate(self, request: Request) -> None:
        if not request.certificate:
            raise Refused("no certificate")
        if request.headers.get("x-key-id") != self.id:
            raise Refused("no key id")
        self.seen[request.certificate] = self.seen.get(request.certificate, 0) + 1

    def check(self, request: Request) -> None:
        proof = self.options["proof"]
        if proof in ALGORITHMS:
            self.check_jwt(request, proof)
        else:
            {"token": self.check_token, "hmac": self.check_hmac, "mtls": self.check_certificate}[proof](request)

    def give_token(self, request: Request) -> Reply:
        form = form_of(request)
        if form.get("grant_type") != GRANT or form.get("scope") != "devices groups":
            return json_reply({"error": "invalid_request"}, 400)
        try:
            _, claims = self.keys.read_jwt(form.get("assertion", ""), self.options["algorithm"])
            self.check_claims(claims, f"https://{self.login}/oauth/token")
            if claims["jti"] in self.seen:
                raise Refused("an assertion is good once")
        except Refused as refused:
            return json_reply({"error": "invalid_grant", "error_description": str(refused)}, 400)
        self.seen[claims["jti"]] = 1
        token = "at-" + secrets.token_urlsafe(24)
        self.tokens[token] = time.time() + self.options["lives_s"]
        return json_reply({"access_token": token, "token_type": "Bearer", "expires_in": self.options["lives_s"]})

    # What it is for.

    def list_rows(self, request: Request, what: str) -> Reply:
        self.check(request)
        if request.method == "POST" and request.json() != {"kind": "all"}:
            return json_reply({"message": "unknown kind"}, 400)
        offset = number(request.query.get("offset"), 0)
        limit = min(number(request.query.get("limit"), PAGE_MAX), PAGE_MAX)
        rows = self.rows[what]
        return Reply(page=Page(
            rows=rows[offset:offset + limit], id_key="id", text_key="name", time_key="seen",
            identify=lambda row: row["id"], number=page_at(offset, limit), size=limit, total=len(rows),
            envelope=lambda page: {what: page.rows, "total": page.total}))

    # Truth and changes.

    def truth(self, **options: Any) -> dict[str, list[dict]]:
        return {what: [{"source_id": row["id"], "name": row["name"]} for row in rows]
                for what, rows in self.rows.items()}

    def change(self, op: str, **args: Any) -> dict[str, Any]:
        return getattr(self, f"change_{op}")(**args) or {}

    def change_set(self, **options: Any) -> None:
        self.options.update(options)

    def change_end_tokens(self) -> dict[str, Any]:
        """Tokens, and JSON Web Tokens that were seen, are good no more."""
        ended = [*self.tokens]
        self.tokens.clear()
        self.ended |= set(self.seen)
        return {"tokens": ended}

    def change_make_certificate(self, days: int = 30) -> dict[str, str]:
        return self.keys.make_certificate(days)

    def change_tell_seen(self) -> dict[str, Any]:
        """JSON Web Tokens by their number, nonces and certificates, and how often each came."""
        return {"seen": self.seen}
