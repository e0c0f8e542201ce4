/*
 * muster person: everything of one person over all accounts. A person is an e-mail, case and blanks
 * around it aside, as in the view `people`; a device is theirs when a vendor says so by e-mail, by
 * the user it belongs to, or by the users who may sign in.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/cell.h"
#include "cli/cli.h"
#include "cli/rows.h"
#include "cli/verbs.h"

enum { SHOWN = 20, NEAR = 5 };

/* clang-format off */

#define ACCOUNT_OF(row) \
	" JOIN accounts a ON a.id = " row ".account_id AND a.archived_at IS NULL"
#define SLUG "a.vendor || '/' || a.name AS account"
#define OF_ME(row) \
	"(" row ".account_id, " row ".user_source_id) IN" \
	" (SELECT account_id, source_id FROM me)"

/* Rows of the person, the removed ones as well: a device may outlive the user it belonged to. */
#define ME \
	"WITH me AS MATERIALIZED (SELECT u.* FROM users u" ACCOUNT_OF("u") \
	" WHERE lower(trim(u.email)) = $1)"
#define MINE \
	ME ", mine AS MATERIALIZED (SELECT d.* FROM devices d" ACCOUNT_OF("d") \
	" WHERE lower(trim(d.user_email)) = $1 OR " OF_ME("d") \
	" OR EXISTS (SELECT 1 FROM device_users s WHERE s.account_id = d.account_id" \
	" AND s.device_source_id = d.source_id AND s.removed_at IS NULL AND " OF_ME("s") "))"

/* One account may know whose a machine is, and another what is on it. */
#define MY_MACHINES "SELECT identity FROM live_devices WHERE id IN (SELECT id FROM mine)"

#define REMOVED(kind, name, from) \
	" SELECT '" kind "' AS kind, " name " AS name, " SLUG \
	", r.removed_at, r.removed_reason FROM " from ACCOUNT_OF("r") " WHERE r.removed_at IS NOT NULL"
#define APP_OF(row) \
	" LEFT JOIN apps p ON p.account_id = " row ".account_id AND p.source_id = " row ".app_source_id"

static const char *const USER_COLUMNS[] = {
	"account", "name", "status", "role", "department", "last_used_at", NULL };
static const char *const DEVICE_COLUMNS[] = {
	"name", "serial_number", "platform", "model", "os_version", "last_seen_at", "accounts", NULL };
static const char *const APP_COLUMNS[] = { "app", "version", "device", "account", NULL };
static const char *const SSO_COLUMNS[] = { "app", "identifier", "account", NULL };
static const char *const GROUP_COLUMNS[] = { "name", "member", "account", NULL };
static const char *const LICENSE_COLUMNS[] = { "license", "account", NULL };
static const char *const REMOVED_COLUMNS[] = {
	"kind", "name", "account", "removed_at", "removed_reason", NULL };

