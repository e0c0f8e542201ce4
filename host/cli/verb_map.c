/* muster map show: the mapping in effect, each field with where it comes from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/remote.h"
#include "cli/verbs.h"
#include "connector/json_value.h"

static bool put_line(struct output *output, const char *map, const char *what,
		     const struct value *at, const char *source, struct err *err)
{
	struct buf field = BUF_INIT;
	bool done;

	buf_printf(&field, "%s%s", what, value_text(at, "name", ""));
	{
		struct query_value values[] = {
			output_text(map),
			output_text(buf_text(&field)),
			output_text(value_text(at, source, "")),
			output_text(value_text(at, "origin", "")),
		};

		done = buf_ok(&field, err) && output_row(output, values, err);
	}
	buf_fini(&field);
	return done;
}

static bool put_lines(struct output *output, const char *map, const char *what,
		      const struct value *list, const char *source, struct err *err)
{
	for (size_t i = 0; i < value_count(list); i++) {
		if (!put_line(output, map, what, value_at(list, i), source, err))
			return false;
	}
	return true;
}

static bool put_map(struct output *output, const char *name, const struct value *map,
		    struct err *err)
{
	return put_lines(output, name, "", value_get(map, "fields"), "source", err) &&
	       put_lines(output, name, "keep ", value_get(map, "keep"), "rule", err) &&
	       put_lines(output, name, "drop ", value_get(map, "drop"), "rule", err);
}

static bool print_table(struct cli *cli, const struct value *maps, struct err *err)
{
	static const struct output_column columns[] = {
		{ .name = "map" },
		{ .name = "field" },
		{ .name = "source" },
		{ .name = "from" },
	};
	struct output *output = cli_output(cli, columns, sizeof(columns) / sizeof(columns[0]), err);
	bool done = output != NULL;

	for (size_t i = 0; done && i < value_count(maps); i++)
		done = put_map(output, maps->keys[i], &maps->items[i], err);
	if (!done) {
		output_free(output);
		return false;
	}
	return cli_output_end(cli, output, NULL, err);
}

/* "kandji" is the vendor's mapping, "kandji/acme" that of an account, connected or not yet. */
static struct connector *load(struct cli *cli, const char *selector, struct err *err)
{
	const char *slash = strchr(selector, '/');
	char vendor[128];

	snprintf(vendor, sizeof(vendor), "%.*s", (int)strcspn(selector, "/"), selector);
	return remote_load(cli, vendor, slash ? slash + 1 : NULL, err);
}

static bool fail_no_map(const struct cli *cli, const struct value *maps, const char *wanted,
			struct err *err)
{
	const char *nearest =
		str_nearest(wanted, (const char *const *)maps->keys, value_count(maps));

	err_set(err, ERR_MISSING, "%s has no map \"%s\"", parsed_arg(&cli->parsed, 0), wanted);
	return nearest ? err_hint(err, "did you mean %s?", nearest)
		       : err_hint(err, "muster map show %s", parsed_arg(&cli->parsed, 0));
}

/* One of the maps, or all. */
static bool print(struct cli *cli, const struct value *maps, const char *wanted, struct err *err)
{
	struct value one = { .type = VALUE_MAP, .count = 1 };
	size_t i = 0;

	while (wanted && i < value_count(maps) && !str_eq(maps->keys[i], wanted))
		i++;
	if (wanted && i == value_count(maps))
		return fail_no_map(cli, maps, wanted, err);
	if (wanted) {
		one.keys = &maps->keys[i];
		one.items = &maps->items[i];
		maps = &one;
	}
	return cli->is_json ? cli_object(cli, json_from_value(maps), err)
			    : print_table(cli, maps, err);
}

bool verb_map_show(struct cli *cli, struct err *err)
{
	struct connector *connector = load(cli, parsed_arg(&cli->parsed, 0), err);
	static const struct value none = { .type = VALUE_MAP };
	const struct value *maps;
	bool done;

	if (!connector)
		return false;
	maps = value_get(connector_declaration(connector), "maps");
	done = print(cli, maps ? maps : &none, parsed_arg(&cli->parsed, 1), err);
	connector_free(connector);
	return done;
}
