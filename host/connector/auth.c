/* Credential headers from a connector's declared auth. */
#include <string.h>

#include "base/str.h"
#include "connector/endpoint.h"
#include "connector/tokens.h"
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

bool auth_find_part(const char *id, const json_t *settings, const struct auth_secret *secrets,
		    size_t count, const char **text, size_t *len, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (str_eq(secrets[i].id, id)) {
			*text = secrets[i].value->data;
			*len = secrets[i].value->len;
			return true;
		}
	}
	*text = json_string_value(json_object_get(settings, id));
	if (*text == NULL)
		return err_set(err, ERR_AUTH, "the credential lacks %s", id);
	*len = strlen(*text);
	return true;
}

/* Makes "<prefix><text>" a header in secret memory. */
static bool add_header(struct auth *auth, const char *name, const char *prefix, const char *text,
		       size_t len, struct err *err)
{
	struct secret *value = &auth->values[auth->count];
	size_t head = strlen(prefix);

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

static bool add_bearer(struct auth *auth, const struct value *declared, const json_t *settings,
		       const struct auth_secret *secrets, size_t count, struct err *err)
{
	struct buf prefix = BUF_INIT;
	const char *token;
	size_t len;
	bool fine;

	if (!auth_find_part(value_text(declared, "token", ""), settings, secrets, count, &token,
			    &len, err))
		return false;
	buf_printf(&prefix, "%s ", value_text(declared, "prefix", "Bearer"));
	fine = add_header(auth, value_text(declared, "header", "Authorization"), buf_text(&prefix),
			  token, len, err);
	buf_fini(&prefix);
	return fine;
}

static bool add_basic(struct auth *auth, const struct value *declared, const json_t *settings,
		      const struct auth_secret *secrets, size_t count, struct err *err)
{
	struct secret text = SECRET_INIT;
	const char *user, *password;
	size_t user_len, password_len;
	bool fine;

	if (!auth_find_part(value_text(declared, "username", ""), settings, secrets, count, &user,
			    &user_len, err) ||
	    !auth_find_part(value_text(declared, "password", ""), settings, secrets, count,
			    &password, &password_len, err))
		return false;
	fine = oauth_basic(&text, user, user_len, password, password_len, err) &&
	       add_header(auth, "Authorization", "", text.data, text.len, err);
	secret_fini(&text);
	return fine;
}

/* { headers = { ["X-Api-Key"] = "api_key" } }: each from a setting; beside what the kind makes. */
static bool add_headers(struct auth *auth, const struct value *declared, const json_t *settings,
			const struct auth_secret *secrets, size_t count, struct err *err)
{
	const struct value *headers = value_get(declared, "headers");
	const char *text;
	size_t len;

	for (size_t i = 0; i < value_count(headers); i++) {
		const struct value *id = &headers->items[i];

		if (auth->count == AUTH_HEADERS_MAX)
			return err_set(err, ERR_CONFIG, "auth: at most %d headers",
				       AUTH_HEADERS_MAX);
		if (!auth_find_part(id->type == VALUE_BYTES ? id->bytes : "", settings, secrets,
				    count, &text, &len, err) ||
		    !add_header(auth, headers->keys[i], "", text, len, err))
			return false;
	}
	return true;
}

bool auth_from_token(struct auth *auth, const char *header, const char *prefix,
		     const struct secret *token, struct err *err)
{
	struct buf head = BUF_INIT;
	bool fine;

	*auth = (struct auth){ 0 };
	buf_printf(&head, "%s ", prefix);
	fine = buf_ok(&head, err) &&
	       add_header(auth, header, buf_text(&head), token->data, token->len, err);
	buf_fini(&head);
	return fine;
}

/* What is declared and not carried out yet must not be passed over: a credential could go astray.
 */
static bool is_carried_out(const struct value *declared, struct err *err)
{
	static const char *const later[] = { "except", "base", "bases" };

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		if (value_get(declared, later[i]) != NULL)
			return err_set(err, ERR_CONFIG, "auth.%s is not in this version", later[i]);
	}
	return true;
}

bool auth_build(struct auth *auth, const struct value *declaration, const json_t *settings,
		const struct auth_secret *secrets, size_t count, struct err *err)
{
	const struct value *declared = auth_declared(declaration, settings);
	const char *kind = value_text(declared, "kind", "");
	bool fine;

	*auth = (struct auth){ 0 };
	if (!is_carried_out(declared, err))
		return false;
	if (str_eq(kind, "bearer"))
		fine = add_bearer(auth, declared, settings, secrets, count, err);
	else if (str_eq(kind, "basic"))
		fine = add_basic(auth, declared, settings, secrets, count, err);
	else if (str_eq(kind, "header"))
		fine = true;
	else if (tokens_are_declared(declared))
		return true;
	else
		fine = err_set(err, ERR_CONFIG, "auth kind \"%s\" is not in this version", kind);
	fine = fine && add_headers(auth, declared, settings, secrets, count, err);
	if (!fine)
		auth_fini(auth);
	return fine;
}
