/* Changes of a dry run on stdout. */
#include "cli/sync_changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"
#include "sync/sync.h"

enum {
	GROUPS_MAX = 48,
	NAME_SIZE = 24,
	TERMINAL_LIMIT = 100,
	FIELDS_MAX = 64,
	FLUSH_BYTES = 65536
};

/* --- the sum --- */

struct group {
	char kind[NAME_SIZE], entity[NAME_SIZE];
	size_t count;
};

struct sum {
	struct group groups[GROUPS_MAX]; /* in the order of their first changes */
	size_t count, changes;
};

static bool count_change(void *arg, const struct change_entry *change, struct err *err)
{
	struct sum *sum = arg;
	size_t i = 0;

	(void)err;
	sum->changes++;
	while (i < sum->count && !(str_eq(sum->groups[i].kind, change->kind) &&
				   str_eq(sum->groups[i].entity, change->entity)))
		i++;
	if (i == GROUPS_MAX)
		return true;
	if (i == sum->count) {
		snprintf(sum->groups[i].kind, NAME_SIZE, "%s", change->kind);
		snprintf(sum->groups[i].entity, NAME_SIZE, "%s", change->entity);
		sum->count++;
	}
	sum->groups[i].count++;
	return true;
}

static bool print_sum(const struct cli *cli, const struct sum *sum, struct err *err)
{
	struct buf text = BUF_INIT;
	bool done;

	for (size_t i = 0; i < sum->count; i++)
		buf_printf(&text, "%s%zu %s %s", i ? ", " : "", sum->groups[i].count,
			   sum->groups[i].entity, sum->groups[i].kind);
	done = buf_ok(&text, err) &&
	       cli_say(cli, err, "  %s", sum->count ? buf_text(&text) : "nothing would change");
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

/* "name: a -> b, os_version: 14.1 -> 14.2" */
static void put_update(struct buf *out, json_t *before, json_t *after)
{
	const char *keys[FIELDS_MAX], *key;
	size_t count = 0;
	json_t *value;

	json_object_foreach(after, key, value)
	{
		if (count < FIELDS_MAX)
			keys[count++] = key;
	}
	if (count > 0)
		qsort(keys, count, sizeof(*keys), str_sort_order);
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "%s%s: ", out->len ? ", " : "", keys[i]);
		put_value(out, json_object_get(before, keys[i]));
		buf_str(out, " -> ");
		put_value(out, json_object_get(after, keys[i]));
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

static json_t *row_of(const char *text)
{
	return text ? json_loads(text, 0, NULL) : NULL;
}

static void put_difference(struct buf *out, const struct change_entry *change)
{
	json_t *before = row_of(change->before), *after = row_of(change->after);

	if (str_eq(change->kind, "updated"))
		put_update(out, before, after);
	else
		put_names(out, before ? before : after, after);
	json_decref(before);
	json_decref(after);
}

static bool put_change(void *arg, const struct change_entry *change, struct err *err)
{
	struct output *output = arg;
	struct buf difference = BUF_INIT;
	struct query_value values[4];
	bool done;

	put_difference(&difference, change);
	values[0] = output_text(change->kind);
	values[1] = output_text(change->entity);
	values[2] = output_text(change->source_id);
	values[3] = output_text(buf_text(&difference));
	done = buf_ok(&difference, err) && output_row(output, values, err);
	buf_fini(&difference);
	return done;
}

static bool print_table(const struct cli *cli, const struct sync_changes *changes, size_t count,
			struct err *err)
{
	static const struct output_column columns[] = {
		{ .name = "change" },
		{ .name = "entity" },
		{ .name = "source_id" },
		{ .name = "difference" },
	};
	struct output *output = cli_output(cli, columns, sizeof(columns) / sizeof(columns[0]), err);
	size_t shown = cli->terminal.is_out && count > TERMINAL_LIMIT ? TERMINAL_LIMIT : count;

	if (!output)
		return false;
	if (!sync_changes_each(changes, (int64_t)shown, put_change, output, err)) {
		output_free(output);
		return false;
	}
	if (!cli_output_end(cli, output, NULL, err))
		return false;
	if (shown < count)
		cli_note(cli, "The first %zu of %zu changes; --json shows all.", shown, count);
	return true;
}

bool sync_changes_print(const struct cli *cli, const struct sync_changes *changes, struct err *err)
{
	struct sum sum = { .count = 0 };

	return sync_changes_each(changes, 0, count_change, &sum, err) &&
	       print_sum(cli, &sum, err) && print_table(cli, changes, sum.changes, err);
}

/* --- JSON --- */

struct listing {
	const struct cli *cli;
	struct buf bytes;
	bool has_one;
};

static bool flush(struct listing *listing, struct err *err)
{
	bool done = buf_ok(&listing->bytes, err) &&
		    cli_print(listing->cli, buf_text(&listing->bytes), listing->bytes.len, err);

	buf_clear(&listing->bytes);
	return done;
}

static bool list_change(void *arg, const struct change_entry *change, struct err *err)
{
	struct listing *listing = arg;
	json_t *item = json_pack("{s:s, s:s, s:s, s:o?, s:o?}", "kind", change->kind, "entity",
				 change->entity, "source_id", change->source_id, "before",
				 row_of(change->before), "after", row_of(change->after));
	char *text =
		item ? cli_json_text(item, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15),
				     listing->cli->terminal.is_out)
		     : NULL;

	json_decref(item);
	if (!text)
		return err_oom(err);
	buf_str(&listing->bytes, listing->has_one ? "," : "");
	buf_str(&listing->bytes, text);
	free(text);
	listing->has_one = true;
	return listing->bytes.len < FLUSH_BYTES || flush(listing, err);
}

bool sync_changes_print_json(const struct cli *cli, const struct sync_changes *changes,
			     struct err *err)
{
	struct listing listing = { .cli = cli };
	bool done;

	buf_char(&listing.bytes, '[');
	done = sync_changes_each(changes, 0, list_change, &listing, err);
	buf_char(&listing.bytes, ']');
	done = done && flush(&listing, err);
	buf_fini(&listing.bytes);
	return done;
}
