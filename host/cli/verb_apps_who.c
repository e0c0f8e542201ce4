/* muster apps who: the persons that have an app, installed, on a shared device, or through single
 * sign-on. */
#include <stdlib.h>

#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/rows.h"
#include "cli/verbs.h"

enum { NAMED = 6 };

/* clang-format off */

/* $1 = what was typed; % = "" for live rows, "NOT" for removed ones. */
#define TITLE "coalesce(p.name, p.identifier, p.source_id)"
#define IS_EXACT "coalesce(lower(p.name) = lower($1) OR lower(p.identifier) = lower($1), 0)"
#define HAS_PART \
	"(instr(lower(p.name), lower($1)) > 0 OR instr(lower(p.identifier), lower($1)) > 0)"
#define MINE \
	"WITH mine AS MATERIALIZED (SELECT p.account_id, p.source_id, " TITLE " AS title," \
	" " IS_EXACT " AS is_exact FROM apps p JOIN accounts a ON a.id = p.account_id" \
	" AND a.archived_at IS NULL WHERE ('%' = 'NOT' OR p.removed_at IS NULL) AND " HAS_PART ")"
#define USES(table) \
	"SELECT account_id, app_source_id FROM " table " WHERE removed_at IS % NULL" \
	" AND (account_id, app_source_id) IN (SELECT account_id, source_id FROM mine)"

static const char MATCHES_SQL[] =
	MINE " SELECT max(title) AS app, max(is_exact) AS is_exact FROM mine GROUP BY lower(title)";

static const char COUNTS_SQL[] =
	MINE ", uses AS (SELECT account_id, app_source_id, count(*) AS n FROM (" USES("device_apps")
	" UNION ALL " USES("user_apps") ") GROUP BY 1, 2)"
	" SELECT max(m.title) AS app, coalesce(sum(i.n), 0) AS count FROM mine m LEFT JOIN uses i"
	" ON i.account_id = m.account_id AND i.app_source_id = m.source_id"
	" GROUP BY lower(m.title) ORDER BY 2 DESC, 1";

static const char NAMES_SQL[] = "SELECT DISTINCT lower(name) AS name FROM apps WHERE name IS NOT NULL";

#define PERSON(device) "coalesce(nullif(lower(trim(u.email)), ''), " device "u.name, u.username)"
#define OF_APP \
	" JOIN accounts a ON a.id = r.account_id AND a.archived_at IS NULL" \
	" JOIN apps p ON p.account_id = r.account_id AND p.source_id = r.app_source_id" \
	" AND (" IS_EXACT " OR lower(" TITLE ") = lower($1))"
/* Those who may sign in on the device as well use what is on it. */
#define SIGN_IN \
	"device_users s WHERE s.account_id = d.account_id AND s.device_source_id = d.source_id" \
	" AND s.removed_at IS NULL"
#define HAS_OWNER "(d.user_source_id IS NOT NULL OR d.user_email IS NOT NULL)"
#define LAST_COLUMNS \
	" a.vendor || '/' || a.name AS account, r.first_seen_at, r.removed_at, r.removed_reason"

