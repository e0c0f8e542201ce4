/* The table of permissions, as JSON and for a person. */
#include "cli/permissions.h"

#include "base/json.h"
#include "connector/json_value.h"

static json_t *row_json(const struct value *row)
{
	json_t *needed_for = json_from_value(value_get(row, "needed_for"));

	return json_pack("{s:s?, s:s?, s:s, s:s?, s:o}", "section",
			 value_text(row, "section", NULL), "category",
			 value_text(row, "category", NULL), "permission",
			 value_text(row, "permission", ""), "access",
			 value_text(row, "access", NULL), "needed_for", needed_for);
}

json_t *permissions_table(const struct connector *connector)
{
	const struct value *declared = value_get(connector_declaration(connector), "permissions");
	json_t *list = json_array();

	for (size_t i = 0; i < value_count(declared); i++)
		json_add(&list, row_json(value_at(declared, i)));
	return list;
}

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

static void put_row(struct buf *out, const json_t *row)
{
	const char *section = text_of(row, "section"), *category = text_of(row, "category");
	const char *access = text_of(row, "access");
	size_t i;
	json_t *what;

	buf_printf(out, "%s%s%s%s%s", section, *section && *category ? ", " : "", category,
		   *section || *category ? ": " : "", text_of(row, "permission"));
	if (*access)
		buf_printf(out, " (%s)", access);
	json_array_foreach(json_object_get(row, "needed_for"), i, what)
		buf_printf(out, "%s%s", i > 0 ? ", " : ", for ", json_string_value(what));
}

bool permissions_say(const struct cli *cli, const json_t *table, struct err *err)
{
	bool done = true;
	size_t i;
	json_t *row;

	json_array_foreach(table, i, row)
	{
		struct buf line = BUF_INIT;

		put_row(&line, row);
		done = done && buf_ok(&line, err) && cli_say(cli, err, "  %s", buf_text(&line));
		buf_fini(&line);
	}
	return done;
}
