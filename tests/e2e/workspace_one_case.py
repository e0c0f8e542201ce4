"""A simulator of Workspace ONE UEM for the class, and an account of it in a new project for each
test; what its truth speaks of."""

from harness import E2eCase, all_differences
from simulator.client import Simulator

VENDOR, HOST, ACCOUNT = "workspace_one_uem", "as1234.awmdm.com", "workspace_one_uem/acme"
USERS, DEVICES = "/API/system/users/search", "/API/mdm/devices/search"
COLUMNS = {
    "users": ("source_id", "username", "email", "name", "status", "role"),
    "devices": ("source_id", "name", "serial_number", "platform", "model", "os_version", "os_build",
                "ownership", "is_managed", "is_supervised", "is_compliant", "status", "imei",
                "user_source_id", "user_email", "enrolled_at", "last_seen_at"),
    "apps": ("source_id", "name", "identifier", "identifier_type", "platform"),
    "device_apps": ("device_source_id", "app_source_id", "version", "origins"),
    "groups": ("source_id", "name", "kind"),
    "group_members": ("group_source_id", "member_source_id", "member_kind"),
    "licenses": ("name",),
    "user_licenses": ("user_source_id", "license"),
}
KEYS = {
    "users": ("source_id",), "devices": ("source_id",), "apps": ("source_id",),
    "device_apps": ("device_source_id", "app_source_id"), "groups": ("source_id",),
    "group_members": ("group_source_id", "member_source_id", "member_kind"),
    "licenses": ("name",), "user_licenses": ("user_source_id", "license"),
}


class WorkspaceCase(E2eCase):
    OPTIONS: dict = {}

    @classmethod
    def setUpClass(cls):
        pass  # sign-ins are counted and rights are changed: each test has a tenant of its own

    def setUp(self):
        self.sim = Simulator([{"vendor": VENDOR, **self.OPTIONS}]).start()
        self.addCleanup(self.sim.stop)
        super().setUp()

    def connect(self, host=HOST, account="acme", url=None, username=None, password=None,
                tenant_code=None, code=0):
        ready = self.sim.ready["tenants"][host]
        words = self.muster.connect_words(
            self.sim, VENDOR, host, ("api_url", url or host), ("password", password), account,
            ["--set", f"username={username or ready['username']}", "--secret-file",
             f"tenant_code={self.muster.secret_file(tenant_code or ready['tenant_code'], 'code')}"])
        run = self.muster.run(*words)
        self.assertEqual(run.code, code, run)
        return run

    def sync(self, *arguments, account=ACCOUNT, code=0):
        return super().sync(*arguments, account=account, code=code)

    def change(self, op, **args):
        return self.sim.change(HOST, op, **args)

    def assert_true(self, host=HOST, account=ACCOUNT):
        truth = self.sim.truth(host)
        for row in truth["device_apps"]:
            row["origins"] = f'["{row["origins"][0]}"]'
        found = all_differences(self.muster, truth, account, COLUMNS, KEYS)
        self.assertFalse(found, f"{len(found)} differences:\n" + "\n".join(found[:20]))

    def assert_state(self, state, account=ACCOUNT):
        super().assert_state(state, account)

    def counts(self):
        session = self.muster.last_session(ACCOUNT)
        return {name: session[name] for name in ("created", "updated", "removed", "restored")}

    def assert_nothing_written(self):
        self.assertEqual(set(self.counts().values()), {0})

    def everything(self):
        return {entity: self.muster.rows(entity, ACCOUNT, where="1") for entity in COLUMNS}

    def stream(self, run, name):
        session, = run.objects()
        found, = (one for one in session["streams"] if one["stream"] == name)
        return found

    def asked(self, path):
        """The requests for this path, and for those below a glob's star."""
        return [entry for entry in self.sim.ledger() if entry["path"] == path]
