"""The connectors that are delivered, each with two tenants at its simulator: for what every vendor's
connector has to keep, whatever it is like. What is a vendor's own stands in that vendor's tests.
"""

import json
from typing import Any

from harness import E2eCase, Run, same_value
from simulator.client import Simulator

NO_RATES = "return { limits = { rates = false, per_endpoint = false } }\n"
NAMES = ("acme", "beta")
KEYS = {
    "device_apps": ("device_source_id", "app_source_id"),
    "device_users": ("device_source_id", "user_source_id"),
    "user_apps": ("user_source_id", "app_source_id"),
    "group_members": ("group_source_id", "member_source_id", "member_kind"),
    "licenses": ("name",), "user_licenses": ("user_source_id", "license"),
}
NO_COLUMNS = {"key"}  # of truths that say what an id is made of


class Vendor:
    """A connector and two tenants, 0 and 1; one that is overridden says what differs."""

    NAME, TENANTS = "", []
    KEYS: dict[str, tuple[str, ...]] = {}
    TELLS_TENANT = True  # False: the API says nothing by which two tenants at one host differ
    AFTER_CHANGES: tuple[str, ...] = ()  # what it takes to see that nobody has an app any more

    def __init__(self, sim: Simulator):
        self.sim = sim

    def hosts(self, tenant: int) -> tuple[str, ...]:
        raise NotImplementedError

    def said(self, tenant: int) -> dict[str, Any]:
        return self.sim.ready["tenants"][self.hosts(tenant)[0]]

    def settings(self, tenant: int) -> dict[str, str]:
        return {}

    def secrets(self, tenant: int) -> dict[str, str]:
        raise NotImplementedError

    def truth(self, tenant: int) -> dict[str, list[dict]]:
        return self.sim.truth(self.hosts(tenant)[0])

    def change(self, tenant: int, op: str, **args: Any) -> Any:
        return self.sim.change(self.hosts(tenant)[0], op, **args)

    def grow(self, tenant: int) -> None:
        raise NotImplementedError

    def shrink(self, tenant: int) -> None:
        raise NotImplementedError


class Kandji(Vendor):
    NAME = "kandji"
    TENANTS = [{"tenant": name, "devices": 12, "apps_per_device": 3, "seed": 5} for name in NAMES]
    KEYS = {"device_apps": ("device_source_id", "app_source_id", "path")}

    def hosts(self, tenant):
        return (f"{NAMES[tenant]}.api.kandji.io",)

    def settings(self, tenant):
        return {"api_url": self.hosts(tenant)[0]}

    def secrets(self, tenant):
        return {"api_token": self.said(tenant)["token"]}

    def grow(self, tenant):
        self.change(tenant, "add_devices", count=2)

    def shrink(self, tenant):
        self.change(tenant, "remove_devices", count=2)


class JumpCloud(Vendor):
    NAME = "jumpcloud"
    TENANTS = [{"vendor": "jumpcloud", "organizations": list(NAMES), "devices": 5,
                "apps_per_device": 2}]
    TABLES = {"users": "users", "groups": "groups", "group_members": "group_members",
              "user_apps": "user_apps", "device_users": "device_users", "apps": "sso_apps"}

    def hosts(self, tenant):
        return ("console.jumpcloud.com", "api.jumpcloud.com")

    def secrets(self, tenant):
        return {"api_key": self.said(tenant)["keys"][NAMES[tenant]]}

    def truth(self, tenant):
        truth = self.sim.truth(self.hosts(tenant)[0], organization=NAMES[tenant])
        return {table: truth[name] for table, name in self.TABLES.items()}

    def change(self, tenant, op, **args):
        return super().change(tenant, op, organization=NAMES[tenant], **args)

    def grow(self, tenant):
        self.change(tenant, "add_user")

    def shrink(self, tenant):
        self.change(tenant, "remove_user", user=self.truth(tenant)["users"][3]["source_id"])


