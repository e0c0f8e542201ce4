/* What the browser brings back beside code and state. */
#include "connector/returns.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "connector/endpoint.h"

static void release(const char *text)
{
	free((char *)(uintptr_t)text);
}

void returns_fini(struct returns *returns)
{
	for (size_t i = 0; i < returns->count; i++) {
		struct oauth_expected *expected = &returns->expected[i];

		release(expected->value);
		for (size_t k = 0; k < expected->elsewhere_count; k++) {
			release(expected->elsewhere[k].value);
			release(expected->elsewhere[k].way_out);
		}
		free(expected->elsewhere);
	}
	*returns = (struct returns){ 0 };
}

static bool expand(const char *template, const struct value *declaration, const json_t *settings,
		   const char **out, struct err *err)
{
	struct buf text = BUF_INIT;
	bool done = endpoint_expand(&text, template, declaration, settings, err);

	*out = done ? str_dup(buf_text(&text)) : NULL;
	buf_fini(&text);
	return done && (*out != NULL || err_oom(err));
}

/* The setting with choices that the template names; NULL = there is none. */
static const struct value *choice_of(const struct value *declaration, const char *template)
{
	const struct value *settings = value_get(declaration, "settings");
	const char *name = strchr(template, '{');
	size_t len = name != NULL ? strcspn(name + 1, ".}") : 0;

	for (size_t i = 0; len > 0 && i < value_count(settings); i++) {
		const char *id = value_text(value_at(settings, i), "id", "");

		if (strlen(id) == len && memcmp(id, name + 1, len) == 0 &&
		    value_get(value_at(settings, i), "choices") != NULL)
			return value_at(settings, i);
	}
	return NULL;
}

static bool add_elsewhere(struct oauth_expected *expected, const char *template,
			  const struct value *declaration, json_t *settings, const char *id,
			  const char *choice, struct err *err)
{
	struct oauth_elsewhere *place = &expected->elsewhere[expected->elsewhere_count];
	struct buf way_out = BUF_INIT;

	if (json_object_set_new(settings, id, json_string(choice)) != 0)
		return err_oom(err);
	buf_printf(&way_out, "this login lives in \"%s\": connect it with --set %s=%s", choice, id,
		   choice);
	place->way_out = buf_take(&way_out);
	expected->elsewhere_count++;
	return (place->way_out != NULL || err_oom(err)) &&
	       expand(template, declaration, settings, &place->value, err);
}

static bool add_places(struct oauth_expected *expected, const char *template,
		       const struct value *declaration, const json_t *settings, struct err *err)
{
	const struct value *setting = choice_of(declaration, template);
	const struct value *choices = value_get(setting, "choices");
	const char *id = value_text(setting, "id", "");
	const char *own = json_string_value(json_object_get(settings, id));
	json_t *other = json_copy((json_t *)(uintptr_t)settings);
	bool done = true;

	expected->elsewhere = calloc(value_count(choices) + 1, sizeof(*expected->elsewhere));
	if (expected->elsewhere == NULL || other == NULL)
		done = err_oom(err);
	for (size_t i = 0; done && i < value_count(choices); i++) {
		const struct value *choice = value_at(choices, i);

		if (choice->type == VALUE_BYTES && own != NULL && !str_eq(choice->bytes, own))
			done = add_elsewhere(expected, template, declaration, other, id,
					     choice->bytes, err);
	}
	json_decref(other);
	return done;
}

bool returns_init(struct returns *out, const struct value *declaration, const struct value *auth,
		  const json_t *settings, struct err *err)
{
	const struct value *declared = value_get(auth, "returns");

	*out = (struct returns){ 0 };
	if (value_count(declared) > RETURNS_MAX)
		return err_set(err, ERR_CONFIG, "auth.returns: at most %d", RETURNS_MAX);
	for (size_t i = 0; i < value_count(declared); i++) {
		struct oauth_expected *expected = &out->expected[i];
		const struct value *template = &declared->items[i];
		const char *text = template->type == VALUE_BYTES ? template->bytes : "";

		expected->name = declared->keys[i];
		out->count++;
		if (!expand(text, declaration, settings, &expected->value, err) ||
		    !add_places(expected, text, declaration, settings, err))
			return err_context(err, "auth.returns.%s", expected->name);
	}
	return true;
}
