/* Settings of an account: what was typed, completed, parsed in the sandbox, and checked. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "connector/connector.h"
#include "connector/endpoint.h"
#include "connector/json_value.h"

struct parse {
	struct connector *connector;
	struct value_tree *sent; /* { values = id -> text }, as the sandbox gets it */
	settings_parsed_fn *done;
	void *arg;
	struct setting_problem *problems;
	size_t problem_count;
};

static const struct value *declared_settings(const struct connector *connector)
{
	return value_get(connector_declaration(connector), "settings");
}

const struct value *connector_setting(const struct connector *connector, const char *id)
{
	const struct value *settings = declared_settings(connector);

	for (size_t i = 0; i < value_count(settings); i++) {
		if (str_eq(value_text(value_at(settings, i), "id", ""), id))
			return value_at(settings, i);
	}
	return NULL;
}

static const char *input_text(const struct setting_input *inputs, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++) {
		if (str_eq(inputs[i].id, id))
			return inputs[i].text;
	}
	return NULL;
}

bool connector_setting_applies(const struct connector *connector, const struct value *setting,
			       const struct setting_input *inputs, size_t count)
{
	const struct value *when = value_get(setting, "when");

	for (size_t i = 0; when != NULL && i < value_count(when); i++) {
		const struct value *asked = connector_setting(connector, when->keys[i]);
		const char *given = input_text(inputs, count, when->keys[i]);
		const struct value *wanted = &when->items[i];

		if (given == NULL)
			given = value_text(asked, "default", NULL);
		if (given == NULL || wanted->type != VALUE_BYTES || !str_eq(given, wanted->bytes))
			return false;
	}
	return true;
}

/* --- problems --- */

static void free_parse(void *arg)
{
	struct parse *parse = arg;

	for (size_t i = 0; i < parse->problem_count; i++) {
		free(parse->problems[i].id);
		free(parse->problems[i].message);
	}
	value_tree_free(parse->sent);
	free(parse->problems);
	free(parse);
}

/* A problem that cannot be kept for lack of memory still fails: the count says so in finish(). */
static void add_problem(struct parse *parse, const char *id, const char *message)
{
	struct setting_problem *problems =
		realloc(parse->problems, (parse->problem_count + 1) * sizeof(*problems));

	if (problems == NULL)
		return;
	parse->problems = problems;
	problems[parse->problem_count].id = str_dup(id);
	problems[parse->problem_count].message = str_dup(message);
	if (problems[parse->problem_count].id != NULL &&
	    problems[parse->problem_count].message != NULL)
		parse->problem_count++;
}

static void add_unknown(struct parse *parse, const char *id)
{
	const struct value *settings = declared_settings(parse->connector);
	const char *names[64];
	struct buf message = BUF_INIT;
	const char *nearest;
	size_t count = 0;

	for (; count < value_count(settings) && count < 64; count++)
		names[count] = value_text(value_at(settings, count), "id", "");
	nearest = str_nearest(id, names, count);
	buf_printf(&message, "%s has no such setting", connector_id(parse->connector));
	if (nearest != NULL)
		buf_printf(&message, "; did you mean %s?", nearest);
	add_problem(parse, id, buf_text(&message));
	buf_fini(&message);
}

/* --- before the sandbox: what is missing, what is unknown --- */

static bool is_secret(const struct value *setting)
{
	return str_eq(value_text(setting, "type", "text"), "secret");
}

/* A default as the text that somebody would have typed. */
static void put_default(struct buf *out, const struct value *value)
{
	if (value->type == VALUE_BYTES)
		buf_append(out, value->bytes, value->len);
	else if (value->type == VALUE_INT)
		buf_printf(out, "%lld", (long long)value->i);
	else
		buf_str(out, value->type == VALUE_TRUE ? "true" : "false");
}

static bool is_required(const struct value *setting)
{
	return value_get(setting, "default") == NULL && value_bool(setting, "required", true);
}

/* Puts id and text of one setting, or notes that it is missing; false if there is nothing to parse.
 */
