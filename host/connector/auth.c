/* Credential headers from a connector's declared auth. */
#include "connector/auth.h"

#include <string.h>

#include "base/str.h"
#include "vault/oauth/request.h"

void auth_fini(struct auth *auth)
{
	for (size_t i = 0; i < auth->count; i++)
		secret_fini(&auth->values[i]);
	*auth = (struct auth){ 0 };
}

const struct value *auth_declared(const struct value *declaration, const json_t *settings)
{
	const struct value *auth = value_get(declaration, "auth");
	const struct value *alternatives = value_get(auth, "alternatives");
	const char *chosen;

	if (alternatives == NULL)
		return auth;
	chosen = json_string_value(json_object_get(settings, value_text(auth, "choose", "")));
	return chosen != NULL ? value_get(alternatives, chosen) : NULL;
}

bool auth_find_part(const struct auth_parts *parts, const char *id, const char **text, size_t *len,
		    struct err *err)
{
	for (size_t i = 0; i < parts->secret_count; i++) {
		const struct auth_secret *secret = &parts->secrets[i];

		if (str_eq(secret->id, id)) {
			*text = secret->value->data;
			*len = secret->value->len;
			return true;
		}
	}
	*text = json_string_value(json_object_get(parts->settings, id));
	if (*text == NULL)
		return err_set(err, ERR_AUTH, "the credential lacks %s", id);
	*len = strlen(*text);
	return true;
}

bool auth_add_header(struct auth *auth, const char *name, const char *prefix, const char *text,
		     size_t len, struct err *err)
{
	struct secret *value = &auth->values[auth->count];
	size_t head = strlen(prefix);

	if (auth->count == AUTH_HEADERS_MAX)
		return err_set(err, ERR_CONFIG, "auth: at most %d headers", AUTH_HEADERS_MAX);
	if (memchr(text, '\r', len) != NULL || memchr(text, '\n', len) != NULL ||
	    memchr(text, '\0', len) != NULL)
		return err_set(err, ERR_AUTH, "the credential for %s holds a line break or NUL",
			       name);
	if (!secret_init(value, head + len, err))
		return false;
	memcpy(value->data, prefix, head);
	memcpy(value->data + head, text, len);
	auth->headers[auth->count++] = (struct net_header){ .name = name, .value = value->data };
	return true;
}

static bool add_prefixed(struct auth *auth, const char *name, const char *word, const char *text,
			 size_t len, struct err *err)
{
	struct buf prefix = BUF_INIT;
	bool done;

	buf_printf(&prefix, "%s ", word);
	done = buf_ok(&prefix, err) &&
	       auth_add_header(auth, name, buf_text(&prefix), text, len, err);
	buf_fini(&prefix);
	return done;
}

static bool add_bearer(struct auth *auth, const struct value *declared,
		       const struct auth_parts *parts, struct err *err)
{
	const char *token;
	size_t len;

	return auth_find_part(parts, value_text(declared, "token", ""), &token, &len, err) &&
	       add_prefixed(auth, value_text(declared, "header", "Authorization"),
			    value_text(declared, "prefix", "Bearer"), token, len, err);
}

static bool add_basic(struct auth *auth, const struct value *declared,
		      const struct auth_parts *parts, struct err *err)
{
	struct secret text = SECRET_INIT;
	const char *user, *password;
	size_t user_len, password_len;
	bool done;

	if (!auth_find_part(parts, value_text(declared, "username", ""), &user, &user_len, err) ||
	    !auth_find_part(parts, value_text(declared, "password", ""), &password, &password_len,
			    err))
		return false;
	done = oauth_basic(&text, user, user_len, password, password_len, err) &&
	       auth_add_header(auth, "Authorization", "", text.data, text.len, err);
	secret_fini(&text);
	return done;
}

/* { headers = { ["X-Api-Key"] = "api_key" } }: each from a setting; beside what the kind makes. */
static bool add_headers(struct auth *auth, const struct value *declared,
			const struct auth_parts *parts, struct err *err)
{
	const struct value *headers = value_get(declared, "headers");
	const char *text;
	size_t len;

	for (size_t i = 0; i < value_count(headers); i++) {
		const struct value *id = &headers->items[i];

		if (!auth_find_part(parts, id->type == VALUE_BYTES ? id->bytes : "", &text, &len,
				    err) ||
		    !auth_add_header(auth, headers->keys[i], "", text, len, err))
			return false;
	}
	return true;
}

bool auth_from_token(struct auth *auth, const char *header, const char *prefix,
		     const struct secret *token, struct err *err)
{
	*auth = (struct auth){ 0 };
	return add_prefixed(auth, header, prefix, token->data, token->len, err);
}

/* The kinds whose headers are the same for every request. */
static const struct fixed_kind {
	const char *name;
	bool (*add)(struct auth *auth, const struct value *declared, const struct auth_parts *parts,
		    struct err *err);
} fixed_kinds[] = {
	{ "bearer", add_bearer },
	{ "basic", add_basic },
	{ "header", NULL },
	{ "mtls", NULL },
};

bool auth_build(struct auth *auth, const struct value *declared, const struct auth_parts *parts,
		struct err *err)
{
	const char *kind = value_text(declared, "kind", "");

	*auth = (struct auth){ 0 };
	for (size_t i = 0; i < sizeof(fixed_kinds) / sizeof(fixed_kinds[0]); i++) {
		const struct fixed_kind *fixed = &fixed_kinds[i];

		if (!str_eq(fixed->name, kind))
			continue;
		if ((fixed->add == NULL || fixed->add(auth, declared, parts, err)) &&
		    add_headers(auth, declared, parts, err))
			return true;
		auth_fini(auth);
		return false;
	}
	return true;
}
