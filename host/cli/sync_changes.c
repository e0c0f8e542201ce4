/* Changes of a dry run on stdout: a line that sums them up, and a table of what would change. */
#include "cli/sync_changes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/str.h"
#include "cli/cli.h"

enum { GROUPS_MAX = 48, TERMINAL_LIMIT = 100 };

static const char *text_of(const json_t *change, const char *key)
{
	const char *text = json_string_value(json_object_get(change, key));

	return text ? text : "";
}

/* --- the sum --- */

struct group {
	const char *kind, *entity;
	size_t count;
};

static void count_change(struct group *groups, size_t *count, const json_t *change)
{
	const char *kind = text_of(change, "kind"), *entity = text_of(change, "entity");

	for (size_t i = 0; i < *count; i++) {
		if (str_eq(groups[i].kind, kind) && str_eq(groups[i].entity, entity)) {
			groups[i].count++;
			return;
		}
	}
	if (*count < GROUPS_MAX)
		groups[(*count)++] = (struct group){ kind, entity, 1 };
}

static bool print_sum(const struct cli *cli, const json_t *changes, struct err *err)
{
	struct group groups[GROUPS_MAX];
	struct buf text = BUF_INIT;
	size_t count = 0, i;
	json_t *change;
	bool done;

	json_array_foreach(changes, i, change) count_change(groups, &count, change);
	for (i = 0; i < count; i++)
		buf_printf(&text, "%s%zu %s %s", i ? ", " : "", groups[i].count, groups[i].entity,
			   groups[i].kind);
	done = cli_say(cli, err, "  %s", count ? buf_text(&text) : "nothing would change");
	buf_fini(&text);
	return done;
}

/* --- the table --- */

static void put_value(struct buf *out, const json_t *value)
{
	char *text;

	if (json_is_string(value)) {
		buf_append(out, json_string_value(value), json_string_length(value));
		return;
	}
	if (!value || json_is_null(value)) {
		buf_str(out, "(none)");
		return;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	buf_str(out, text ? text : "");
	free(text);
}

/* "os_version: 14.1 -> 14.2, name: a -> b" */
static void put_update(struct buf *out, const json_t *before, const json_t *after)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)after, key, value)
	{
		buf_printf(out, "%s%s: ", out->len ? ", " : "", key);
		put_value(out, json_object_get(before, key));
		buf_str(out, " -> ");
		put_value(out, value);
	}
}

/* What a person knows a row by, and why it goes. */
static void put_names(struct buf *out, const json_t *row, const json_t *after)
{
	static const char *const names[] = { "email",	"name", "serial_number", "license",
					     "version", "path", "app_source_id", "user_source_id" };
	const char *reason = json_string_value(json_object_get(after, "removed_reason"));

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const json_t *value = json_object_get(row, names[i]);

		if (!json_is_string(value))
			continue;
		buf_str(out, out->len ? ", " : "");
		put_value(out, value);
	}
	if (reason)
		buf_printf(out, "%s(%s)", out->len ? " " : "", reason);
}

static void put_difference(struct buf *out, const json_t *change)
{
	const json_t *before = json_object_get(change, "before");
	const json_t *after = json_object_get(change, "after");

	if (str_eq(text_of(change, "kind"), "updated"))
		put_update(out, before, after);
	else
		put_names(out, json_is_object(before) ? before : after, after);
}

static bool put_change(struct output *output, const json_t *change, struct err *err)
{
	struct buf difference = BUF_INIT;
	struct query_value values[4];
	bool done;

	put_difference(&difference, change);
	values[0] = output_text(text_of(change, "kind"));
	values[1] = output_text(text_of(change, "entity"));
	values[2] = output_text(text_of(change, "source_id"));
	values[3] = output_text(buf_text(&difference));
	done = output_row(output, values, err);
	buf_fini(&difference);
	return done;
}

static bool print_table(const struct cli *cli, const json_t *changes, struct err *err)
{
	static const struct output_column columns[] = {
		{ .name = "change" },
		{ .name = "entity" },
		{ .name = "source_id" },
		{ .name = "difference" },
	};
	struct output *output = cli_output(cli, columns, sizeof(columns) / sizeof(columns[0]), err);
	size_t count = json_array_size(changes);
	size_t shown = cli->terminal.is_out && count > TERMINAL_LIMIT ? TERMINAL_LIMIT : count;
	bool done = output != NULL;

	for (size_t i = 0; done && i < shown; i++)
		done = put_change(output, json_array_get(changes, i), err);
	if (!done) {
		output_free(output);
		return false;
	}
	if (!cli_output_end(cli, output, NULL, err))
		return false;
	if (shown < count)
		cli_note(cli, "The first %zu of %zu changes; --json shows all.", shown, count);
	return true;
}

bool sync_changes_print(const struct cli *cli, const char *text, struct err *err)
{
	json_t *changes = json_loads(text, 0, NULL);
	bool done = changes ? print_sum(cli, changes, err) && print_table(cli, changes, err)
			    : err_set(err, ERR_BUG, "the changes of the dry run are no JSON");

	json_decref(changes);
	return done;
}
