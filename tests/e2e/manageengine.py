"""ManageEngine's connectors against the simulator, with a token in place of the consent.

Until the host carries out oauth2 the connectors run as copies whose `auth` is a bearer token that the
simulator's accounts server made; the token stands where the client's secret would.
"""

import pathlib
import re
import shutil
from typing import Any, Optional

from harness import E2eCase, REPOSITORY, Run, same_value

AUTH = re.compile(r"^  auth = zoho\.auth \{.*?\},$", re.MULTILINE | re.DOTALL)
TOKEN = '  auth = { kind = "bearer", prefix = "Zoho-oauthtoken", token = "client_secret" },'
RATES = re.compile(r'\{ "\d+/s"(, "\d+/m")? \}')
KEYS = {
    "device_apps": ("device_source_id", "app_source_id"),
    "group_members": ("group_source_id", "member_source_id"),
    "licenses": ("name",), "user_licenses": ("user_source_id", "license"),
}


def differences(entity: str, stored: list[dict], true: list[dict]) -> list[str]:
    """What is missing, too much, doubled or different in the columns of which the truth speaks."""
    keys = KEYS.get(entity, ("source_id",))

    def by_key(rows: list[dict]) -> dict[tuple, dict]:
        return {tuple(row[key] for key in keys): row for row in rows}

    ours, theirs = by_key(stored), by_key(true)
    found = [f"{entity}: {len(stored) - len(ours)} doubled"] if len(stored) > len(ours) else []
    found += [f"{entity}: missing {key}" for key in theirs.keys() - ours.keys()]
    found += [f"{entity}: too much {key}" for key in ours.keys() - theirs.keys()]
    found += [f"{entity} {key}: {column} is {ours[key].get(column)!r}, truly {value!r}"
              for key in ours.keys() & theirs.keys() for column, value in theirs[key].items()
              if not same_value(column, ours[key].get(column), value)]
    return found


class ManageEngineCase(E2eCase):
    """VENDOR at HOST; the simulator's token has every read scope unless one is given."""

    VENDOR, HOST = "", ""
    TENANTS: list[dict[str, Any]] = [{"vendor": "manageengine", "region": "eu", "devices": 40}]

    @property
    def slug(self) -> str:
        return f"{self.VENDOR}/acme"

    def setUp(self) -> None:
        super().setUp()
        self.copy_connector()

    def copy_connector(self) -> None:
        source = REPOSITORY / "scripts" / "vendors"
        own = self.muster.project / "vendors"
        own.mkdir(exist_ok=True)
        name = f"{self.VENDOR}.lua"
        if (source / self.VENDOR).is_dir():
            shutil.copytree(source / self.VENDOR, own / self.VENDOR)
            name = f"{self.VENDOR}/init.lua"
        text, count = AUTH.subn(TOKEN, (source / name).read_text())
        self.assertEqual(count, 1)
        (own / name).write_text(RATES.sub('{ "900/s" }', text))

    def grant(self, *scopes: str, **more: Any) -> str:
        return self.sim.change("accounts.zoho.eu", "grant", scopes=list(scopes),
                               **more)["access_token"]

    def join(self, token: Optional[str] = None, account: str = "acme", data_center: str = ".eu",
             host: Optional[str] = None) -> Run:
        return self.muster.connect_vendor(
            self.sim, self.VENDOR, host or self.HOST, ("data_center", data_center),
            ("client_secret", token), account, ("--set", "client_id=1000.TEST"))

    def join_and_sync(self, **options: Any) -> None:
        run = self.join(**options)
        self.assertEqual(run.code, 0, run)
        self.sync(account=self.slug)

    def assert_untouched(self, before: dict[str, list[dict]]) -> None:
        """No column of any row was written since."""
        after = self.muster.everything(self.slug)
        found = [f"{entity} {was['source_id']}: {column} {was[column]!r} -> {now[column]!r}"
                 for entity in before for was, now in zip(before[entity], after[entity])
                 for column in was if was[column] != now[column]]
        self.assertFalse(found, "\n".join(found[:20]))
        self.assertEqual({entity: len(rows) for entity, rows in after.items()},
                         {entity: len(rows) for entity, rows in before.items()})

    def assert_truth(self, account: Optional[str] = None, host: Optional[str] = None,
                     **options: Any) -> None:
        truth = self.sim.call("truth", host=host or self.HOST, **options)
        found = [line for entity, rows in truth.items()
                 for line in differences(entity, self.muster.rows(entity, account or self.slug),
                                         rows)]
        self.assertFalse(found, f"{len(found)} differences:\n" + "\n".join(found[:20]))
