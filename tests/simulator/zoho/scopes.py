"""Scopes: Service.scope.OPERATION; ALL covers the four operations, none of them implies READ."""

SERVICES = {
    "MDMOnDemand": ("MDMUser", "MDMInventory", "MDMDeviceMgmt"),
    "DesktopCentralCloud": ("Common", "SOM", "Inventory", "PatchMgmt"),
    "SDPOnDemand": ("assets", "users", "requests"),
}
OPERATIONS = ("READ", "CREATE", "UPDATE", "DELETE", "ALL")


def split_scopes(text: str) -> tuple[str, ...]:
    """Commas as documented; blanks are tolerated."""
    return tuple(part for part in text.replace(",", " ").split() if part)


def is_known(scope: str) -> bool:
    service, _, rest = scope.partition(".")
    name, _, operation = rest.partition(".")
    return name in SERVICES.get(service, ()) and operation in OPERATIONS


def covers(granted: tuple[str, ...], wanted: str) -> bool:
    stem = wanted.rpartition(".")[0]
    return wanted in granted or f"{stem}.ALL" in granted
