"""Fleet, a vendor that does not exist: for what the contract offers and no real vendor here needs
alone. Lists of children by parent, and an event log that comes late, twice and out of order.
"""

from .service import FleetService


def open_tenant(spec):
    return FleetService(spec)
