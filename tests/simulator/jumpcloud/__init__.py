"""JumpCloud: directory, device management and Directory Insights, as its fact sheet shows them."""

from typing import Any

from ..vendor import Service
from .service import JumpCloudService


def open_tenant(spec: dict[str, Any]) -> Service:
    return JumpCloudService(spec)
