/* The settings of an account as a person or the flags give them. */
#include "cli/form.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"
#include "cli/consent.h"
#include "cli/consent_wait.h"
#include "cli/prompt.h"
#include "cli/remote.h"
#include "cli/secrets.h"

void form_init(struct form *form, struct connector *connector)
{
	*form = (struct form){ .connector = connector };
}

void form_fini(struct form *form)
{
	for (size_t i = 0; i < form->field_count; i++)
		free(form->fields[i].text);
	for (size_t i = 0; i < form->secret_count; i++)
		secret_fini(&form->secrets[i]);
	consent_grant_fini(&form->grant);
	credential_use_fini(&form->shared);
	free(form->settings);
	*form = (struct form){ 0 };
}

static const struct value *settings_of(const struct connector *connector)
{
	return value_get(connector_declaration(connector), "settings");
}

static const char *id_of(const struct value *setting)
{
	return value_text(setting, "id", "");
}

static bool is_secret(const struct value *setting)
{
	return str_eq(value_text(setting, "type", "text"), "secret");
}

static bool is_required(const struct value *setting)
{
	return !value_get(setting, "default") && value_bool(setting, "required", true);
}

/* --- flags --- */

static bool fail_unknown(const struct connector *connector, const char *id, struct err *err)
{
	const struct value *settings = settings_of(connector);
	const char *names[FORM_FIELDS_MAX];
	const char *nearest;
	size_t count = 0;

	for (; count < value_count(settings) && count < FORM_FIELDS_MAX; count++)
		names[count] = id_of(value_at(settings, count));
	err_set(err, ERR_USAGE, "%s has no setting \"%s\"", connector_id(connector), id);
	nearest = str_nearest(id, names, count);
	if (nearest)
		return err_hint(err, "did you mean %s?", nearest);
	return err_hint(err, "muster vendors show %s", connector_id(connector));
}

/* `given` is ID or ID=VALUE. */
static bool check_flag(const struct connector *connector, const char *flag, const char *given,
		       bool wants_secret, struct err *err)
{
	char id[64];
	const struct value *setting;

	snprintf(id, sizeof(id), "%.*s", (int)strcspn(given, "="), given);
	setting = connector_setting(connector, id);
	if (!setting && wants_secret && str_eq(id, CONSENT_CODE) &&
	    consent_may_be_needed(connector))
		return true;
	if (!setting)
		return fail_unknown(connector, id, err);
	if (wants_secret == is_secret(setting))
		return true;
	err_set(err, ERR_USAGE, "--%s: %s is %s", flag, id,
		wants_secret ? "no secret" : "a secret, and others can read your command line");
	if (wants_secret)
		return err_hint(err, "give --set %s=VALUE", id);
	return err_hint(err,
			"give --secret-file %s=PATH or --secret-stdin %s, or type it when asked; "
			"consider this one known to others",
			id, id);
}

bool form_check_flags(struct cli *cli, const struct connector *connector, struct err *err)
{
	static const struct {
		const char *flag;
		bool is_secret;
	} flags[] = { { "set", false }, { "secret-file", true }, { "secret-stdin", true } };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		const char *given;
		size_t at = 0;

		while ((given = parsed_next(&cli->parsed, flags[i].flag, &at))) {
			if (!check_flag(connector, flags[i].flag, given, flags[i].is_secret, err))
				return false;
		}
	}
	return true;
}

bool form_check_exclusive(const struct cli *cli, struct err *err)
{
	const struct parsed *parsed = &cli->parsed;

	if (!parsed_text(parsed, "credential") ||
	    (!parsed_has(parsed, "secret-file") && !parsed_has(parsed, "secret-stdin")))
		return true;
	err_set(err, ERR_USAGE, "--credential and secrets exclude each other");
	return err_hint(err, "new values for a credential: muster credentials replace %s",
			parsed_text(parsed, "credential"));
}

static const char *flag_text(struct cli *cli, const char *id)
{
	size_t at = 0, len = strlen(id);
	const char *pair, *found = NULL;

	while ((pair = parsed_next(&cli->parsed, "set", &at))) {
		if (strncmp(pair, id, len) == 0 && pair[len] == '=')
			found = pair + len + 1;
	}
	return found;
}

