"""What a vendor has to bring, and which vendors there are.

A vendor is a package with a function `open_tenant(spec) -> Service`. The spec is the tenant's
part of the --spec file; its keys are documented by the vendor.
"""

import importlib
import pathlib
from typing import Any, Optional

from .exchange import Reply, Request

VENDORS = ("kandji", "fleet", "harbor", "jumpcloud", "manageengine", "quay",
           "workspace_one_uem")


class SpecError(ValueError):
    """A tenant's spec says something the vendor does not know."""


class Service:
    """One tenant of one vendor. Calls come from many threads; a service locks itself."""

    hosts: tuple[str, ...] = ()
    client_authority: Optional[pathlib.Path] = None  # whose certificates clients may show

    def parts(self) -> list["Service"]:
        """A tenant that several APIs show, each at hosts of its own, is several services."""
        return [self]

    def describe(self) -> dict[str, Any]:
        """What ready.json says about the tenant, its tokens among it."""
        raise NotImplementedError

    def locate(self, request: Request) -> Optional[int]:
        """Which page of a walk the request asks for, from 1; None if it asks for no page."""
        raise NotImplementedError

    def handle(self, request: Request) -> Reply:
        raise NotImplementedError

    def truth(self, **options: Any) -> dict[str, list[dict]]:
        """The canonical rows that a correct sync of the tenant as it is now must give."""
        raise NotImplementedError

    def change(self, op: str, **args: Any) -> dict[str, Any]:
        """Changes the tenant as its administrator would; says what was changed."""
        raise NotImplementedError


def open_tenant(vendor: str, spec: dict[str, Any]) -> Service:
    if vendor not in VENDORS:
        raise SpecError(f"unknown vendor {vendor!r}: one of {', '.join(VENDORS)}")
    return importlib.import_module(f"{__package__}.{vendor}").open_tenant(spec)
