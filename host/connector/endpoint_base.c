/* Where the declared bases may lead. */
#include <string.h>

#include "base/str.h"
#include "connector/endpoint.h"

static const char scheme[] = "https://";

/* "data_center.mdm": the name goes as far as the dot, a column of the setting's table follows. */
static const struct value *find_setting(const struct value *declaration, const char *id, size_t len)
{
	const struct value *settings = value_get(declaration, "settings");
	const char *dot = memchr(id, '.', len);

	if (dot != NULL)
		len = (size_t)(dot - id);

	for (size_t i = 0; i < value_count(settings); i++) {
		const char *known = value_text(value_at(settings, i), "id", "");

		if (strlen(known) == len && memcmp(known, id, len) == 0)
			return value_at(settings, i);
	}
	return NULL;
}

/* The next {name} in [*at, end): the setting, and where it ends; false when there is none. */
static bool next_name(const struct value *declaration, const char **at, const char *end,
		      const struct value **setting)
{
	const char *open = memchr(*at, '{', (size_t)(end - *at));
	const char *close = open != NULL ? memchr(open, '}', (size_t)(end - open)) : NULL;

	if (close == NULL)
		return false;
	*setting = find_setting(declaration, open + 1, (size_t)(close - open) - 1);
	*at = close + 1;
	return true;
}

/* --- the declaration --- */

/* "{api_url}/api/v1": the setting gives scheme and host, and nothing may continue them. */
static bool check_whole(const struct value *declaration, const char *base, struct err *err)
{
	const char *at = base;
	const struct value *setting;

	if (!next_name(declaration, &at, base + strlen(base), &setting))
		return err_set(err, ERR_CONFIG, "\"%s\" is no https URL", base);
	if (*at != '\0' && *at != '/')
		return err_set(err, ERR_CONFIG, "\"%s\": only a path may follow the setting", base);
	if (value_get(setting, "hosts") != NULL)
		return true;
	return err_set(err, ERR_CONFIG,
		       "\"%s\": a setting that gives the address must declare its \"hosts\"", base);
}

/* ".vendor.com": nothing that comes before it can lead elsewhere. */
static bool is_domain(const char *text, const char *end)
{
	size_t len = (size_t)(end - text);

	return len > 2 && text[0] == '.' && memchr(text + 1, '.', len - 1) != NULL;
}

/* "https://{region}.vendor.com", "https://api.{dc}" with a list of what dc may be. */
static bool check_host(const struct value *declaration, const char *base, struct err *err)
{
	const char *at = base + strlen(scheme), *end = at + strcspn(at, ":/"), *behind = at;
	bool is_bounded = true;
	const struct value *setting;

	while (next_name(declaration, &behind, end, &setting))
		is_bounded = is_bounded && value_get(setting, "choices") != NULL;
	/* A brace that is left begins a name which expanding would find behind the host. */
	if (memchr(behind, '{', (size_t)(end - behind)) == NULL &&
	    (is_bounded || is_domain(behind, end)))
		return true;
	return err_set(
		err, ERR_CONFIG,
		"\"%s\": its host must be written out, end with a written domain, or be made "
		"of settings with \"choices\"",
		base);
}

static bool check_base(const struct value *declaration, const struct value *base, struct err *err)
{
	if (base->type == VALUE_BYTES && str_has_prefix(base->bytes, scheme))
		return check_host(declaration, base->bytes, err);
	if (base->type == VALUE_BYTES && base->bytes[0] == '{')
		return check_whole(declaration, base->bytes, err);
	return err_set(err, ERR_CONFIG, "no https URL");
}

/* An address that only the administrator knows, the connector cannot know beforehand. */
static bool check_defaults(const struct value *declaration, struct err *err)
{
	const struct value *settings = value_get(declaration, "settings");

	for (size_t i = 0; i < value_count(settings); i++) {
		const struct value *setting = value_at(settings, i);
		const struct value *hosts = value_get(setting, "hosts");

		if (hosts != NULL && hosts->type == VALUE_BYTES &&
		    value_get(setting, "default") != NULL)
			return err_set(err, ERR_CONFIG,
				       "setting %s: the administrator's own host has no default",
				       value_text(setting, "id", "?"));
	}
	return true;
}

bool endpoint_check_bases(const struct value *declaration, struct err *err)
{
	const struct value *bases = value_get(declaration, "bases");

	for (size_t i = 0; i < value_count(bases); i++) {
		if (!check_base(declaration, &bases->items[i], err))
			return err_context(err, "base %s", bases->keys[i]);
	}
	return check_defaults(declaration, err);
}

/* --- the settings of an account --- */

static bool is_choice(const struct value *choices, const json_t *parsed)
{
	const char *text = json_string_value(parsed);

	for (size_t i = 0; text != NULL && i < value_count(choices); i++) {
		const struct value *choice = value_at(choices, i);

		if (choice->type == VALUE_BYTES && str_eq(choice->bytes, text))
			return true;
	}
	return false;
}

static bool check_setting(const struct value *setting, const json_t *settings, struct err *err)
{
	const char *id = value_text(setting, "id", "");
	const json_t *parsed = json_object_get(settings, id);
	const struct value *choices = value_get(setting, "choices");

	if (value_get(setting, "hosts") != NULL)
		return endpoint_check_setting(setting, parsed, NULL, err);
	return choices == NULL || is_choice(choices, parsed) ||
	       err_set(err, ERR_CONFIG, "setting %s is none of its choices", id);
}

const char *endpoint_table_cell(const struct value *declaration, const char *name,
				const json_t *settings)
{
	const char *dot = strchr(name, '.');
	const struct value *setting = find_setting(declaration, name, strlen(name));
	const char *row =
		json_string_value(json_object_get(settings, value_text(setting, "id", "")));
	const struct value *cells = NULL;

	if (dot != NULL && row != NULL)
		cells = value_get(value_get(setting, "table"), row);
	return value_text(cells, dot != NULL ? dot + 1 : "", NULL);
}

bool endpoint_lacks_base(const struct value *declaration, const char *base, const json_t *settings)
{
	const char *at = base, *end = base + strlen(base);
	const struct value *setting;

	while (next_name(declaration, &at, end, &setting)) {
		if (value_get(setting, "when") != NULL &&
		    json_object_get(settings, value_text(setting, "id", "")) == NULL)
			return true;
	}
	return false;
}

bool endpoint_check_base_settings(const struct value *declaration, const char *base,
				  const json_t *settings, struct err *err)
{
	const char *at = base, *end = base + strlen(base);
	const struct value *setting;

	while (next_name(declaration, &at, end, &setting)) {
		if (setting != NULL && !check_setting(setting, settings, err))
			return false;
	}
	return true;
}