static const char HAVE_SQL[] =
	"SELECT * FROM (SELECT " PERSON("nullif(lower(trim(d.user_email)), ''), ") " AS person,"
	" u.name AS person_name, 'installed' AS how, p.name AS app, p.identifier, r.version,"
	" d.name AS device, d.serial_number, d.platform, r.path, r.installed_at, d.last_seen_at,"
	LAST_COLUMNS " FROM device_apps r" OF_APP
	" LEFT JOIN devices d ON d.account_id = r.account_id AND d.source_id = r.device_source_id"
	" LEFT JOIN users u ON u.account_id = d.account_id AND u.source_id = d.user_source_id"
	" WHERE r.removed_at IS % NULL AND (" HAS_OWNER " OR NOT EXISTS (SELECT 1 FROM " SIGN_IN "))"
	" UNION ALL SELECT " PERSON("") ", u.name, 'shared', p.name, p.identifier, r.version,"
	" d.name, d.serial_number, d.platform, r.path, r.installed_at, d.last_seen_at,"
	LAST_COLUMNS " FROM device_apps r" OF_APP
	" JOIN devices d ON d.account_id = r.account_id AND d.source_id = r.device_source_id"
	" JOIN users u ON u.account_id = d.account_id AND u.source_id IN (SELECT s.user_source_id"
	" FROM " SIGN_IN " AND s.user_source_id IS NOT d.user_source_id) AND u.removed_at IS NULL"
	" WHERE r.removed_at IS % NULL"
	" UNION ALL SELECT " PERSON("") ", u.name, 'sign-on', p.name, p.identifier, NULL, NULL, NULL,"
	" NULL, NULL, NULL, u.last_used_at," LAST_COLUMNS " FROM user_apps r" OF_APP
	" LEFT JOIN users u ON u.account_id = r.account_id AND u.source_id = r.user_source_id"
	" WHERE r.removed_at IS % NULL) WHERE 1";

/* # = the flag's text. */
static const struct filter {
	const char *flag;
	const char *condition;
} FILTERS[] = {
	{ "account", " AND (account = # OR substr(account, 1, length(#) + 1) = # || '/')" },
	{ "app-version", " AND (version = # OR substr(version, 1, length(#) + 1) = # || '.')" },
};

/* clang-format on */

static const char *const VISIBLE[] = { "person",       "device", "app",	    "version",
				       "last_seen_at", "how",	 "account", NULL };

/* A statement with % replaced. */
static void put_sql(const struct cli *cli, const char *sql, struct buf *out)
{
	const char *which = parsed_has(&cli->parsed, "removed") ? "NOT" : "";

	for (; *sql; sql++) {
		if (*sql == '%')
			buf_str(out, which);
		else
			buf_char(out, *sql);
	}
}

/* --- which app --- */

static const char *app_of(const json_t *matches, size_t i)
{
	return json_string_value(json_object_get(json_array_get(matches, i), "app"));
}

static bool has_exact(const json_t *matches)
{
	size_t i;
	json_t *match;

	json_array_foreach(matches, i, match)
	{
		if (json_is_true(json_object_get(match, "is_exact")))
			return true;
	}
	return false;
}

static json_t *ask(const struct cli *cli, const char *sql, const char *typed, struct err *err)
{
	struct buf text = BUF_INIT;
	json_t *rows = NULL;

	put_sql(cli, sql, &text);
	if (buf_ok(&text, err))
		rows = rows_json(cli->host.store, buf_text(&text), &typed, 1, err);
	buf_fini(&text);
	return rows;
}

static bool fail_several(const struct cli *cli, const char *typed, struct err *err)
{
	json_t *apps = ask(cli, COUNTS_SQL, typed, err);
	size_t count = json_array_size(apps);
	struct buf text = BUF_INIT;

	if (!apps)
		return false;
	for (size_t i = 0; i < count && i < NAMED; i++)
		buf_printf(&text, "%s%s (%lld)", i ? ", " : "", app_of(apps, i),
			   (long long)json_integer_value(
				   json_object_get(json_array_get(apps, i), "count")));
	if (count > NAMED)
		buf_printf(&text, " and %zu more", count - NAMED);
	err_set(err, ERR_USAGE, "\"%s\" means %zu apps: %s", typed, count, buf_text(&text));
	buf_fini(&text);
	json_decref(apps);
	return err_hint(err, "name one of them in full, or take all: muster installs --app %s",
			typed);
}

/* Whatever the case; the candidates are in lower case. */
static const char *nearest_to(const char *name, const char *const *names, size_t count)
{
	char *lower = str_dup(name);
	const char *nearest = NULL;

	if (lower) {
		str_lower(lower);
		nearest = str_nearest(lower, names, count);
	}
	free(lower);
	return nearest;
}

