"""ManageEngine's connectors as they are delivered, against the simulator: consent is a code of Zoho's
console (self client), pasted, and what the connectors are held to by published rates is left out by
an overlay.
"""

import json
from typing import Any, Iterable, Optional

from harness import E2eCase, Run, same_value
from simulator.zoho.regions import REGIONS

KEYS = {
    "device_apps": ("device_source_id", "app_source_id"),
    "group_members": ("group_source_id", "member_source_id"),
    "licenses": ("name",), "user_licenses": ("user_source_id", "license"),
}
SCOPES = {
    "manageengine_mdm": ("MDMOnDemand.MDMUser.READ", "MDMOnDemand.MDMInventory.READ",
                         "MDMOnDemand.MDMDeviceMgmt.READ"),
    "manageengine_endpoint_central": ("DesktopCentralCloud.SOM.READ",
                                      "DesktopCentralCloud.Inventory.READ",
                                      "DesktopCentralCloud.PatchMgmt.READ"),
    "manageengine_servicedesk_plus": ("SDPOnDemand.assets.READ",),
}
EVERY_SCOPE = [scope for scopes in SCOPES.values() for scope in scopes]
NO_RATES = "return { limits = { rates = false, per_endpoint = false, concurrent = 16 } }\n"
LIMITS_S = 601  # after which Zoho has forgotten how often it was asked


def product_of(vendor: str) -> str:
    return vendor.removeprefix("manageengine_")


def flat(row: dict) -> dict:
    """With what the model has no column for as columns."""
    custom = json.loads(row.get("custom") or "{}")
    return row | {f"custom.{name}": value for name, value in custom.items()}


def differences(entity: str, stored: list[dict], true: list[dict]) -> list[str]:
    """What is missing, too much, doubled or different in the columns of which the truth speaks."""
    keys = KEYS.get(entity, ("source_id",))

    def by_key(rows: Iterable[dict]) -> dict[tuple, dict]:
        return {tuple(row[key] for key in keys): row for row in rows}

    ours, theirs = by_key(map(flat, stored)), by_key(true)
    found = [f"{entity}: {len(stored) - len(ours)} doubled"] if len(stored) > len(ours) else []
    found += [f"{entity}: missing {key}" for key in theirs.keys() - ours.keys()]
    found += [f"{entity}: too much {key}" for key in ours.keys() - theirs.keys()]
    found += [f"{entity} {key}: {column} is {ours[key].get(column)!r}, truly {value!r}"
              for key in ours.keys() & theirs.keys() for column, value in theirs[key].items()
              if not same_value(column, ours[key].get(column), value)]
    return found