class JumpCloudMdm(JumpCloud):
    NAME = "jumpcloud_mdm"
    TABLES = {name: name for name in ("devices", "device_users", "apps", "device_apps")}
    KEYS = {"device_apps": ("device_source_id", "app_source_id", "origin")}

    def grow(self, tenant):
        self.change(tenant, "add_system")
        self.change(tenant, "install", name="Brand New", version="7")

    def shrink(self, tenant):
        self.change(tenant, "uninstall")
        self.change(tenant, "unlink_app")


class WorkspaceOne(Vendor):
    NAME = "workspace_one_uem"
    TENANTS = [{"vendor": "workspace_one_uem", "tenant": name, "host": f"as{at}.awmdm.com",
                "users": 8, "devices": 8, "apps_per_device": 3} for at, name in enumerate(NAMES, 1)]

    def hosts(self, tenant):
        return (f"as{tenant + 1}.awmdm.com",)

    def settings(self, tenant):
        return {"api_url": self.hosts(tenant)[0], "username": self.said(tenant)["username"]}

    def secrets(self, tenant):
        return {name: self.said(tenant)[name] for name in ("password", "tenant_code")}

    def grow(self, tenant):
        self.change(tenant, "add_devices")
        self.change(tenant, "add_users")

    def shrink(self, tenant):
        self.change(tenant, "remove_device")
        self.change(tenant, "remove_app")


class ManageEngine(Vendor):
    """A consent is a code of Zoho's console; the simulated clock goes on, past Zoho's limits."""

    HOST, SCOPES = "", ""
    AFTER_CHANGES = ("--full",)
    TENANTS = [{"vendor": "manageengine", "region": "eu", "organisations": list(NAMES),
                "devices": 8, "apps_per_device": 2, "servicedesk_plus": {"max_rows": 2}}]

    def hosts(self, tenant):
        return (self.HOST, "accounts.zoho.eu")

    def settings(self, tenant):
        return {"data_center": ".eu", "client_id": self.client()["client_id"]}

    def client(self):
        return self.sim.ready["tenants"]["accounts.zoho.eu"]

    def secrets(self, tenant):
        self.sim.change("accounts.zoho.eu", "advance", seconds=601)
        code = self.sim.change("accounts.zoho.eu", "self_client", scopes=self.SCOPES.split(),
                               user=f"admin@{NAMES[tenant]}.example")["code"]
        return {"client_secret": self.client()["client_secret"], "code": code}

    def truth(self, tenant):
        return self.sim.truth(self.HOST, organisation=NAMES[tenant])

    def change(self, tenant, op, **args):
        return super().change(tenant, op, organisation=NAMES[tenant], **args)

    def grow(self, tenant):
        self.change(tenant, "add_machines", count=2)

    def shrink(self, tenant):
        self.change(tenant, "remove_machines", count=1)


class Mdm(ManageEngine):
    NAME, HOST = "manageengine_mdm", "mdm.manageengine.eu"
    SCOPES = ("MDMOnDemand.MDMUser.READ MDMOnDemand.MDMInventory.READ "
              "MDMOnDemand.MDMDeviceMgmt.READ")


class EndpointCentral(ManageEngine):
    NAME, HOST = "manageengine_endpoint_central", "endpointcentral.manageengine.eu"
    SCOPES = ("DesktopCentralCloud.SOM.READ DesktopCentralCloud.Inventory.READ "
              "DesktopCentralCloud.PatchMgmt.READ")


class ServiceDeskPlus(ManageEngine):
    NAME, HOST = "manageengine_servicedesk_plus", "sdpondemand.manageengine.eu"
    SCOPES = "SDPOnDemand.assets.READ"
    TELLS_TENANT = False


