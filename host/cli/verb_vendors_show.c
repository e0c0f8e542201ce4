/* muster vendors show: a connector as it declares itself. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/consent.h"
#include "cli/permissions.h"
#include "cli/remote.h"
#include "cli/verbs.h"
#include "connector/capability.h"
#include "connector/json_value.h"

/* --- settings --- */

static json_t *list_json(const struct value *list)
{
	return list ? json_from_value(list) : json_array();
}

/* "sign_in=basic": what another setting has to be for this one to be asked for. */
static json_t *when_json(const struct value *when)
{
	struct buf text = BUF_INIT;
	json_t *json;

	for (size_t i = 0; i < value_count(when); i++)
		buf_printf(&text, "%s%s=%s", i ? ", " : "", when->keys[i],
			   value_text(when, when->keys[i], "?"));
	json = text.failed ? NULL : text.len > 0 ? json_string(buf_text(&text)) : json_null();
	buf_fini(&text);
	return json;
}

static json_t *setting_json(const struct value *setting)
{
	bool is_required = !value_get(setting, "default") && value_bool(setting, "required", true);
	json_t *object = json_object();

	json_put_text(&object, "id", value_text(setting, "id", ""));
	json_put_text(&object, "type", value_text(setting, "type", "text"));
	json_put_text(&object, "label", value_text(setting, "label", NULL));
	json_put(&object, "is_required", json_boolean(is_required));
	json_put_text(&object, "example", value_text(setting, "example", NULL));
	json_put(&object, "when", when_json(value_get(setting, "when")));
	json_put(&object, "choices", list_json(value_get(setting, "choices")));
	json_put_text(&object, "help", value_text(setting, "help", NULL));
	return object;
}

/* The settings without what only the host works with. */
static json_t *settings_json(const struct value *settings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < value_count(settings); i++)
		json_add(&list, setting_json(value_at(settings, i)));
	return list;
}

/* For a person, sentences that no table has room for: setting -> help, taken out of the settings.
 */
static json_t *take_helps(json_t *settings)
{
	json_t *helps = json_object();
	size_t i;
	json_t *setting;

	json_array_foreach(settings, i, setting)
	{
		json_t *help = json_incref(json_object_get(setting, "help"));
		const char *id = json_string_value(json_object_get(setting, "id"));

		json_object_del(setting, "help");
		if (json_is_string(help))
			json_put(&helps, id, help);
		else
			json_decref(help);
	}
	return helps;
}

/* --- the rest --- */

static json_t *names_json(const struct value *map)
{
	json_t *list = json_array();

	for (size_t i = 0; i < value_count(map); i++)
		json_add(&list, json_string(map->keys[i]));
	return list;
}

static json_t *stream_json(const struct value *stream)
{
	json_t *object = json_object();

	json_put_text(&object, "stream", value_text(stream, "name", "?"));
	json_put(&object, "emits", names_json(value_get(stream, "emits")));
	json_put(&object, "needs", capability_needs(stream));
	json_put(&object, "is_enabled", json_boolean(value_bool(stream, "enabled", true)));
	json_put(&object, "may_degrade", json_boolean(value_bool(stream, "may_degrade", false)));
	return object;
}

static json_t *streams_json(const struct value *streams)
{
	json_t *list = json_array();

	for (size_t i = 0; i < value_count(streams); i++)
		json_add(&list, stream_json(value_at(streams, i)));
	return list;
}

/* Writes at the vendor; `scopes` is what a consent needs for one, beside those of reading. */
static json_t *actions_json(const struct value *actions)
{
	json_t *list = json_array();

	for (size_t i = 0; i < value_count(actions); i++) {
		const struct value *at = value_at(actions, i);
		json_t *action = json_object();

		json_put_text(&action, "action", value_text(at, "name", "?"));
		json_put_text(&action, "target", value_text(at, "target", NULL));
		json_put(&action, "is_destructive",
			 json_boolean(value_bool(at, "destructive", false)));
		json_put(&action, "needs", list_json(value_get(at, "needs")));
		json_put(&action, "scopes", list_json(value_get(at, "scopes")));
		json_add(&list, action);
	}
	return list;
}

static json_t *lines_json(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t len = strcspn(text, "\n");

		json_add(&list, json_stringn(text, len));
		text += len + (text[len] == '\n');
	}
	return list;
}

/* What is entered where an OAuth client is registered; null for other vendors. */
static void put_redirect(json_t **object, const struct connector *connector)
{
	bool is_needed = consent_may_be_needed(connector);
	char *homepage = consent_homepage(OAUTH_REDIRECT_URI);

	json_put_text(object, "redirect_uri", is_needed ? OAUTH_REDIRECT_URI : NULL);
	json_put(object, "homepage_url",
		 !homepage   ? NULL
		 : is_needed ? json_string(homepage)
			     : json_null());
	free(homepage);
}

static json_t *connector_json(const struct cli *cli, const struct connector *connector,
			      const char *approval)
{
	const struct value *declaration = connector_declaration(connector);
	json_t *settings = settings_json(value_get(declaration, "settings"));
	json_t *object = json_object();

	json_put_text(&object, "vendor", connector_id(connector));
	json_put_text(&object, "name", value_text(declaration, "name", ""));
	json_put_text(&object, "version", value_text(declaration, "version", ""));
	json_put_text(&object, "docs", value_text(declaration, "docs", ""));
	json_put_text(&object, "file", connector_file(connector));
	json_put(&object, "is_shadowing", json_boolean(connector_is_shadowing(connector)));
	json_put(&object, "guide", list_json(value_get(declaration, "guide")));
	put_redirect(&object, connector);
	if (!cli->is_json)
		json_put(&object, "where_to_find", take_helps(settings));
	json_put(&object, "settings", settings);
	json_put(&object, "streams", streams_json(value_get(declaration, "streams")));
	json_put(&object, "actions", actions_json(value_get(declaration, "actions")));
	json_put(&object, "permissions", permissions_table(connector));
	json_put(&object, "reaches", lines_json(approval));
	return object;
}

bool verb_vendors_show(struct cli *cli, struct err *err)
{
	struct connector *connector = remote_load(cli, parsed_arg(&cli->parsed, 0), NULL, err);
	struct buf approval = BUF_INIT;
	char hash[65];
	bool done = connector && connector_approval(connector, &approval, hash, err) &&
		    cli_object(cli, connector_json(cli, connector, buf_text(&approval)), err);

	buf_fini(&approval);
	connector_free(connector);
	if (done)
		verb_vendors_hint(cli);
	return done;
}
