/* The table of verbs and flags: parsing, help, man page and completions are made from it. */
#include "cli/verbs.h"

#include "cli/verb.h"

/* clang-format off */

#define END { .name = NULL }
#define SWITCH(NAME, HELP) .name = (NAME), .type = CLI_SWITCH, .help = (HELP)
#define VALUED(NAME, TYPE, VALUE, HELP) \
	.name = (NAME), .type = (TYPE), .value = (VALUE), .help = (HELP)
#define TEXT(NAME, VALUE, HELP) VALUED(NAME, CLI_TEXT, VALUE, HELP)
#define PAIR(NAME, VALUE, HELP) VALUED(NAME, CLI_PAIR, VALUE, HELP)
#define NUMBER(NAME, VALUE, HELP) VALUED(NAME, CLI_NUMBER, VALUE, HELP)
#define CHOICE(NAME, VALUE, ONE_OF, HELP) \
	VALUED(NAME, CLI_CHOICE, VALUE, HELP), .one_of = (ONE_OF)

static const char *const COLOURS[] = { "auto", "always", "never", NULL };
static const char *const LEVELS[] = { "error", "warn", "info", "debug", NULL };
static const char *const EXPORT_FORMATS[] = { "csv", "ndjson", NULL };
static const char *const KEY_KINDS[] = { "file", "passphrase", "systemd", NULL };
static const char *const STATUSES[] = {
	"active", "inactive", "suspended", "invited", "deleted", NULL };
static const char *const PLATFORMS[] = {
	"macos", "windows", "linux", "ios", "ipados", "android", "chromeos", "tvos", "visionos",
	"unknown", NULL };

static const struct cli_flag GLOBAL[] = {
	{ TEXT("project", "DIR", "the project; without it the nearest folder upwards that is one"),
	  .letter = 'C' },
	{ SWITCH("json", "print JSON instead of tables") },
	{ SWITCH("quiet", "no progress, no notes"), .letter = 'q' },
	{ SWITCH("verbose", "say more; twice for everything"), .letter = 'v', .repeats = true },
	{ CHOICE("log-level", "LEVEL", LEVELS, "what is logged to stderr (warn)") },
	{ CHOICE("color", "WHEN", COLOURS, "colours (auto)") },
	{ SWITCH("no-input", "never ask; fail where an answer is needed") },
	{ SWITCH("yes", "answer confirmations with yes"), .letter = 'y' },
	{ TEXT("key-file", "FILE", "the vault's key file, instead of the usual one") },
	{ TEXT("passphrase-file", "FILE", "where the vault's passphrase is read from, if it has one") },
	{ SWITCH("help", "show the help of a verb"), .letter = 'h' },
	{ SWITCH("version", "show the version"), .letter = 'V' },
	END };

#define SECRET_FLAGS \
	{ PAIR("secret-file", "ID=PATH", "read a secret setting from a file"), .repeats = true }, \
	{ TEXT("secret-stdin", "ID", "read a secret setting from standard input") }

#define CONSENT_FLAGS \
	{ TEXT("redirect-uri", "URI", "where the browser comes back to after a consent, as registered " \
	       "with the client (http://127.0.0.1:8765/oauth/callback)") }, \
	{ TEXT("actions", "LIST", "ask for what these actions need, too; none: only for what reading needs") }, \
	{ SWITCH("no-browser", "open no browser, only print the address") }

#define ROUTE_FLAGS \
	{ TEXT("ca-file", "FILE", "trust these certificate authorities too, for this account") }, \
	{ TEXT("connect-to", "HOST:PORT:HOST2:PORT2", "send what is meant for HOST:PORT elsewhere"), \
	  .repeats = true }, \
	{ TEXT("proxy", "URL", "send this account's requests through a proxy") }, \
	{ TEXT("allow-cidr", "CIDR", "allow requests to these private addresses"), .repeats = true }

#define EVERY_FLAG { TEXT("every", "INTERVAL", "sync it so often: 30m, 6h, 1d; never") }

static const struct cli_flag INIT[] = {
	{ CHOICE("key", "KIND", KEY_KINDS, "what opens the vault (file)") },
	END };

