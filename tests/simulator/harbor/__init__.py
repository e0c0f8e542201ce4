"""Harbor, a vendor that does not exist: for requests that bear a token which ends some day. One
tenant has an API and a login host beside it.
"""

from .service import HarborService


def open_tenant(spec):
    return HarborService(spec)