static bool fail_none(const struct cli *cli, const char *name, struct err *err)
{
	json_t *rows = rows_json(cli->host.store, NAMES_SQL, NULL, 0, err);
	size_t count = json_array_size(rows);
	const char **names = calloc(count + 1, sizeof(*names)), *nearest = NULL;

	for (size_t i = 0; names && i < count; i++) {
		const char *text =
			json_string_value(json_object_get(json_array_get(rows, i), "name"));

		names[i] = text ? text : "";
	}
	if (rows && names)
		nearest = nearest_to(name, names, count);
	if (rows)
		err_set(err, ERR_MISSING, "there is no app %s", name);
	if (nearest)
		err_hint(err, "did you mean \"%s\"?", nearest);
	else if (rows)
		err_hint(err, "muster apps --search TEXT");
	free(names);
	json_decref(rows);
	return false;
}

/* A name or identifier that is exactly that of one app: what was typed, or the name of the only app
   that contains it. malloc'd. */
static bool choose(const struct cli *cli, const char *typed, char **app, struct err *err)
{
	json_t *matches = ask(cli, MATCHES_SQL, typed, err);
	size_t count = json_array_size(matches);
	bool done = matches != NULL;

	*app = NULL;
	if (done && count == 0)
		done = fail_none(cli, typed, err);
	else if (done && count > 1 && !has_exact(matches))
		done = fail_several(cli, typed, err);
	else if (done)
		done = (*app = str_dup(has_exact(matches) ? typed : app_of(matches, 0))) ||
		       err_oom(err);
	json_decref(matches);
	return done;
}

/* --- who --- */

static void put_filter(struct buf *sql, const char *condition, size_t number)
{
	for (; *condition; condition++) {
		if (*condition == '#')
			buf_printf(sql, "$%zu", number);
		else
			buf_char(sql, *condition);
	}
}

/* Under filters that is said of what they let through. */
static void tell_nobody(const struct cli *cli, const char *app)
{
	const char *account = parsed_text(&cli->parsed, "account");
	const char *version = parsed_text(&cli->parsed, "app-version");

	cli_note(cli, "Nobody %s %s%s%s%s%s.", parsed_has(&cli->parsed, "removed") ? "lost" : "has",
		 app, version ? ", version " : "", version ? version : "", account ? ", in " : "",
		 account ? account : "");
}

static bool print(struct cli *cli, const char *app, struct err *err)
{
	struct rows_options options = { .output = cli_output_options(cli),
					.visible = VISIBLE,
					.has_model = true,
					.limit = rows_limit(cli) };
	const char *binds[1 + sizeof(FILTERS) / sizeof(FILTERS[0])] = { app };
	struct rows_result result;
	struct buf sql = BUF_INIT;
	size_t count = 1;
	bool done;

	put_sql(cli, HAVE_SQL, &sql);
	for (size_t i = 0; i < sizeof(FILTERS) / sizeof(FILTERS[0]); i++) {
		const char *text = parsed_text(&cli->parsed, FILTERS[i].flag);

		if (!text)
			continue;
		binds[count++] = text;
		put_filter(&sql, FILTERS[i].condition, count);
	}
	buf_str(&sql, " ORDER BY person IS NULL, person, device, version");
	done = buf_ok(&sql, err) &&
	       rows_print(cli->host.store, buf_text(&sql), binds, count, &options, &result, err);
	buf_fini(&sql);
	if (done && result.was_cut)
		cli_note(cli, "The first %zu; --limit 0 shows all.", result.count);
	if (done && result.count == 0)
		tell_nobody(cli, app);
	return done;
}

bool verb_apps_who(struct cli *cli, struct err *err)
{
	char *app = NULL;
	bool done = accounts_check_filter(cli, err) &&
		    choose(cli, parsed_arg(&cli->parsed, 0), &app, err) && print(cli, app, err);

	free(app);
	return done;
}