static const struct cli_flag VENDORS_APPROVE[] = {
	{ SWITCH("dry-run", "show the difference, approve nothing") },
	END };

static const struct cli_flag CONNECT[] = {
	{ TEXT("account", "NAME", "the account's name; without it the tenant's") },
	{ TEXT("label", "TEXT", "free text shown beside the name") },
	{ PAIR("set", "ID=VALUE", "answer a setting; never a secret one"), .repeats = true },
	SECRET_FLAGS,
	{ TEXT("credential", "CREDENTIAL", "use this one instead of asking for secrets") },
	CONSENT_FLAGS,
	{ SWITCH("replace", "archive what is stored under the name and start anew") },
	EVERY_FLAG,
	ROUTE_FLAGS,
	{ SWITCH("no-recording", "do not record this account's exchanges") },
	END };

static const struct cli_flag ACCOUNTS_SET[] = {
	{ TEXT("label", "TEXT", "free text shown beside the name") },
	{ PAIR("set", "ID=VALUE", "change a setting; never a secret one"), .repeats = true },
	EVERY_FLAG,
	ROUTE_FLAGS,
	{ SWITCH("no-ca-file", "trust the system's authorities only") },
	{ SWITCH("no-connect-to", "connect to the vendor's own addresses") },
	{ SWITCH("no-proxy", "use no proxy") },
	{ SWITCH("no-allow-cidr", "allow no private addresses") },
	{ SWITCH("recording", "record the exchanges") },
	{ SWITCH("no-recording", "do not record the exchanges") },
	END };

static const struct cli_flag RECONNECT[] = {
	SECRET_FLAGS,
	{ TEXT("credential", "CREDENTIAL", "use this one instead of asking for secrets") },
	CONSENT_FLAGS,
	END };

#define ANSWER_FLAG \
	{ PAIR("set", "ID=VALUE", "answer the setting that decides which secrets are needed"), \
	  .repeats = true }

static const struct cli_flag CREDENTIALS_ADD[] = {
	ANSWER_FLAG, SECRET_FLAGS,
	{ TEXT("note", "TEXT", "free text shown beside the name") },
	END };

static const struct cli_flag CREDENTIALS_REPLACE[] = {
	ANSWER_FLAG, SECRET_FLAGS,
	CONSENT_FLAGS,
	{ SWITCH("no-check", "do not test the accounts that use it") },
	END };

static const struct cli_flag CREDENTIALS_SET[] = {
	{ TEXT("note", "TEXT", "free text shown beside the name: whose it is, when to renew it") },
	{ TEXT("redirect-uri", "URI", "where the browser comes back to after a consent") },
	END };

static const struct cli_flag DISCONNECT[] = {
	{ SWITCH("purge", "delete the account's rows, sessions and recordings as well") },
	END };

static const struct cli_flag SYNC[] = {
	{ SWITCH("all", "every account that is not paused") },
	{ SWITCH("due", "those whose schedule says so (accounts set --every)") },
	{ SWITCH("dry-run", "read everything, show what would change, store nothing"), .letter = 'n' },
	{ SWITCH("full", "read event streams from their start, too") },
	{ TEXT("stream", "STREAM", "only this stream"), .repeats = true },
	{ NUMBER("limit", "N", "at most N rows a stream; removes nothing") },
	{ SWITCH("no-recording", "do not record this session's exchanges") },
	END };

static const struct cli_flag SESSIONS[] = {
	{ NUMBER("limit", "N", "at most N sessions, the newest (20); 0 = all") },
	END };

#define ACCOUNT_FILTER { TEXT("account", "ACCOUNT", "of this account, or of all of a vendor's") }
#define SEARCH_FILTER \
	{ TEXT("search", "TEXT", "where a name, e-mail or serial number contains TEXT") }
