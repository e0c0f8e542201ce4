"""Who may ask: keys of administrators, the organisation a request is for, what DI is licensed for."""

import re
import secrets
from typing import Any, Optional, Union

from ..exchange import Reply, Request, json_reply
from ..vendor import SpecError
from .organization import Organization

ORG_ID = re.compile(r"[0-9a-f]{24}")
# Routes that answer 403 to a request with an organisation's header.
WITHOUT_ORG = re.compile(r"/api/(organizations|search/organizations|users|v2/organizations|"
                         r"v2/administrators|v2/providers.*|v2/integrations.*)")
ROLES = ("Administrator", "Read Only", "Command Runner")
NO_KEY = {"error": "Unauthorized", "message": "Unauthorized: api key user not found"}
NO_ORG = {"message": "Unauthorized: no organization selected"}
UNLICENSED = {401: {"message": "Unauthorized"}, 402: {"message": "Payment Required"},
              403: {"message": "Forbidden"}, 404: {"message": "Not Found"}}


class Access:
    """One key for each organisation, and one of an administrator of all."""

    def __init__(self, organizations: dict[str, Organization], spec: dict[str, Any]):
        self.organizations = organizations
        self.role = spec.pop("role", "Administrator")
        if self.role not in ROLES:
            raise SpecError(f"role is one of {', '.join(ROLES)}")
        first = spec.pop("token", None)
        self.keys = {name: secrets.token_hex(20) for name in organizations}
        if first:
            self.keys[next(iter(organizations))] = first
        self.portal_key = spec.pop("portal_key", None) or secrets.token_hex(20)

    def visible(self, request: Request) -> Optional[list[Organization]]:
        """The organisations a key may see; None for no key."""
        key = request.headers.get("x-api-key", "")
        if key == self.portal_key:
            return list(self.organizations.values())
        return next(([self.organizations[name]] for name, own in self.keys.items() if own == key),
                    None)

    def admit(self, request: Request) -> Union[Reply, Optional[Organization]]:
        """The organisation a request is for, None on routes without one; or a refusal."""
        seen = self.visible(request)
        asked = request.headers.get("x-org-id")
        if seen is None:
            return json_reply(NO_KEY, 401)
        if self.role == "Command Runner":
            return json_reply({"message": "Forbidden"}, 403)
        if WITHOUT_ORG.fullmatch(request.path):
            return json_reply({"message": "Forbidden"}, 403) if asked else None
        if not asked:
            return seen[0] if len(seen) == 1 else json_reply(NO_ORG, 401)
        if not ORG_ID.fullmatch(asked):
            return json_reply({"message": "Bad Request: invalid x-org-id"}, 400)
        return self.by_id(asked, seen)

    def by_id(self, asked: str, seen: list[Organization]) -> Union[Reply, Organization]:
        known = [org for org in self.organizations.values() if org.id == asked]
        if not known:
            return json_reply({"message": "Not Found"}, 404)
        return known[0] if known[0] in seen else json_reply({"message": "Bad Request"}, 400)
