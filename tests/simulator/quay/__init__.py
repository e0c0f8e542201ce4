"""Quay, a vendor that does not exist: for requests that prove with a key who sends them. One tenant has
an API, a token address and a host for files.
"""

from .service import QuayService


def open_tenant(spec):
    return QuayService(spec)
