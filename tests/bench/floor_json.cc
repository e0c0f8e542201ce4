// floor_parse with simdjson: one DOM a page, members looked for where they stood in the row before.
#include "floor.h"

#include <cstring>
#include <simdjson.h>
#include <string>
#include <string_view>

using simdjson::dom::element;
using simdjson::dom::element_type;

static floor_value scalar(element from, std::string &made)
{
	floor_value value{};

	switch (from.type()) {
	case element_type::NULL_VALUE:
		return value;
	case element_type::BOOL:
		value.type = floor_value::FLOOR_INT;
		value.i = from.get_bool().value_unsafe();
		return value;
	case element_type::INT64:
		value.type = floor_value::FLOOR_INT;
		value.i = from.get_int64().value_unsafe();
		return value;
	case element_type::DOUBLE:
		value.type = floor_value::FLOOR_REAL;
		value.d = from.get_double().value_unsafe();
		return value;
	case element_type::STRING: {
		std::string_view text = from.get_string().value_unsafe();

		value.type = floor_value::FLOOR_TEXT;
		value.text = text.data();
		value.len = text.size();
		return value;
	}
	default:
		made = simdjson::minify(from);
		value.type = floor_value::FLOOR_TEXT;
		value.text = made.data();
		value.len = made.size();
		return value;
	}
}

static void take(const floor_column &column, element member, floor_value *value, std::string &made)
{
	simdjson::dom::object inner;
	element found;

	if (column.inner == nullptr)
		*value = scalar(member, made);
	else if (!member.get(inner) && !inner[column.inner].get(found))
		*value = scalar(found, made);
}

// All columns of one member; members usually come in the columns' order.
static void take_member(const floor_column *columns, size_t count, size_t *guess,
			simdjson::dom::key_value_pair member, floor_value *values, std::string *made)
{
	for (size_t tried = 0; tried < count; tried++) {
		size_t at = (*guess + tried) % count;

		if (member.key != columns[at].name)
			continue;
		for (; at < count && member.key == columns[at].name; at++)
			take(columns[at], member.value, &values[at], made[at]);
		*guess = at % count;
		return;
	}
}

int64_t floor_parse(const char *body, size_t len, const char *list, const floor_column *columns,
		    size_t count, floor_row_fn *row, void *arg, int64_t *total)
{
	static simdjson::dom::parser parser;
	static std::string made[FLOOR_COLUMNS_MAX];
	simdjson::dom::array rows;
	element root;
	int64_t found = 0;

	if (parser.parse(body, len, false).get(root))
		return -1;
	if (total != nullptr && list != nullptr && root["total"].get(*total))
		*total = 0;
	if (list != nullptr ? root[list].get(rows) : root.get(rows))
		return -1;
	for (simdjson::dom::object object : rows) {
		floor_value values[FLOOR_COLUMNS_MAX] = {};
		size_t guess = 0;

		for (auto member : object)
			take_member(columns, count, &guess, member, values, made);
		if (!row(arg, values))
			return -1;
		found++;
	}
	return found;
}