static const struct section {
	const char *key; /* in JSON */
	const char *title;
	const char *const *columns;
	const char *sql; /* $1 = the e-mail */
} SECTIONS[] = {
	{ "users", "Accounts", USER_COLUMNS,
	  ME " SELECT " SLUG ", u.id, u.source_id, u.email, u.username, u.name, u.status, u.raw_status,"
	  " u.role, u.department, u.title, u.last_used_at, u.first_seen_at, u.custom"
	  " FROM me u" ACCOUNT_OF("u") " WHERE u.removed_at IS NULL ORDER BY account, u.id" },
	{ "devices", "Devices", DEVICE_COLUMNS,
	  MINE " SELECT i.*, (SELECT json_group_array(DISTINCT s.value ->> '$.account')"
	  " FROM json_each(i.sources) s) AS accounts FROM inventory i"
	  " WHERE i.identity IN (" MY_MACHINES ")"
	  " ORDER BY i.last_seen_at DESC, i.name, i.serial_number" },
	/* Of a machine that several tell of, an app is told once: by who saw the machine last. */
	{ "apps", "Installed apps", APP_COLUMNS,
	  MINE ", told AS MATERIALIZED (SELECT p.name AS app, p.identifier, p.publisher, i.version, i.path,"
	  " d.name AS device, d.serial_number, d.account, d.identity, i.id AS install_id,"
	  " coalesce(lower(trim(p.name)), 'id ' || i.id) AS title, coalesce(d.last_seen_at, '') AS seen"
	  " FROM live_devices d JOIN device_apps i ON i.account_id = d.account_id"
	  " AND i.device_source_id = d.source_id AND i.removed_at IS NULL" APP_OF("i")
	  " WHERE d.identity IN (" MY_MACHINES "))"
	  " SELECT app, identifier, publisher, version, path, device, serial_number, account, (SELECT"
	  " json_group_array(DISTINCT o.account) FROM told o WHERE o.identity = t.identity"
	  " AND o.title = t.title) AS accounts FROM (SELECT *, first_value(account) OVER (PARTITION BY"
	  " identity, title ORDER BY seen DESC, account) AS teller FROM told) t WHERE account = teller"
	  " ORDER BY lower(app), device, account, install_id" },
	{ "sso_apps", "Single sign-on", SSO_COLUMNS,
	  ME " SELECT p.name AS app, p.identifier, " SLUG " FROM user_apps r" APP_OF("r") ACCOUNT_OF("r")
	  " WHERE r.removed_at IS NULL AND " OF_ME("r") " ORDER BY lower(p.name), account" },
	{ "groups", "Groups", GROUP_COLUMNS,
	  MINE " SELECT coalesce(g.name, r.group_source_id) AS name, g.kind,"
	  " coalesce(d.name, 'the user') AS member, r.member_kind, " SLUG " FROM group_members r"
	  " LEFT JOIN groups g ON g.account_id = r.account_id AND g.source_id = r.group_source_id"
	  " LEFT JOIN mine d ON r.member_kind = 'device' AND d.account_id = r.account_id"
	  " AND d.source_id = r.member_source_id AND d.removed_at IS NULL" ACCOUNT_OF("r")
	  " WHERE r.removed_at IS NULL AND (d.id IS NOT NULL OR (r.member_kind = 'user' AND"
	  " (r.account_id, r.member_source_id) IN (SELECT account_id, source_id FROM me)))"
	  " ORDER BY lower(g.name), member, account" },
	{ "licenses", "Licences", LICENSE_COLUMNS,
	  ME " SELECT r.license, " SLUG " FROM user_licenses r" ACCOUNT_OF("r")
	  " WHERE r.removed_at IS NULL AND " OF_ME("r") " ORDER BY lower(r.license), account" },
	{ "removed", "Removed lately", REMOVED_COLUMNS,
	  MINE REMOVED("user", "coalesce(r.name, r.source_id)", "me r")
	  " UNION ALL" REMOVED("device", "coalesce(r.name, r.source_id)", "mine r")
	  " UNION ALL" REMOVED("app", "coalesce(p.name, r.app_source_id) || ' ' || coalesce(r.version, '')"
			       " || ' on ' || coalesce(d.name, r.device_source_id)",
			       "mine d JOIN device_apps r ON r.account_id = d.account_id"
			       " AND r.device_source_id = d.source_id" APP_OF("r"))
	  " UNION ALL" REMOVED("sso app", "coalesce(p.name, r.app_source_id)", "user_apps r" APP_OF("r"))
	  " AND " OF_ME("r")
	  " UNION ALL" REMOVED("licence", "r.license", "user_licenses r") " AND " OF_ME("r")
	  " ORDER BY removed_at DESC, kind, name" },
};

enum { SECTION_COUNT = sizeof(SECTIONS) / sizeof(SECTIONS[0]) };

static const char HEAD_SQL[] =
	"SELECT email, name, status, department, title, last_used_at FROM people WHERE email = $1";

static const char NEAR_SQL[] =
	"SELECT email, max(name) AS name FROM"
	" (SELECT lower(trim(u.email)) AS email, u.name FROM users u" ACCOUNT_OF("u")
	" WHERE u.removed_at IS NULL AND u.email <> ''"
	" UNION ALL SELECT lower(trim(d.user_email)), NULL FROM devices d" ACCOUNT_OF("d")
	" WHERE d.removed_at IS NULL AND d.user_email <> '') GROUP BY email";

/* clang-format on */

/* --- reading --- */

static json_t *read_head(const struct cli *cli, const char *email, struct err *err)
{
	json_t *found = rows_json(cli->host.store, HEAD_SQL, &email, 1, err), *head;

	if (!found)
		return NULL;
	head = json_incref(json_array_get(found, 0));
	json_decref(found);
	if (!head)
		head = json_pack("{s:s, s:n, s:n, s:n, s:n, s:n}", "email", email, "name", "status",
				 "department", "title", "last_used_at");
	if (!head)
		err_oom(err);
	return head;
}

/* The whole of it; *is_known says whether there is anything. NULL with err. */
static json_t *read_person(const struct cli *cli, const char *email, bool *is_known,
			   struct err *err)
{
	json_t *person = read_head(cli, email, err);

	*is_known = false;
	for (size_t i = 0; person && i < SECTION_COUNT; i++) {
		json_t *rows = rows_json(cli->host.store, SECTIONS[i].sql, &email, 1, err);

		*is_known = *is_known || json_array_size(rows) > 0;
		if (rows && json_object_set_new(person, SECTIONS[i].key, rows) == 0)
			continue;
		if (rows)
			err_oom(err);
		json_decref(person);
		person = NULL;
	}
	return person;
}

/* --- nobody --- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* People whose e-mail or name has what was typed in it. */
static size_t put_near(const json_t *people, const char *email, struct buf *out)
{
	size_t i, found = 0;
	json_t *person;

	json_array_foreach(people, i, person)
	{
		if (!strcasestr(text_of(person, "email"), email) &&
		    !strcasestr(text_of(person, "name"), email))
			continue;
		if (found++ < NEAR)
			buf_printf(out, "%s%s", out->len > 0 ? ", " : "", text_of(person, "email"));
	}
	return found;
}

static char *part_before_at(const char *email)
{
	return str_dup_len(email, strcspn(email, "@"));
}

