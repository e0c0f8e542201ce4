"""Workspace ONE UEM (formerly AirWatch), as its fact sheet describes the REST API."""

from .service import open_tenant

__all__ = ["open_tenant"]