class ManageEngineCase(E2eCase):
    """VENDOR in the region eu, unless a test says another; a consent covers what VENDOR asks for."""

    VENDOR = "manageengine_mdm"
    TENANTS: list[dict[str, Any]] = [{"vendor": "manageengine", "region": "eu", "devices": 40}]

    @property
    def slug(self) -> str:
        return f"{self.VENDOR}/acme"

    @property
    def host(self) -> str:
        return self.host_of(self.VENDOR)

    @staticmethod
    def host_of(vendor: str, region: str = "eu") -> str:
        return getattr(REGIONS[region], product_of(vendor))

    def setUp(self) -> None:
        super().setUp()
        for vendor in SCOPES:
            (self.muster.project / "mappings" / f"{vendor}.lua").write_text(NO_RATES)

    def zoho(self, op: str, region: str = "eu", **args: Any) -> dict[str, Any]:
        """A change at the accounts server."""
        return self.sim.change(REGIONS[region].accounts, op, **args)

    def code(self, scopes: Optional[Iterable[str]] = None, region: str = "eu",
             vendor: Optional[str] = None, **more: Any) -> str:
        """A code of the console, out of the reach of what was asked for before."""
        self.zoho("advance", region, seconds=LIMITS_S)
        wanted = SCOPES[vendor or self.VENDOR] if scopes is None else scopes
        return self.zoho("self_client", region, scopes=list(wanted), **more)["code"]

    def client(self, region: str = "eu") -> dict[str, Any]:
        return self.sim.ready["tenants"][REGIONS[region].accounts]

    def secret_words(self, code: str, region: str = "eu",
                     client_secret: Optional[str] = None) -> list[str]:
        secret = client_secret or self.client(region)["client_secret"]
        return ["--secret-file", f"client_secret={self.muster.secret_file(secret, 'secret')}",
                "--secret-file", f"code={self.muster.secret_file(code, 'code')}"]

    def way_words(self, vendor: str, region: str = "eu") -> list[str]:
        hosts = self.host_of(vendor, region), REGIONS[region].accounts
        return ["--ca-file", self.sim.ca_file, "--no-input",
                *(word for host in hosts for word in
                  ("--connect-to", f"{host}:443:127.0.0.1:{self.sim.port}"))]

    def connect_words(self, *more: str, vendor: Optional[str] = None, account: str = "acme",
                      region: str = "eu", typed: Optional[str] = None,
                      client_id: Optional[str] = None) -> list[str]:
        """`typed` is what a person says of the data centre."""
        vendor = vendor or self.VENDOR
        typed = typed if typed is not None else f".{REGIONS[region].suffix}"
        return ["connect", vendor, "--account", account, "--set", f"data_center={typed}",
                "--set", f"client_id={client_id or self.client(region)['client_id']}",
                *self.way_words(vendor, region), *more]

    def connect(self, *more: str, **options: Any) -> Run:
        return self.muster.run(*self.connect_words(*more, **options))

    def join(self, code: Optional[str] = None, region: str = "eu",
             client_secret: Optional[str] = None, settings: Iterable[str] = (),
             **options: Any) -> Run:
        """Connects with a pasted code: one for everything that the connector asks for, unless given."""
        code = code or self.code(region=region, vendor=options.get("vendor"))
        sets = [word for setting in settings for word in ("--set", setting)]
        return self.connect(*self.secret_words(code, region, client_secret), *sets, region=region,
                            **options)

    def must_join(self, **options: Any) -> Run:
        run = self.join(**options)
        self.assertEqual(run.code, 0, run)
        return run

    def join_and_sync(self, **options: Any) -> None:
        self.must_join(**options)
        self.sync(account=f"{options.get('vendor', self.VENDOR)}/{options.get('account', 'acme')}")

    def token_calls(self, region: str = "eu") -> list[str]:
        return [entry["body"].partition("&")[0] for entry in
                self.sim.ledger(host=REGIONS[region].accounts, path="/oauth/v2/token")]

    def asked(self, ending: str) -> list[str]:
        """The paths at the product that end so."""
        return [entry["path"] for entry in self.sim.ledger(host=self.host)
                if entry["path"].endswith(ending)]

    def assert_untouched(self, before: dict[str, list[dict]], account: Optional[str] = None) -> None:
        """No column of any row was written since."""
        after = self.muster.everything(account or self.slug)
        found = [f"{entity} {was['source_id']}: {column} {was[column]!r} -> {now[column]!r}"
                 for entity in before for was, now in zip(before[entity], after[entity])
                 for column in was if was[column] != now[column]]
        self.assertFalse(found, "\n".join(found[:20]))
        self.assertEqual({entity: len(rows) for entity, rows in after.items()},
                         {entity: len(rows) for entity, rows in before.items()})

    def untrue(self, account: Optional[str] = None, host: Optional[str] = None,
               **options: Any) -> list[str]:
        truth = self.sim.call("truth", host=host or self.host, **options)
        return [line for entity, rows in truth.items()
                for line in differences(entity, self.muster.rows(entity, account or self.slug),
                                        rows)]

    def assert_truth(self, account: Optional[str] = None, host: Optional[str] = None,
                     **options: Any) -> None:
        found = self.untrue(account, host, **options)
        self.assertFalse(found, f"{len(found)} differences:\n" + "\n".join(found[:20]))