#define PLATFORM_FILTER { CHOICE("platform", "PLATFORM", PLATFORMS, "of this platform") }
#define USER_FILTER { TEXT("user", "TEXT", "whose person's e-mail or name contains TEXT") }
#define APP_FILTER { TEXT("app", "TEXT", "with an app whose name contains TEXT") }
#define LAST_FILTERS \
	{ SWITCH("removed", "the removed ones instead, as long as they are kept (90 days)") }, \
	{ NUMBER("limit", "N", "at most N rows; 0 = all (100 on a terminal, else all)") }

static const struct cli_flag USERS_LIST[] = {
	ACCOUNT_FILTER, SEARCH_FILTER,
	{ CHOICE("status", "STATUS", STATUSES, "with this status") },
	APP_FILTER, LAST_FILTERS, END };
static const struct cli_flag DEVICES_LIST[] = {
	ACCOUNT_FILTER, SEARCH_FILTER,
	{ TEXT("status", "STATUS", "with this status") },
	PLATFORM_FILTER, USER_FILTER, APP_FILTER, LAST_FILTERS, END };
static const struct cli_flag APPS_LIST[] = {
	ACCOUNT_FILTER, SEARCH_FILTER, PLATFORM_FILTER, LAST_FILTERS, END };
static const struct cli_flag INSTALLS_LIST[] = {
	ACCOUNT_FILTER, SEARCH_FILTER, PLATFORM_FILTER, USER_FILTER, APP_FILTER, LAST_FILTERS, END };

static const struct cli_flag PERSON[] = {
	{ SWITCH("apps", "list the installed apps, too") },
	{ SWITCH("all", "cut no list (on a terminal after 20 rows)") },
	END };

static const struct cli_flag APPS_WHO[] = {
	ACCOUNT_FILTER,
	{ TEXT("app-version", "VERSION", "this version, or one that begins so: 5.17 is also 5.17.1") },
	LAST_FILTERS, END };

static const struct cli_flag EXPORT[] = {
	{ CHOICE("format", "FORMAT", EXPORT_FORMATS, "what is written (csv)") },
	{ TEXT("output", "FILE", "write to a file, whole or not at all"), .letter = 'o' },
	ACCOUNT_FILTER,
	{ SWITCH("removed", "the removed rows as well, as long as they are kept (90 days)") },
	END };

static const struct cli_flag VAULT_REKEY[] = {
	{ CHOICE("key", "KIND", KEY_KINDS, "what opens the vault from now on (as before)") },
	{ TEXT("new-key-file", "FILE", "where the new key goes, instead of the usual place") },
	{ TEXT("new-passphrase-file", "FILE", "read the new passphrase from a file") },
	END };

static const struct cli_flag BACKUP[] = {
	{ SWITCH("recordings", "the recordings of sessions, too") },
	{ TEXT("key-to", "FILE", "a copy of the vault's key into a new file, in another place") },
	END };

static const struct cli_flag RESTORE[] = {
	{ SWITCH("replace", "take the place of a project; it is moved aside, not deleted") },
	{ SWITCH("unsealed", "take a backup that nothing proves to be unchanged") },
	END };

static const struct cli_flag DOCTOR[] = {
	{ SWITCH("full", "compare the database's indexes with its tables, too") },
	{ SWITCH("online", "send a request without a credential to every account's hosts") },
	END };

static const struct cli_flag HELP[] = {
	{ SWITCH("man", "print the man page (roff)") },
	END };

#define ACCOUNT_HELP \
	"An account is written vendor/name; a vendor alone means all its accounts."