/* --- what is stored, as somebody would have typed it --- */

static char *stored_text(const json_t *stored, const char *id)
{
	const json_t *value = json_object_get(stored, id);
	const json_t *url = json_object_get(value, "url");
	struct buf text = BUF_INIT;

	if (json_is_string(value) || json_is_string(url))
		return str_dup(json_string_value(json_is_string(value) ? value : url));
	if (json_is_boolean(value))
		return str_dup(json_is_true(value) ? "true" : "false");
	if (!json_is_integer(value))
		return NULL;
	buf_printf(&text, "%" PRId64, (int64_t)json_integer_value(value));
	return buf_take(&text);
}

/* --- questions --- */

static void put_question(const struct value *setting, struct buf *out)
{
	const struct value *choices = value_get(setting, "choices");
	const char *example = value_text(setting, "example", NULL);

	buf_str(out, value_text(setting, "label", id_of(setting)));
	for (size_t i = 0; i < value_count(choices); i++) {
		const struct value *choice = value_at(choices, i);

		buf_printf(out, "%s%s", i ? ", " : " (",
			   choice->type == VALUE_BYTES ? choice->bytes
						       : value_text(choice, "id", "?"));
	}
	if (value_count(choices) > 0)
		buf_char(out, ')');
	else if (example)
		buf_printf(out, " (such as %s)", example);
	if (!is_required(setting) && !value_get(setting, "default"))
		buf_str(out, " [Enter: none]");
}

static char *default_text(const struct value *setting)
{
	const struct value *value = value_get(setting, "default");
	struct buf text = BUF_INIT;

	if (!value)
		return NULL;
	if (value->type == VALUE_BYTES)
		buf_append(&text, value->bytes, value->len);
	else if (value->type == VALUE_INT)
		buf_printf(&text, "%" PRId64, value->i);
	else
		buf_str(&text, value->type == VALUE_TRUE ? "true" : "false");
	return buf_take(&text);
}

static bool ask(struct cli *cli, struct form_field *field, const struct value *setting,
		struct err *err)
{
	struct buf question = BUF_INIT;
	char instead[128];
	char *fallback = default_text(setting);
	char *answer = NULL;
	bool done;

	put_question(setting, &question);
	snprintf(instead, sizeof(instead), "give --set %s=VALUE", field->id);
	done = buf_ok(&question, err) &&
	       prompt_text(cli, buf_text(&question), fallback, instead, &answer, err);
	free(fallback);
	buf_fini(&question);
	if (!done)
		return false;
	free(field->text);
	field->text = answer;
	field->was_asked = true;
	return true;
}

/* --- filling in --- */

static size_t inputs_of(const struct form *form, struct setting_input *inputs)
{
	size_t count = 0;

	for (size_t i = 0; i < form->field_count; i++) {
		if (form->fields[i].text)
			inputs[count++] =
				(struct setting_input){ form->fields[i].id, form->fields[i].text };
	}
	return count;
}

static bool applies(const struct form *form, const struct value *setting)
{
	struct setting_input inputs[FORM_FIELDS_MAX];
	size_t count = inputs_of(form, inputs);

	return connector_setting_applies(form->connector, setting, inputs, count);
}

/* From a flag, from what is stored, or by asking; a default or an optional one may stay away. */
static bool fill_field(struct cli *cli, struct form_field *field, const struct value *setting,
		       const json_t *stored, struct err *err)
{
	const char *given = flag_text(cli, field->id);
	bool can_ask = cli->terminal.can_ask && !cli->no_input;

	if (given)
		field->text = str_dup(given);
	else if (stored)
		field->text = stored_text(stored, field->id);
	else if (can_ask || is_required(setting))
		return ask(cli, field, setting, err);
	return !given || field->text || err_oom(err);
}

/* Does it depend on this setting whether a secret applies? */
static bool is_condition(const struct value *settings, const char *id)
{
	for (size_t i = 0; i < value_count(settings); i++) {
		const struct value *setting = value_at(settings, i);

		if (is_secret(setting) && value_get(value_get(setting, "when"), id))
			return true;
	}
	return false;
}

static bool fill(struct cli *cli, struct form *form, const json_t *stored, bool only_conditions,
		 struct err *err)
{
	const struct value *settings = settings_of(form->connector);

