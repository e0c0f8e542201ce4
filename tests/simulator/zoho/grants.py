"""What the accounts server remembers: clients, users, consents, codes and tokens.

A token dies by its time, by revocation, with its user, or pushed out by a newer one: that is where
Zoho differs from the textbook, and where its limits stand. The clock is this object's own.
"""

import dataclasses
import secrets
import time
from typing import Optional

CODE_S, SELF_CLIENT_CODE_S, ACCESS_S = 60, 180, 3600
WINDOW_S = 600
ACCESS_PER_WINDOW = 10  # access tokens made with one refresh token in ten minutes
ACCESS_LIVE = 10  # of one refresh token; the oldest goes
REFRESH_LIVE = 20  # of one user and client; the oldest goes, and its access tokens with it
REFRESH_PER_MINUTE = 5
CODES_PER_WINDOW = 10


class Throttled(Exception):
    """Too many in too short a time."""


@dataclasses.dataclass
class Client:
    id: str
    secret: str  # of this data centre: each may have its own
    redirects: tuple[str, ...]
    name: str = "muster"
    enabled: bool = True  # in this data centre


@dataclasses.dataclass(frozen=True)
class User:
    email: str
    organisation: str
    is_admin: bool = True


@dataclasses.dataclass
class Code:
    client: str
    user: User
    scopes: tuple[str, ...]
    redirect: Optional[str]  # None: of a self client
    offline: bool
    until: float
    challenge: Optional[tuple[str, str]] = None  # PKCE: method, value


@dataclasses.dataclass
class Refresh:
    token: str
    client: str
    user: User
    scopes: tuple[str, ...]
    made: float
    uses: list[float] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Access:
    token: str
    client: str
    user: User
    scopes: tuple[str, ...]
    until: float
    refresh: Optional[str]


def new_token() -> str:
    return f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"


class Grants:
    """Not locked: the service that owns it is."""

    def __init__(self, access_s: int = ACCESS_S):
        self.access_s = access_s
        self.skew = 0.0
        self.clients: dict[str, Client] = {}
        self.users: dict[str, User] = {}
        self.codes: dict[str, Code] = {}
        self.refreshes: dict[str, Refresh] = {}
        self.accesses: dict[str, Access] = {}
        self.consents: dict[tuple[str, str], set[str]] = {}
        self.codes_made: dict[str, list[float]] = {}

    def now(self) -> float:
        return time.time() + self.skew

    def recent(self, times: list[float], window_s: int = WINDOW_S) -> list[float]:
        return [one for one in times if one > self.now() - window_s]

    # Codes.

    def note_consent(self, client: str, user: User, scopes: tuple[str, ...]) -> None:
        self.consents.setdefault((client, user.email), set()).update(scopes)

    def has_consent(self, client: str, user: User, scopes: tuple[str, ...]) -> bool:
        return set(scopes) <= self.consents.get((client, user.email), set())

    def add_code(self, code: Code) -> str:
        made = self.recent(self.codes_made.get(code.client, []))
        if len(made) >= CODES_PER_WINDOW:
            raise Throttled
        self.codes_made[code.client] = made + [self.now()]
        text = new_token()
        self.codes[text] = code
        return text

    def take_code(self, text: str) -> Optional[Code]:
        """Once, whatever comes of it."""
        code = self.codes.pop(text, None)
        return code if code and code.until > self.now() else None

    # Tokens.

    def add_refresh(self, client: str, user: User, scopes: tuple[str, ...]) -> Refresh:
        own = [one for one in self.refreshes.values()
               if (one.client, one.user.email) == (client, user.email)]
        if len(self.recent([one.made for one in own], 60)) >= REFRESH_PER_MINUTE:
            raise Throttled
        for oldest in sorted(own, key=lambda one: one.made)[:max(0, len(own) - REFRESH_LIVE + 1)]:
            self.drop_refresh(oldest.token)
        refresh = Refresh(new_token(), client, user, scopes, self.now())
        self.refreshes[refresh.token] = refresh
        return refresh

    def add_access(self, client: str, user: User, scopes: tuple[str, ...],
                   refresh: Optional[Refresh]) -> Access:
        if refresh is not None:
            refresh.uses = self.recent(refresh.uses)
            if len(refresh.uses) >= ACCESS_PER_WINDOW:
                raise Throttled
            refresh.uses.append(self.now())
            self.drop_oldest_access(refresh.token)
        access = Access(new_token(), client, user, scopes, self.now() + self.access_s,
                        refresh.token if refresh else None)
        self.accesses[access.token] = access
        return access

    def drop_oldest_access(self, refresh: str) -> None:
        own = [one.token for one in self.accesses.values()
               if one.refresh == refresh and one.until > self.now()]
        for token in own[:max(0, len(own) - ACCESS_LIVE + 1)]:
            del self.accesses[token]

    def access(self, token: str) -> Optional[Access]:
        access = self.accesses.get(token)
        return access if access and access.until > self.now() else None

    def drop_refresh(self, token: str) -> None:
        self.refreshes.pop(token, None)
        self.accesses = {key: one for key, one in self.accesses.items() if one.refresh != token}

    def revoke(self, token: str) -> bool:
        """A refresh token takes its access tokens along."""
        known = token in self.refreshes or token in self.accesses
        self.drop_refresh(token)
        self.accesses.pop(token, None)
        return known

    def drop_user(self, email: str) -> None:
        """Tokens carry a user's rights and die with the user."""
        del self.users[email]
        self.refreshes = {k: one for k, one in self.refreshes.items() if one.user.email != email}
        self.accesses = {k: one for k, one in self.accesses.items() if one.user.email != email}
        self.consents = {k: one for k, one in self.consents.items() if k[1] != email}
