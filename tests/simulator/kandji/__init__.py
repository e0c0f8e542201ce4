"""Kandji (called Iru since 2025), as its fact sheet and the vendor's sample responses show it."""

from typing import Any

from ..vendor import Service
from .samples import SampleService
from .service import KandjiService


def open_tenant(spec: dict[str, Any]) -> Service:
    """A tenant made from a seed, or, with `har`, the vendor's sample responses from a file."""
    return SampleService(spec) if "har" in spec else KandjiService(spec)
