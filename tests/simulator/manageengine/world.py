"""One data centre with its organisations: the accounts server and three products over one truth."""

import copy
from typing import Any

from ..exchange import Reply, Request
from ..vendor import Service, SpecError
from ..zoho.accounts import Accounts, Front
from ..zoho.grants import User
from ..zoho.regions import REGIONS
from ..zoho.scopes import SERVICES
from .endpoint_central.service import EndpointCentral
from .estate import Estate
from .mdm.service import Mdm
from .product import Product
from .servicedesk_plus.service import ServiceDeskPlus

PRODUCTS = {"mdm": Mdm, "endpoint_central": EndpointCentral, "servicedesk_plus": ServiceDeskPlus}
EVERY_READ = [f"{service}.{name}.READ" for service, names in SERVICES.items() for name in names]


def make_estates(spec: dict[str, Any]) -> dict[str, Estate]:
    tenant = spec.pop("tenant", "acme")
    names = spec.pop("organisations", [tenant])
    devices, apps = spec.pop("devices", 24), spec.pop("apps_per_device", 4)
    seed, plain = spec.pop("seed", 1), spec.pop("plain", False)
    titles = spec.pop("titles", max(3, apps * 2))
    return {name: Estate(name, devices, apps, seed + at, plain, titles)
            for at, name in enumerate(names)}


class World(Service):
    """Options: see README.md, "ManageEngine". Its parts are the services."""

    def __init__(self, spec: dict[str, Any]):
        spec = copy.deepcopy(spec)
        region = REGIONS.get(spec.pop("region", "us"))
        if region is None:
            raise SpecError(f"region is one of {', '.join(REGIONS)}")
        self.estates = make_estates(spec)
        users = [User(f"admin@{name}.example", name) for name in self.estates]
        self.accounts = Accounts(region, spec.pop("accounts", {}), users)
        self.products: list[Product] = [
            make(getattr(region, name), self.estates, self.accounts.grants, self.accounts.lock,
                 spec.pop(name, {}))
            for name, make in PRODUCTS.items() if getattr(region, name)]
        forwards = spec.pop("forward_from", None)
        self.fronts = [Front(REGIONS[forwards], self.accounts)] if forwards else []
        if spec:
            raise SpecError(f"manageengine: unknown option {sorted(spec)[0]!r}")
        granted = self.accounts.change("grant", scopes=EVERY_READ)
        for product in self.products:
            product.token = granted["access_token"]

    def parts(self) -> list[Service]:
        return [self.accounts, *self.products, *self.fronts]

    def handle(self, request: Request) -> Reply:
        """For those who have no server between: by the request's host."""
        return next(part for part in self.parts() if request.host in part.hosts).handle(request)