static const struct cli_verb VERBS[] = {
	{ "init", NULL, "[DIR]", 0, 1, "make a project",
	  "Makes the project's folders (vendors, mappings, jobs, out), its database, the vault with its "
	  "key file, and .luarc.json with type stubs, so that an editor knows what scripts may call. "
	  "The key file lies outside the project, in $XDG_STATE_HOME/muster (~/.local/state/muster); "
	  "without it no credential can be read again, so keep a copy of it somewhere safe. A passphrase "
	  "or a systemd credential (LoadCredential=muster.key:FILE in the unit) can take its place.",
	  "muster init\nmuster init ~/inventory\nmuster init --key passphrase",
	  INIT, CLI_NEEDS_NOTHING, verb_init },

	{ "vendors", "list", NULL, 0, 0, "list the vendors that can be connected",
	  "Connectors of the project (vendors/*.lua) and those delivered with muster; outside of a "
	  "project the latter alone.",
	  "muster vendors", NULL, CLI_NEEDS_SCRIPTS, verb_vendors_list },
	{ "vendors", "show", "VENDOR", 1, 1, "show a vendor's settings, streams and permissions",
	  NULL, "muster vendors show kandji", NULL, CLI_NEEDS_SCRIPTS, verb_vendors_show },
	{ "vendors", "capabilities", "[VENDOR|ACCOUNT...]", 0, -1, "show what vendors can give, accounts do",
	  "Users, devices, apps, licenses, groups, actions: which of them a vendor's connector reads, how one "
	  "signs in, and which permission is for what. Of an account it shows what came when it was last "
	  "synced (a dry run counts, too): yes, no, not granted (the permission is named), not licensed, or "
	  "cannot be told, because it was never read or failed for another reason. It asks nobody: muster "
	  "check looks now. Without a name all vendors.",
	  "muster vendors capabilities\nmuster vendors capabilities jumpcloud_mdm\n"
	  "muster vendors capabilities kandji/acme --json",
	  NULL, CLI_NEEDS_SCRIPTS, verb_vendors_capabilities },
	{ "vendors", "check", "[VENDOR...]", 0, -1, "check connectors and overlays without a request",
	  "Loads each connector with its overlays in a sandbox and reports what is wrong with it: file, "
	  "line or key, and the nearest known key. Without a name all of them; outside of a project "
	  "those delivered with muster.",
	  "muster vendors check kandji", NULL, CLI_NEEDS_SCRIPTS, verb_vendors_check },
	{ "vendors", "approve", "VENDOR|ACCOUNT", 1, 1, "approve what a changed connector may reach",
	  "A connector whose hosts, calls or auth changed does not run for accounts that were connected "
	  "before. This shows the difference and, once confirmed, lets it run again.",
	  "muster vendors approve kandji\nmuster vendors approve kandji/acme --dry-run",
	  VENDORS_APPROVE, CLI_NEEDS_HOST, verb_vendors_approve },

	{ "connect", NULL, "VENDOR", 1, 1, "connect an account of a vendor",
	  "Shows the vendor's guide, asks for what its settings declare, tests the connection and only "
	  "then stores the account. Secrets are typed without echo, read from a file or from standard "
	  "input; there is no flag that takes one. Connecting approves the hosts and calls of the "
	  "connector. A name that belongs to another tenant is refused; --replace archives the old "
	  "account first.\n\n"
	  "Where a person consents (OAuth), the guide tells the redirect URI to register. The address to "
	  "sign in at is printed, and opened in a browser where there is one; muster waits five minutes for "
	  "it to come back to 127.0.0.1, or for what is pasted. Asked for is what reading needs, and with "
	  "--actions what these need (muster vendors show).",
	  "muster connect kandji --account acme\n"
	  "pass show kandji | muster connect kandji --account acme \\\n"
	  "    --set api_url=acme.api.kandji.io --secret-stdin api_token\n"
	  "muster connect kandji --account acme --credential kandji-token",
	  CONNECT, CLI_NEEDS_HOST, verb_connect },

	{ "accounts", "list", NULL, 0, 0, "list the accounts", ACCOUNT_HELP,
	  "muster accounts", NULL, CLI_NEEDS_STORE, verb_accounts_list },
	{ "accounts", "show", "ACCOUNT", 1, 1, "show an account: settings, state, what it holds",
	  NULL, "muster accounts show kandji/acme", NULL, CLI_NEEDS_STORE, verb_accounts_show },
	{ "accounts", "set", "ACCOUNT", 1, 1, "change an account's settings",
	  "A change of settings or of the way to the vendor is tested before it is stored. The tenant "
	  "cannot be changed: connect it as another account. --every gives the account a schedule, "
	  "counted from the start of its last session; something has to call muster sync --due.",
	  "muster accounts set kandji/acme --label \"Acme Inc.\"\n"
	  "muster accounts set kandji/acme --every 6h\n"
	  "muster accounts set kandji/acme --proxy http://proxy.acme.example:3128",
	  ACCOUNTS_SET, CLI_NEEDS_HOST, verb_accounts_set },
	{ "accounts", "rename", "ACCOUNT NAME", 2, 2, "give an account another name",
	  "Its overlay (mappings/VENDOR@NAME.lua) is renamed with it.",
	  "muster accounts rename kandji/acme acme-us", NULL, CLI_NEEDS_STORE, verb_accounts_rename },
	{ "accounts", "pause", "ACCOUNT...", 1, -1, "stop syncing accounts, keep what they hold",
	  NULL, "muster accounts pause kandji/acme", NULL, CLI_NEEDS_STORE, verb_accounts_pause },
	{ "accounts", "resume", "ACCOUNT...", 1, -1, "sync paused accounts again",
	  NULL, "muster accounts resume kandji", NULL, CLI_NEEDS_STORE, verb_accounts_resume },
	{ "accounts", "reconnect", "ACCOUNT", 1, 1, "give an account a new credential",
	  "Asks for the secret settings again, tests them, and replaces the stored ones; where a person "
	  "consents (OAuth), for a new consent alone. The account, its rows and its history stay. --credential "
	  "swaps in one that is stored under a name. The new credential must belong to the same "
	  "tenant.",
	  "muster accounts reconnect kandji/acme\n"
	  "muster accounts reconnect kandji/acme --secret-file api_token=/run/secrets/kandji\n"
	  "muster accounts reconnect kandji/acme --credential kandji-token",
	  RECONNECT, CLI_NEEDS_HOST, verb_accounts_reconnect },
	{ "accounts", "disconnect", "ACCOUNT", 1, 1, "remove an account and its credential",
	  "The credential is deleted, unless it has a name of its own or serves other accounts; a consent that "
	  "serves nobody else is taken back at the vendor, where it can be; and "
	  "the account's name becomes free. The rows are kept, archived, until --purge deletes them "
	  "for good.",
	  "muster accounts disconnect kandji/acme\nmuster accounts disconnect kandji/acme --purge",
	  DISCONNECT, CLI_NEEDS_HOST, verb_accounts_disconnect },

	{ "credentials", "list", NULL, 0, 0, "list credentials and the accounts that use them",
	  "Secrets are encrypted in the vault; no verb shows one. A credential that \"muster connect\" "
	  "made bears its account's name.",
	  "muster credentials", NULL, CLI_NEEDS_STORE, verb_credentials_list },
	{ "credentials", "add", "NAME VENDOR", 2, 2, "store a credential before there is an account",
	  "Asks for the secret settings of the vendor, or reads them from files or standard input. It "
	  "is tested when an account gets it: muster connect --credential, accounts reconnect "
	  "--credential. Several accounts may share it.",
	  "muster credentials add kandji-token kandji\n"
	  "pass show kandji | muster credentials add kandji-token kandji --secret-stdin api_token",
	  CREDENTIALS_ADD, CLI_NEEDS_HOST, verb_credentials_add },
	{ "credentials", "show", "CREDENTIAL", 1, 1, "show a credential: its fields and who uses it",
	  "Its state (valid, expiring, needs_reauth, revoked), the scopes that were asked for and those "
	  "that were granted, the names of its fields, never what is in them.",
	  "muster credentials show kandji-token", NULL, CLI_NEEDS_STORE, verb_credentials_show },
	{ "credentials", "set", "CREDENTIAL", 1, 1, "change a credential's note or redirect URI", NULL,
	  "muster credentials set kandji-token --note \"of ada@acme.example, renew in May\"",
	  CREDENTIALS_SET, CLI_NEEDS_STORE, verb_credentials_set },
	{ "credentials", "replace", "CREDENTIAL", 1, 1, "give a credential new values",
	  "The new values are tested with every account that uses it; only if all of them reach their "
	  "own tenant are they stored, for all at once. Where a person consents (OAuth), the consent is "
	  "given anew, for all that these accounts need; the client's secrets stay but for those that a "
	  "flag gives.",
	  "muster credentials replace kandji-token\n"
	  "muster credentials replace kandji-token --secret-file api_token=/run/secrets/kandji",
	  CREDENTIALS_REPLACE, CLI_NEEDS_HOST, verb_credentials_replace },
	{ "credentials", "delete", "CREDENTIAL", 1, 1, "delete a credential that no account uses",
	  "Refused as long as an account uses it. A consent is taken back at the vendor, where it can be.",
	  "muster credentials delete kandji-token", NULL, CLI_NEEDS_HOST, verb_credentials_delete },

	{ "check", NULL, "[ACCOUNT...]", 0, -1, "test the connection of accounts",
	  "Read-only and cheap: reaches the vendor, names the tenant and what the credential may do; where a "
	  "permission is missing, the vendor's whole table of them, if its connector has one. "
	  "Without a name all accounts. " ACCOUNT_HELP,
	  "muster check\nmuster check kandji/acme --json", NULL, CLI_NEEDS_HOST, verb_check },
	{ "sync", NULL, "[ACCOUNT...]", 0, -1, "read accounts into the store",
	  "Four accounts at a time (config sync.parallel). Rows that are gone at the vendor become removed ones only after a "
	  "listing that is proven complete; unusually many are held until approved (muster removals). "
	  "An interrupted sync loses nothing: the next one goes on. The exit code is that of the "
	  "account with the most serious outcome.\n\n"
	  "--due is for a timer that calls it every few minutes: it syncs the accounts whose schedule "
	  "says so. Nothing due is no failure, and neither is an account that another process is "
	  "syncing. One that waits for a person (needs-auth, needs-approval) is not asked, but counts "
	  "as the failure that it would be.",
	  "muster sync kandji/acme\nmuster sync --all\nmuster sync --due --quiet\n"
	  "muster sync kandji/acme --dry-run\n"
	  "muster sync kandji --stream devices --limit 50",
	  SYNC, CLI_NEEDS_HOST, verb_sync },

	{ "removals", "list", "[ID]", 0, 1, "list removals that wait for approval",
	  "With the id of a held set: the rows that would be removed.",
	  "muster removals\nmuster removals list 3", NULL, CLI_NEEDS_STORE, verb_removals_list },
	{ "removals", "approve", "ID|ACCOUNT", 1, 1, "approve held removals",
	  "Approves exactly the rows that are listed, for 24 hours. The next sync removes them if it "
	  "finds the very same set missing; another set needs another approval.",
	  "muster removals approve 3", NULL, CLI_NEEDS_STORE, verb_removals_approve },

	{ "sessions", "list", "[ACCOUNT]", 0, 1, "list sync sessions, the newest first",
	  NULL, "muster sessions\nmuster sessions list kandji/acme --limit 5",
	  SESSIONS, CLI_NEEDS_STORE, verb_sessions_list },
	{ "sessions", "show", "ID|ACCOUNT", 1, 1, "show a session: counts, streams, what went wrong",
	  "An account stands for its newest session.",
	  "muster sessions show 12\nmuster sessions show kandji/acme",
	  NULL, CLI_NEEDS_STORE, verb_sessions_show },
	{ "status", NULL, "[ACCOUNT...]", 0, -1, "show how the accounts are and what to do",
	  NULL, "muster status", NULL, CLI_NEEDS_STORE, verb_status },
	{ "map", "show", "VENDOR|ACCOUNT [MAP]", 1, 2, "show the mapping in effect",
	  "Every field of every map, its source at the vendor, and the file it comes from; the rules "
	  "that keep and drop rows. An account's own overlay counts when an account is named.",
	  "muster map show kandji\nmuster map show kandji device\nmuster map show kandji/acme --json",
	  NULL, CLI_NEEDS_SCRIPTS, verb_map_show },

	{ "users", "list", NULL, 0, 0, "list users", NULL,
	  "muster users\nmuster users list --account kandji/acme --status inactive",
	  USERS_LIST, CLI_NEEDS_STORE, verb_list },
	{ "devices", "list", NULL, 0, 0, "list devices", NULL,
	  "muster devices list --platform macos --user ada@\nmuster devices list --app zoom --json",
	  DEVICES_LIST, CLI_NEEDS_STORE, verb_list },
	{ "apps", "list", NULL, 0, 0, "list apps", NULL,
	  "muster apps list --search firefox", APPS_LIST, CLI_NEEDS_STORE, verb_list },
	{ "apps", "who", "NAME", 1, 1, "show who has an app",
	  "NAME is an app's name or identifier, or a part of it that only one app has. Installed apps "
	  "(shared: on a device where the person may sign in) and assignments of single sign-on.",
	  "muster apps who zoom.us\nmuster apps who us.zoom.xos --app-version 5.17\n"
	  "muster apps who Slack --removed --json",
	  APPS_WHO, CLI_NEEDS_STORE, verb_apps_who },
	{ "installs", "list", NULL, 0, 0, "list which app is installed on whose device", NULL,
	  "muster installs list --app zoom\nmuster installs list --user ada@acme.example",
	  INSTALLS_LIST, CLI_NEEDS_STORE, verb_list },
	{ "person", NULL, "E-MAIL", 1, 1, "show everything of one person over all accounts",
	  "The accounts that know the e-mail (upper and lower case are the same), devices merged by "
	  "serial number, installed apps, single sign-on, groups, licences, when they were last used, "
	  "and what was removed lately. --json has every list in full.",
	  "muster person ada@acme.example\nmuster person ada@acme.example --apps --all\n"
	  "muster person ada@acme.example --json",
	  PERSON, CLI_NEEDS_STORE, verb_person },
	{ "query", NULL, "SQL", 1, 1, "ask the store in SQL, read-only",
	  "One statement. Tables and views are described in host/store/README.md: users, devices, apps, "
	  "device_apps, licenses, user_licenses, groups ...; people, inventory, installed_apps.",
	  "muster query \"SELECT platform, count(*) FROM devices WHERE removed_at IS NULL GROUP BY 1\"\n"
	  "muster query \"SELECT * FROM people\" --json",
	  NULL, CLI_NEEDS_STORE, verb_query },
	{ "export", NULL, "ENTITY", 1, 1, "write a table or view as CSV or NDJSON",
	  "ENTITY is one of users, devices, device_users, apps, device_apps, user_apps, groups, "
	  "group_members, licenses, user_licenses, people, installed_apps, inventory. In CSV a text that "
	  "a spreadsheet would take for a formula gets a ' before it.",
	  "muster export devices -o devices.csv\nmuster export installed_apps --format ndjson",
	  EXPORT, CLI_NEEDS_STORE, verb_export },

	{ "config", "list", NULL, 0, 0, "list the project's settings: value, default, meaning",
	  "They are kept in the store and hold for every host that works on it; there is no file. "
	  "Settings of an account: muster accounts set.",
	  "muster config\nmuster config list --json", NULL, CLI_NEEDS_STORE, verb_config_list },
	{ "config", "get", "KEY", 1, 1, "show the value of a setting", NULL,
	  "muster config get guard.share", NULL, CLI_NEEDS_STORE, verb_config_get },
	{ "config", "set", "KEY VALUE", 2, 2, "change a setting",
	  "A change that lets more be removed, or be forgotten sooner, asks first. Who changed what is "
	  "in the table audit.",
	  "muster config set keep.recordings 90\nmuster config set guard.share 20 --yes",
	  NULL, CLI_NEEDS_STORE, verb_config_set },
	{ "config", "unset", "KEY", 1, 1, "give a setting its default back", NULL,
	  "muster config unset guard.share", NULL, CLI_NEEDS_STORE, verb_config_unset },

	{ "vault", "status", NULL, 0, 0, "show whether the vault opens and what is in it",
	  NULL, "muster vault", NULL, CLI_NEEDS_STORE, verb_vault_status },
	{ "vault", "rotate", NULL, 0, 0, "encrypt every credential under new data keys",
	  "The vault's own key stays. Safe to interrupt and to repeat.",
	  "muster vault rotate", NULL, CLI_NEEDS_STORE, verb_vault_rotate },
	{ "vault", "rekey", NULL, 0, 0, "give the vault a new key",
	  "Draws a new key file, or asks for a passphrase, and makes the old one useless; a key file in "
	  "its usual place is removed when it is not needed any more. Safe to interrupt: either the old "
	  "key opens the vault or the new one. After a leak of the old key run \"muster vault rotate\" "
	  "as well. Older backups still open with the old key, and with no other: keep a copy of it, or "
	  "make a new backup.",
	  "muster vault rekey\nmuster vault rekey --key passphrase",
	  VAULT_REKEY, CLI_NEEDS_STORE, verb_vault_rekey },

	{ "backup", NULL, "DIR", 1, 1, "copy the project into a new folder, while syncs go on",
	  "The database at one moment, vendors, mappings and jobs, each with its digest; checked before "
	  "it gets its name, by reading the whole database and opening every credential. The vault's key "
	  "is not in it: beside the data it would protect nothing. Keep a copy of it somewhere else "
	  "(--key-to), for without it no credential can be read again.",
	  "muster backup /backup/inventory-2026-03-02\n"
	  "muster backup /backup/today --recordings --key-to /media/usb/inventory.key",
	  BACKUP, CLI_NEEDS_STORE, verb_backup },
	{ "restore", NULL, "BACKUP [DIR]", 1, 2, "make a project from a backup",
	  "DIR is the project's folder (the current one, or that of -C): new or empty, or with --replace "
	  "a project, which is moved aside and kept. A damaged or changed backup, one without "
	  "a seal (its vault was not open when it was made, or somebody took the seal off; --unsealed takes "
	  "it all the same), a newer schema and a key that does not fit are refused, and nothing is touched "
	  "then. What the backup's manifest does not name is left out and told. In another place than the "
	  "original's all accounts are paused, because the original may still run: resume them when "
	  "this one is to take over. The key is looked for in its usual place, or named with --key-file.",
	  "muster restore /backup/inventory-2026-03-02 ~/inventory\n"
	  "muster restore /backup/today ~/inventory --replace --key-file /media/usb/inventory.key",
	  RESTORE, CLI_NEEDS_NOTHING, verb_restore },
	{ "doctor", NULL, NULL, 0, 0, "look for what is wrong, and say the way out",
	  "Libraries, what the kernel really does for a sandbox (tried, not guessed), clock and locked "
	  "memory; of a project also its files, disk, database, vault, connectors and overlays; with "
	  "--online the way to each vendor: name, connection, certificate, clock. Changes nothing. "
	  "Outside of a project the machine alone. Exit code 1 when something is to be mended.",
	  "muster doctor\nmuster doctor --online --full\nmuster doctor --json",
	  DOCTOR, CLI_NEEDS_PLACES, verb_doctor },
	{ "completion", NULL, "bash|zsh|fish", 1, 1, "print a shell's completions",
	  "A package and cmake --install bring them; this is for shells that look elsewhere. Verbs, flags, "
	  "their values, vendors, and the accounts and credentials of the project in the current folder "
	  "are completed.",
	  "source <(muster completion bash)\n"
	  "muster completion zsh > ~/.zfunc/_muster\n"
	  "muster completion fish > ~/.config/fish/completions/muster.fish",
	  NULL, CLI_NEEDS_NOTHING, verb_completion },
	{ "version", NULL, NULL, 0, 0, "show the version", NULL, "muster version", NULL,
	  CLI_NEEDS_NOTHING, verb_version },
	{ "help", NULL, "[VERB]", 0, 2, "show what a verb does and its flags", NULL,
	  "muster help sync\nmuster help accounts set\nmuster help --man | man -l -",
	  HELP, CLI_NEEDS_NOTHING, verb_help },
};

/* clang-format on */

const struct cli_verb *cli_verbs(size_t *count)
{
	*count = sizeof(VERBS) / sizeof(VERBS[0]);
	return VERBS;
}

const struct cli_flag *cli_global_flags(void)
{
	return GLOBAL;
}
