"""ManageEngine's cloud products over one truth: Mobile Device Manager Plus, Endpoint Central and
ServiceDesk Plus, with Zoho's accounts server in front of them.
"""

from .world import World


def open_tenant(spec):
    return World(spec)