EVERY_VENDOR = (Kandji, JumpCloud, JumpCloudMdm, WorkspaceOne, Mdm, EndpointCentral,
                ServiceDeskPlus)


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A stored row in the words of the truths: what the model has no column for beside its columns."""
    custom = json.loads(row.get("custom") or "{}")
    more = {name: value for name, value in custom.items() if name not in row}
    more |= {f"custom.{name}": value for name, value in custom.items()}
    if row.get("origins"):
        origins = json.loads(row["origins"])
        more |= {"origins": origins, "origin": "+".join(origins)}
    return row | more


def differences(table: str, stored: list[dict], true: list[dict],
                keys: tuple[str, ...]) -> list[str]:
    """What is missing, too much, doubled or different in the columns of which the truth speaks."""
    def by_key(rows):
        return {tuple(row.get(key) or "" for key in keys): row for row in rows}

    ours, theirs = by_key(map(flat, stored)), by_key(true)
    found = [f"{table}: {len(stored) - len(ours)} doubled"] if len(stored) > len(ours) else []
    found += [f"{table}: missing {key}" for key in theirs.keys() - ours.keys()]
    found += [f"{table}: too much {key}" for key in ours.keys() - theirs.keys()]
    return found + [f"{table} {key}: {column} is {ours[key].get(column)!r}, truly {value!r}"
                    for key in ours.keys() & theirs.keys() for column, value in theirs[key].items()
                    if column not in NO_COLUMNS and not same_value(column, ours[key].get(column), value)]


class DeliveredCase(E2eCase):
    """One vendor, with a simulator for the class. Without a VENDOR it is what others inherit from."""

    VENDOR: type[Vendor] = Vendor

    @classmethod
    def setUpClass(cls) -> None:
        cls.TENANTS = cls.VENDOR.TENANTS
        super().setUpClass()
        cls.vendor = cls.VENDOR(cls.sim)

    def setUp(self) -> None:
        super().setUp()
        overlay = self.muster.project / "mappings" / f"{self.vendor.NAME}.lua"
        overlay.write_text(NO_RATES)

    def slug(self, tenant: int) -> str:
        return f"{self.vendor.NAME}/{NAMES[tenant]}"

    def secret_words(self, tenant: int) -> list[str]:
        return [word for name, value in self.vendor.secrets(tenant).items()
                for word in ("--secret-file", f"{name}={self.muster.secret_file(value, name)}")]

    def join(self, tenant: int) -> None:
        words = [word for name, value in self.vendor.settings(tenant).items()
                 for word in ("--set", f"{name}={value}")]
        words += [word for host in self.vendor.hosts(tenant)
                  for word in ("--connect-to", f"{host}:443:127.0.0.1:{self.sim.port}")]
        self.muster.must("connect", self.vendor.NAME, "--account", NAMES[tenant], "--no-input",
                         "--ca-file", self.sim.ca_file, *words, *self.secret_words(tenant))

    def sync_one(self, tenant: int, *arguments: str) -> Run:
        return self.sync(*arguments, account=self.slug(tenant))

    def rows(self, tenant: int) -> dict[str, list[dict]]:
        """Every column of every row, removed ones too."""
        return {table: self.muster.rows(table, self.slug(tenant), where="1")
                for table in self.vendor.truth(tenant)}

    def assert_truth(self, tenant: int) -> None:
        found = []
        for table, true in self.vendor.truth(tenant).items():
            keys = self.vendor.KEYS.get(table) or KEYS.get(table, ("source_id",))
            found += differences(table, self.muster.rows(table, self.slug(tenant)), true, keys)
        self.assertFalse(found, f"{len(found)} differences:\n" + "\n".join(found[:20]))

    def assert_nothing_written(self, tenant: int) -> None:
        session = self.muster.last_session(self.slug(tenant))
        found = {name: session[name] for name in ("created", "updated", "removed", "restored")}
        self.assertEqual(set(found.values()), {0}, found)


def for_every_vendor(base: type[DeliveredCase]) -> dict[str, type[DeliveredCase]]:
    """Test classes for a module's globals: what `base` tests, of each vendor."""
    return {vendor.__name__: type(vendor.__name__, (base,), {"VENDOR": vendor,
                                                             "__module__": base.__module__})
            for vendor in EVERY_VENDOR}
