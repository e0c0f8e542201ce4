"""Who may do what: tokens with a grid of permissions, and refusals in every shape seen."""

import itertools
import secrets
from typing import Any, Optional

from ..exchange import Reply, Request
from ..faults_answer import refusal
from ..vendor import SpecError

# The permissions by the names of the vendor's grid.
DEVICE_LIST, APPLICATIONS, DEVICE_DETAIL = "Device list", "Applications", "Device details"
MINIMUM = (DEVICE_LIST, APPLICATIONS)
EVERYTHING = "*"

# The exact bodies of 401 and 403 are unknown, so a tenant uses all shapes in turn.
SHAPES = ("detail", "message", "string", "error", "empty", "html")


class Access:
    """The tokens of one tenant."""

    def __init__(self, spec: dict[str, Any]):
        self.grants: dict[str, set[str]] = {}
        self.token = spec.pop("token", None) or secrets.token_urlsafe(24)
        self.admin_token = spec.pop("admin_token", None) or secrets.token_urlsafe(24)
        self.set_grants(self.token, spec.pop("permissions", MINIMUM))
        self.set_grants(self.admin_token, (EVERYTHING,))
        shape = spec.pop("refusal_shape", None)
        if shape is not None and shape not in SHAPES:
            raise SpecError(f"refusal_shape is one of {', '.join(SHAPES)}")
        self.shapes = itertools.cycle((shape,) if shape else SHAPES)

    def set_grants(self, token: str, permissions: Any) -> None:
        self.grants[token] = set(permissions)

    def replace_token(self, token: Optional[str]) -> str:
        """The old minimum token is revoked; the new one may do the same."""
        granted = self.grants.pop(self.token)
        self.token = token or secrets.token_urlsafe(24)
        self.grants[self.token] = granted
        return self.token

    def refuse(self, request: Request, permission: Optional[str]) -> Optional[Reply]:
        """None if the request may pass; permission None needs a valid token only."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        granted = self.grants.get(token.strip())
        if scheme.lower() != "bearer" or granted is None:
            return refusal(401, next(self.shapes), "Invalid token.")
        if permission is None or permission in granted or EVERYTHING in granted:
            return None
        return refusal(403, next(self.shapes),
                       "You do not have permission to perform this action.")
