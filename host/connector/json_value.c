/* Wire values and JSON, both ways. */
#include "connector/json_value.h"

#include "base/json.h"
#include "base/str.h"

static json_t *from_list(const struct value *value)
{
	json_t *list = json_array();

	for (size_t i = 0; i < value->count; i++)
		json_add(&list, json_from_value(&value->items[i]));
	return list;
}

static json_t *from_map(const struct value *value)
{
	json_t *object = json_object();

	for (size_t i = 0; i < value->count; i++)
		json_put(&object, value->keys[i], json_from_value(&value->items[i]));
	return object;
}

json_t *json_from_value(const struct value *value)
{
	switch (value->type) {
	case VALUE_FALSE:
	case VALUE_TRUE:
		return json_boolean(value->type == VALUE_TRUE);
	case VALUE_INT:
		return json_integer(value->i);
	case VALUE_DOUBLE:
		return json_real(value->d);
	case VALUE_BYTES:
		return json_stringn(value->bytes, value->len);
	case VALUE_LIST:
		return from_list(value);
	case VALUE_MAP:
		return from_map(value);
	case VALUE_NIL:
		break;
	}
	return json_null();
}

static void put_object(struct buf *out, const json_t *json)
{
	const char *key;
	json_t *member;

	value_put_map(out, json_object_size(json));
	json_object_foreach((json_t *)(uintptr_t)json, key, member)
	{
		value_put_str(out, key);
		value_put_json(out, member);
	}
}

void value_put_json(struct buf *out, const json_t *json)
{
	out->failed |= json == NULL;
	switch (json == NULL ? JSON_NULL : json_typeof(json)) {
	case JSON_TRUE:
	case JSON_FALSE:
		value_put_bool(out, json_is_true(json));
		return;
	case JSON_INTEGER:
		value_put_int(out, json_integer_value(json));
		return;
	case JSON_REAL:
		value_put_double(out, json_real_value(json));
		return;
	case JSON_STRING:
		value_put_bytes(out, json_string_value(json), json_string_length(json));
		return;
	case JSON_ARRAY:
		value_put_list(out, json_array_size(json));
		for (size_t i = 0; i < json_array_size(json); i++)
			value_put_json(out, json_array_get(json, i));
		return;
	case JSON_OBJECT:
		put_object(out, json);
		return;
	case JSON_NULL:
		break;
	}
	value_put_nil(out);
}

json_t *json_any_text(const char *text)
{
	struct buf clean = BUF_INIT;
	json_t *json;

	str_put_utf8(&clean, text);
	json = json_string(buf_text(&clean));
	buf_fini(&clean);
	return json;
}

char *json_text_take(json_t *json)
{
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	json_decref(json);
	return text;
}
