/* muster users, devices, apps, installs list: rows with filters. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/rows.h"
#include "cli/verbs.h"

enum { FILTERS_MAX = 8 };

/* A flag's condition; # stands for its text. Texts are compared ASCII case-insensitively. */
struct filter {
	const char *flag;
	const char *condition;
};

struct listing {
	const char *verb;
	const char *entity;
	const char *alias;
	const char *more; /* further columns */
	const char *from; /* with "a" for accounts */
	const char *order;
	const char *const *visible;
	struct filter filters[FILTERS_MAX];
};

/* clang-format off */

#define HAS(text) "instr(lower(" text "), lower(#)) > 0"
#define AND_TEXT(column) " || char(10) || coalesce(" column ", '')"
#define IS_ACCOUNT "(a.vendor || '/' || a.name = # OR a.vendor = #)"
#define PERSON_IS(user, device) \
	HAS("coalesce(" user ".email, " device ".user_email, '')" AND_TEXT(user ".name"))
#define JOIN_PERSON(device) \
	" LEFT JOIN users u ON u.account_id = " device ".account_id" \
	" AND u.source_id = " device ".user_source_id AND u.removed_at IS NULL"
#define DEVICE_HAS_APP(device) \
	"EXISTS (SELECT 1 FROM device_apps i JOIN apps p ON p.account_id = i.account_id" \
	" AND p.source_id = i.app_source_id WHERE i.account_id = " device ".account_id" \
	" AND i.device_source_id = " device ".source_id AND i.removed_at IS NULL AND " HAS("p.name") ")"

static const char *const USER_COLUMNS[] = {
	"email", "name", "status", "last_used_at", "account", NULL };
static const char *const DEVICE_COLUMNS[] = {
	"name", "serial_number", "platform", "os_version", "user_email", "last_seen_at", "account", NULL };
static const char *const APP_COLUMNS[] = {
	"name", "publisher", "identifier", "platform", "device_count", "account", NULL };
static const char *const INSTALL_COLUMNS[] = {
	"person", "device", "app", "version", "platform", "account", NULL };

static const struct listing LISTINGS[] = {
	{ "users", "user", "t", "", "users t", "lower(t.email), t.id", USER_COLUMNS, {
		{ "account", IS_ACCOUNT },
		{ "search", HAS("coalesce(t.email, '')" AND_TEXT("t.name") AND_TEXT("t.username")) },
		{ "status", "t.status = #" },
		{ "app", "EXISTS (SELECT 1 FROM devices d WHERE d.account_id = t.account_id"
			 " AND d.user_source_id = t.source_id AND d.removed_at IS NULL AND "
			 DEVICE_HAS_APP("d") ")" } } },
	{ "devices", "device", "t", "", "devices t" JOIN_PERSON("t"), "lower(t.name), t.id",
	  DEVICE_COLUMNS, {
		{ "account", IS_ACCOUNT },
		{ "search", HAS("coalesce(t.name, '')" AND_TEXT("t.hostname") AND_TEXT("t.serial_number")
				AND_TEXT("t.user_email")) },
		{ "status", "t.status = #" },
		{ "platform", "t.platform = #" },
		{ "user", PERSON_IS("u", "t") },
		{ "app", DEVICE_HAS_APP("t") } } },
	{ "apps", "app", "t",
	  ", (SELECT count(*) FROM device_apps i WHERE i.account_id = t.account_id"
	  " AND i.app_source_id = t.source_id AND i.removed_at IS NULL) AS device_count",
	  "apps t", "lower(t.name), t.id", APP_COLUMNS, {
		{ "account", IS_ACCOUNT },
		{ "search", HAS("coalesce(t.name, '')" AND_TEXT("t.identifier") AND_TEXT("t.publisher")) },
		{ "platform", "t.platform = #" } } },
	{ "installs", "device_app", "t",
	  ", coalesce(lower(u.email), lower(d.user_email), u.name) AS person, d.name AS device,"
	  " d.serial_number AS serial_number, d.platform AS platform, p.name AS app,"
	  " p.identifier AS identifier",
	  "device_apps t LEFT JOIN devices d ON d.account_id = t.account_id"
	  " AND d.source_id = t.device_source_id LEFT JOIN apps p ON p.account_id = t.account_id"
	  " AND p.source_id = t.app_source_id" JOIN_PERSON("d"),
	  "person, device, lower(p.name), t.id", INSTALL_COLUMNS, {
		{ "account", IS_ACCOUNT },
		{ "search", HAS("coalesce(p.name, '')" AND_TEXT("p.identifier") AND_TEXT("d.name")
				AND_TEXT("d.serial_number") AND_TEXT("u.email")) },
		{ "platform", "d.platform = #" },
		{ "user", PERSON_IS("u", "d") },
		{ "app", HAS("p.name") } } },
};

/* clang-format on */

static const struct listing *listing_of(const char *verb)
{
	size_t i = 0;

	while (!str_eq(LISTINGS[i].verb, verb))
		i++;
	return &LISTINGS[i];
}

static void put_condition(struct buf *sql, const char *condition, size_t number)
{
	buf_str(sql, " AND ");
	for (; *condition; condition++) {
		if (*condition == '#')
			buf_printf(sql, "$%zu", number);
		else
			buf_char(sql, *condition);
	}
}

static size_t put_filters(const struct cli *cli, const struct listing *listing, struct buf *sql,
			  const char **binds)
{
	size_t count = 0;

	for (size_t i = 0; i < FILTERS_MAX && listing->filters[i].flag; i++) {
		const char *text = parsed_text(&cli->parsed, listing->filters[i].flag);

		if (!text)
			continue;
		binds[count++] = text;
		put_condition(sql, listing->filters[i].condition, count);
	}
	return count;
}

static bool print(struct cli *cli, const struct listing *listing, struct err *err)
{
	struct rows_options options = { .output = cli_output_options(cli),
					.visible = listing->visible,
					.has_model = true,
					.limit = rows_limit(cli) };
	struct rows_result result;
	const char *binds[FILTERS_MAX];
	struct buf sql = BUF_INIT;
	size_t bind_count;
	bool done;

	buf_str(&sql, "SELECT ");
	rows_select(&sql, model_entity(listing->entity), listing->alias);
	buf_printf(&sql,
		   "%s FROM %s JOIN accounts a ON a.id = t.account_id"
		   " WHERE a.archived_at IS NULL AND t.removed_at IS %s NULL",
		   listing->more, listing->from, parsed_has(&cli->parsed, "removed") ? "NOT" : "");
	bind_count = put_filters(cli, listing, &sql, binds);
	buf_printf(&sql, " ORDER BY %s", listing->order);
	if (options.limit > 0)
		buf_printf(&sql, " LIMIT %" PRId64, options.limit + 1);
	done = buf_ok(&sql, err) && rows_print(cli->host.store, buf_text(&sql), binds, bind_count,
					       &options, &result, err);
	buf_fini(&sql);
	if (done && result.was_cut)
		cli_note(cli, "The first %zu; --limit 0 shows all.", result.count);
	if (done && result.count == 0)
		cli_note(cli, "No %s.", listing->verb);
	return done;
}

bool verb_list(struct cli *cli, struct err *err)
{
	return accounts_check_filter(cli, err) &&
	       print(cli, listing_of(cli->parsed.verb->name), err);
}