	for (size_t i = 0; i < value_count(settings) && form->field_count < FORM_FIELDS_MAX; i++) {
		const struct value *setting = value_at(settings, i);
		struct form_field *field;

		if (is_secret(setting) || !applies(form, setting) ||
		    (only_conditions && !is_condition(settings, id_of(setting))))
			continue;
		field = &form->fields[form->field_count++];
		field->id = id_of(setting);
		if (!fill_field(cli, field, setting, stored, err))
			return false;
	}
	return true;
}

static struct form_field *field_of(struct form *form, const char *id)
{
	for (size_t i = 0; i < form->field_count; i++) {
		if (str_eq(form->fields[i].id, id))
			return &form->fields[i];
	}
	return NULL;
}

static bool fail_problems(const struct form *form, const struct problems *problems, struct err *err)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < problems->count; i++)
		buf_printf(&text, "%s%s: %s", i ? "; " : "", problems->items[i].id,
			   problems->items[i].message);
	err_set(err, ERR_CONFIG, "%s: %s", connector_id(form->connector), buf_text(&text));
	buf_fini(&text);
	return err_hint(err, "muster vendors show %s", connector_id(form->connector));
}

/* Asks again for what was typed and cannot be used; what came from elsewhere is an error. */
static bool ask_again(struct cli *cli, struct form *form, const struct problems *problems,
		      struct err *err)
{
	for (size_t i = 0; i < problems->count; i++) {
		struct form_field *field = field_of(form, problems->items[i].id);

		if (!field || !field->was_asked)
			return fail_problems(form, problems, err);
	}
	for (size_t i = 0; i < problems->count; i++) {
		struct form_field *field = field_of(form, problems->items[i].id);

		cli_warn(cli, "  %s: %s", field->id, problems->items[i].message);
		if (!ask(cli, field, connector_setting(form->connector, field->id), err))
			return false;
	}
	return true;
}

static bool parse(struct cli *cli, struct form *form, struct err *err)
{
	while (!form->settings) {
		struct setting_input inputs[FORM_FIELDS_MAX];
		size_t count = inputs_of(form, inputs);
		struct problems problems;
		bool done;

		if (!remote_parse_settings(cli, form->connector, inputs, count, &form->settings,
					   &problems, err))
			return false;
		done = form->settings || ask_again(cli, form, &problems, err);
		problems_fini(&problems);
		if (!done)
			return false;
	}
	return true;
}

bool form_fill_settings(struct cli *cli, struct form *form, const char *stored, struct err *err)
{
	json_t *values = stored ? json_loads(stored, 0, NULL) : NULL;
	bool done = fill(cli, form, values, false, err) && parse(cli, form, err);

	json_decref(values);
	return done;
}

bool form_fill_conditions(struct cli *cli, struct form *form, struct err *err)
{
	return fill(cli, form, NULL, true, err);
}

/* --- secrets --- */

static bool fill_secrets(struct cli *cli, struct form *form, bool only_given, struct err *err)
{
	const struct value *settings = settings_of(form->connector);

	for (size_t i = 0; i < value_count(settings) && form->secret_count < FORM_FIELDS_MAX; i++) {
		const struct value *setting = value_at(settings, i);
		size_t at = form->secret_count;
		const char *id = id_of(setting);

		if (!is_secret(setting) || !applies(form, setting) ||
		    ((only_given || !is_required(setting)) && !secret_is_given(cli, id)))
			continue;
		if (!secret_setting(cli, id, value_text(setting, "label", id), &form->secrets[at],
				    err))
			return false;
		form->named[at] = (struct check_secret){ id, &form->secrets[at] };
		form->secret_count++;
	}
	form->typed_count = form->secret_count;
	return true;
}

bool form_fill_secrets(struct cli *cli, struct form *form, struct err *err)
{
	return fill_secrets(cli, form, false, err);
}

bool form_fill_given_secrets(struct cli *cli, struct form *form, struct err *err)
{
	return fill_secrets(cli, form, true, err);
}

bool form_has_consent(const struct form *form)
{
	return form->grant.refresh_token.len > 0;
}

bool form_has_news(const struct form *form)
{
	return form->typed_count > 0 || form_has_consent(form);
}
