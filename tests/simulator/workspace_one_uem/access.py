"""Who may do what: Basic credentials and a tenant code, or a client's token; a role's rights; and an
account that locks."""

import base64
import secrets
import uuid
from typing import Any, Optional

from ..exchange import Reply, Request, json_reply
from ..vendor import SpecError
from .oauth import OAuth

# Resources under API > REST, by the console's names.
APPS, DEVICES, USERS, GROUPS = "Apps", "Devices", "Users", "Groups"
RESOURCES = (APPS, DEVICES, USERS, GROUPS)
MINIMUM = (APPS, DEVICES, USERS)  # what the product's article asks for
LOCKED_AFTER = 5  # failed sign-ins in a row
BAD_CREDENTIALS = 1005


def refusal(status: int, code: int, message: str) -> Reply:
    return json_reply({"errorCode": code, "message": message,
                       "activityId": str(uuid.UUID(int=code, version=4))}, status)


class Access:
    """One admin account. Everything that is wrong with it looks the same from outside: 401."""

    def __init__(self, spec: dict[str, Any]):
        self.username = spec.pop("username", None) or "api_admin"
        self.password = spec.pop("password", None) or secrets.token_urlsafe(18)
        self.tenant_code = spec.pop("tenant_code", None) or secrets.token_urlsafe(24)
        self.account_type = spec.pop("account_type", "Basic")  # or Directory
        self.key_type = spec.pop("key_type", "Admin")  # or Enrollment User
        self.api_enabled = spec.pop("api_enabled", True)
        self.oauth = OAuth(spec)
        self.rights: set[str] = set()
        self.set_rights(spec.pop("rights", RESOURCES))
        self.failures = 0

    def set_rights(self, rights: Any) -> None:
        unknown = sorted(set(rights) - set(RESOURCES))
        if unknown:
            raise SpecError(f"unknown right {unknown[0]!r}: one of {', '.join(RESOURCES)}")
        self.rights = set(rights)

    @property
    def is_locked(self) -> bool:
        return self.failures >= LOCKED_AFTER

    def unlock(self) -> None:
        self.failures = 0

    def signs_in(self, request: Request) -> bool:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return False
        if scheme.lower() != "basic" or name != self.username:
            return False
        fits = password == self.password and self.account_type == "Basic"
        self.failures += 0 if fits or self.is_locked else 1
        return fits and not self.is_locked

    def is_known(self, request: Request) -> bool:
        """A token needs no tenant code beside it."""
        if self.oauth.signs_in(request):
            return True
        code_fits = request.headers.get("aw-tenant-code") == self.tenant_code
        return self.signs_in(request) and code_fits and self.key_type == "Admin"

    def refuse(self, request: Request, needs: tuple[str, ...]) -> Optional[Reply]:
        """None if the request may pass."""
        if not self.is_known(request) or not self.api_enabled or not self.rights:
            return refusal(401, BAD_CREDENTIALS, "An error occurred when validating user: "
                           "credentials, tenant code or role.")
        self.failures = 0
        if set(needs) <= self.rights:
            return None
        return refusal(403, 403, "The account has no right to this resource.")