/* The domain is everybody's: it makes nobody similar. */
static bool is_namesake(const char *email, const char *wanted)
{
	char *local = part_before_at(email);
	const char *const candidates[] = { local };
	bool is_near = local && str_nearest(wanted, candidates, 1);

	free(local);
	return is_near;
}

static void put_nearest(const json_t *people, const char *email, struct buf *out)
{
	size_t count = json_array_size(people), namesakes = 0;
	const char **emails = calloc(count + 1, sizeof(*emails)), *nearest = NULL;
	char *wanted = part_before_at(email);

	for (size_t i = 0; emails && wanted && i < count; i++) {
		const char *candidate = text_of(json_array_get(people, i), "email");

		if (is_namesake(candidate, wanted))
			emails[namesakes++] = candidate;
	}
	if (emails)
		nearest = str_nearest(email, emails, namesakes);
	if (nearest)
		buf_str(out, nearest);
	free(wanted);
	free(emails);
}

static bool fail_unknown(const struct cli *cli, const char *email, struct err *err)
{
	json_t *people = rows_json(cli->host.store, NEAR_SQL, NULL, 0, err);
	struct buf near = BUF_INIT;
	size_t found;

	if (!people)
		return false;
	found = put_near(people, email, &near);
	if (found == 0)
		put_nearest(people, email, &near);
	err_set(err, ERR_MISSING, "nobody has the e-mail %s", email);
	if (found > NEAR)
		err_hint(err, "did you mean %s, or one of %zu more? muster users --search %s",
			 buf_text(&near), found - NEAR, email);
	else if (near.len > 0)
		err_hint(err, "did you mean %s?", buf_text(&near));
	else
		err_hint(err, "muster users --search TEXT");
	buf_fini(&near);
	json_decref(people);
	return false;
}

/* --- for a person --- */

static void put_time(struct buf *out, const char *label, const json_t *head)
{
	struct query_value value = output_text(text_of(head, "last_used_at"));

	if (value.len == 0)
		return;
	buf_str(out, label);
	cell_for_person(out, &value, OUTPUT_TIME);
}

static bool print_head(const struct cli *cli, const json_t *person, struct err *err)
{
	static const char *const keys[] = { "name", "status", "title", "department" };
	struct buf line = BUF_INIT;
	bool done;

	buf_str(&line, text_of(person, "email"));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (text_of(person, keys[i])[0])
			buf_printf(&line, ", %s", text_of(person, keys[i]));
	}
	put_time(&line, ", last used ", person);
	done = buf_ok(&line, err) && cli_say(cli, err, "%s", buf_text(&line));
	buf_fini(&line);
	return done;
}

static bool print_section(const struct cli *cli, const struct section *section, const json_t *rows,
			  struct err *err)
{
	bool cuts = cli->terminal.is_out && !parsed_has(&cli->parsed, "all");
	size_t count = json_array_size(rows);

	return cli_say(cli, err, "\n%s (%zu)", section->title, count) &&
	       cli_table(cli, rows, section->columns, cuts ? SHOWN : 0, err) &&
	       (!cuts || count <= SHOWN ||
		cli_say(cli, err, "... and %zu more (--all)", count - SHOWN));
}

/* Apps are many, and seldom what is asked for. */
static bool print_apps(const struct cli *cli, const struct section *section, const json_t *rows,
		       struct err *err)
{
	if (parsed_has(&cli->parsed, "apps"))
		return print_section(cli, section, rows, err);
	return cli_say(cli, err, "\n%s: %zu (--apps lists them)", section->title,
		       json_array_size(rows));
}

static bool print_person(const struct cli *cli, const json_t *person, struct err *err)
{
	bool done = print_head(cli, person, err);

	for (size_t i = 0; done && i < SECTION_COUNT; i++) {
		const struct section *section = &SECTIONS[i];
		const json_t *rows = json_object_get(person, section->key);

		if (json_array_size(rows) == 0)
			continue;
		done = str_eq(section->key, "apps") ? print_apps(cli, section, rows, err)
						    : print_section(cli, section, rows, err);
	}
	return done;
}

/* As it is compared: lower case, no blanks around it. malloc'd. */
static char *normalized(const char *text)
{
	size_t len;
	char *copy;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	copy = str_dup_len(text, len);
	if (copy)
		str_lower(copy);
	return copy;
}

static bool show(struct cli *cli, const char *email, struct err *err)
{
	bool is_known, done;
	json_t *person;

	if (!*email)
		return err_set(err, ERR_USAGE, "an e-mail is missing");
	person = read_person(cli, email, &is_known, err);
	if (!person)
		return false;
	if (!is_known) {
		json_decref(person);
		return fail_unknown(cli, email, err);
	}
	if (cli->is_json)
		return cli_object(cli, person, err);
	done = print_person(cli, person, err);
	json_decref(person);
	return done;
}

bool verb_person(struct cli *cli, struct err *err)
{
	char *email = normalized(parsed_arg(&cli->parsed, 0));
	bool done = email ? show(cli, email, err) : err_oom(err);

	free(email);
	return done;
}