static bool put_input(struct parse *parse, struct buf *values, const struct value *setting,
		      const struct setting_input *inputs, size_t count)
{
	const char *id = value_text(setting, "id", "");
	const char *text = input_text(inputs, count, id);
	struct buf fallback = BUF_INIT;

	if (is_secret(setting) ||
	    !connector_setting_applies(parse->connector, setting, inputs, count))
		return false;
	if (text == NULL || text[0] == '\0') {
		if (value_get(setting, "default") == NULL) {
			if (is_required(setting))
				add_problem(parse, id, "is required");
			return false;
		}
		put_default(&fallback, value_get(setting, "default"));
		text = buf_text(&fallback);
	}
	value_put_str(values, id);
	value_put_str(values, text);
	buf_fini(&fallback);
	return true;
}

static void put_inputs(struct parse *parse, struct buf *args, const struct setting_input *inputs,
		       size_t count)
{
	const struct value *settings = declared_settings(parse->connector);
	struct buf values = BUF_INIT;
	size_t given = 0;

	for (size_t i = 0; i < count; i++) {
		if (connector_setting(parse->connector, inputs[i].id) == NULL)
			add_unknown(parse, inputs[i].id);
	}
	for (size_t i = 0; i < value_count(settings); i++)
		given += put_input(parse, &values, value_at(settings, i), inputs, count);
	value_put_map(args, 1);
	value_put_str(args, "values");
	value_put_map(args, given);
	buf_append(args, values.data, values.len);
	args->failed |= values.failed;
	buf_fini(&values);
}

/* --- after it: the host's own check --- */

static void take_errors(struct parse *parse, const struct value *errors)
{
	for (size_t i = 0; i < value_count(errors); i++)
		add_problem(parse, value_text(value_at(errors, i), "id", "?"),
			    value_text(value_at(errors, i), "message", "cannot be used"));
}

static void check_parsed(struct parse *parse, const json_t *settings)
{
	const struct value *declared = declared_settings(parse->connector);
	const struct value *typed = value_get(value_root(parse->sent), "values");

	for (size_t i = 0; i < value_count(declared); i++) {
		const struct value *setting = value_at(declared, i);
		const char *id = value_text(setting, "id", "");
		const json_t *parsed = json_object_get(settings, id);
		struct err err = ERR_INIT;

		if (parsed != NULL &&
		    !endpoint_check_setting(setting, parsed, value_text(typed, id, ""), &err))
			add_problem(parse, id, err.message);
	}
}

static void finish(struct parse *parse, json_t *settings, const struct err *failure)
{
	struct err err = *failure;
	char *json = NULL;

	if (err.kind == ERR_NONE && parse->problem_count == 0) {
		json = json_text_take(settings);
		settings = NULL;
		if (json == NULL)
			err_set(&err, ERR_DATA, "the settings are no UTF-8 text");
	}
	parse->done(parse->arg, json, parse->problems, parse->problem_count, &err);
	json_decref(settings);
	free(json);
	free_parse(parse);
}

static void on_settings(void *arg, const struct value *result, const struct err *failure)
{
	const struct value *values = value_get(result, "values");
	struct parse *parse = arg;
	json_t *settings = NULL;

	if (result != NULL) {
		take_errors(parse, value_get(result, "errors"));
		settings = values != NULL && values->type == VALUE_MAP ? json_from_value(values)
								       : json_object();
		check_parsed(parse, settings);
	}
	finish(parse, settings, failure);
}

bool connector_parse_settings(struct connector *connector, const struct setting_input *inputs,
			      size_t count, settings_parsed_fn *done, void *arg, struct err *err)
{
	struct parse *parse = calloc(1, sizeof(*parse));
	struct buf args = BUF_INIT;
	bool fine;

	if (parse == NULL)
		return err_oom(err);
	*parse = (struct parse){ .connector = connector, .done = done, .arg = arg };
	put_inputs(parse, &args, inputs, count);
	parse->sent = buf_ok(&args, err) ? value_parse(args.data, args.len, err) : NULL;
	fine = parse->sent != NULL && guest_call_owning(connector_guest(connector), "settings",
							&args, on_settings, free_parse, parse, err);
	buf_fini(&args);
	if (!fine)
		free_parse(parse);
	return fine;
}
