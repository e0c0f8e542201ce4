/* Requests to a token address. */
#include "vault/oauth/request.h"

#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/str.h"

enum { PARTS_MAX = 32 };

void oauth_request_fini(struct oauth_request *request)
{
	secret_fini(&request->body);
	secret_fini(&request->authorization);
}

/* --- writing secrets --- */

static size_t bytes_of(const struct oauth_part *parts, size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(parts[i].name) + parts[i].len;
	return bytes;
}

static bool write_form(struct secret *out, const struct oauth_part *parts, size_t count,
		       struct err *err)
{
	struct buf form = BUF_INIT;

	buf_room(&form, 3 * bytes_of(parts, count) + 2 * count + 1);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_char(&form, '&');
		encode_percent(&form, parts[i].name, strlen(parts[i].name));
		buf_char(&form, '=');
		encode_percent(&form, parts[i].value, parts[i].len);
	}
	return secret_take(out, &form, err);
}

static bool write_json(struct secret *out, const struct oauth_part *parts, size_t count,
		       struct err *err)
{
	struct buf json = BUF_INIT;

	for (size_t i = 0; i < count; i++) {
		if (!str_is_utf8(parts[i].value, parts[i].len))
			return err_set(err, ERR_AUTH, "the credential for %s is no UTF-8 text",
				       parts[i].name);
	}
	buf_room(&json, 6 * bytes_of(parts, count) + 6 * count + 3);
	buf_char(&json, '{');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_char(&json, ',');
		encode_json(&json, parts[i].name, strlen(parts[i].name));
		buf_char(&json, ':');
		encode_json(&json, parts[i].value, parts[i].len);
	}
	buf_char(&json, '}');
	return secret_take(out, &json, err);
}

/* Takes the plain pair over. */
static bool write_basic(struct secret *out, struct secret *pair, struct err *err)
{
	struct buf text = BUF_INIT;

	buf_room(&text, strlen("Basic ") + (pair->len + 2) / 3 * 4 + 1);
	buf_str(&text, "Basic ");
	encode_base64(&text, pair->data, pair->len);
	secret_fini(pair);
	return secret_take(out, &text, err);
}

bool oauth_basic(struct secret *out, const char *user, size_t user_len, const char *password,
		 size_t password_len, struct err *err)
{
	struct secret pair = SECRET_INIT;

	if (!secret_init(&pair, user_len + 1 + password_len, err))
		return false;
	memcpy(pair.data, user, user_len);
	pair.data[user_len] = ':';
	memcpy(pair.data + user_len + 1, password, password_len);
	return write_basic(out, &pair, err);
}

/* RFC 6749, 2.3.1: id and secret are form-encoded before they become user and password. */
static bool write_client_basic(struct secret *out, const struct oauth_client *client,
			       struct err *err)
{
	struct secret pair = SECRET_INIT;
	struct buf text = BUF_INIT;

	buf_room(&text, 3 * (strlen(client->id) + client->secret->len) + 2);
	encode_percent(&text, client->id, strlen(client->id));
	buf_char(&text, ':');
	encode_percent(&text, client->secret->data, client->secret->len);
	return secret_take(&pair, &text, err) && write_basic(out, &pair, err);
}

/* --- grants --- */

struct parts {
	struct oauth_part items[PARTS_MAX];
	size_t count;
	bool is_over;
};

static void add(struct parts *parts, const char *name, const char *value, size_t len)
{
	if (parts->count == PARTS_MAX)
		parts->is_over = true;
	else
		parts->items[parts->count++] = (struct oauth_part){ name, value, len };
}

static void add_text(struct parts *parts, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		add(parts, name, value, strlen(value));
}

static void add_secret(struct parts *parts, const char *name, const struct secret *value)
{
	if (value != NULL)
		add(parts, name, value->data, value->len);
}

static struct parts begin(const char *grant_type)
{
	struct parts parts = { 0 };

	add_text(&parts, "grant_type", grant_type);
	return parts;
}

static bool finish(struct oauth_request *out, struct parts *parts,
		   const struct oauth_client *client, struct err *err)
{
	bool in_header = client->is_basic && client->secret != NULL;

	*out = (struct oauth_request){ .content_type = "application/x-www-form-urlencoded" };
	if (!in_header) {
		add_text(parts, "client_id", client->id);
		add_secret(parts, "client_secret", client->secret);
	}
	for (size_t i = 0; i < client->param_count; i++)
		add(parts, client->params[i].name, client->params[i].value, client->params[i].len);
	if (parts->is_over)
		return err_set(err, ERR_CONFIG, "auth: at most %d parameters in a token request",
			       PARTS_MAX);
	return (!in_header || write_client_basic(&out->authorization, client, err)) &&
	       write_form(&out->body, parts->items, parts->count, err);
}

bool oauth_request_client(struct oauth_request *out, const struct oauth_client *client,
			  struct err *err)
{
	struct parts parts = begin("client_credentials");

	add_text(&parts, "scope", client->scopes);
	return finish(out, &parts, client, err);
}

/* No scope: the server gives what was consented to (RFC 6749, 6). */
bool oauth_request_refresh(struct oauth_request *out, const struct oauth_client *client,
			   const struct secret *refresh_token, struct err *err)
{
	struct parts parts = begin("refresh_token");

	add_secret(&parts, "refresh_token", refresh_token);
	return finish(out, &parts, client, err);
}

bool oauth_request_password(struct oauth_request *out, const struct oauth_client *client,
			    const char *username, const struct secret *password, struct err *err)
{
	struct parts parts = begin("password");

	add_text(&parts, "username", username);
	add_secret(&parts, "password", password);
	add_text(&parts, "scope", client->scopes);
	return finish(out, &parts, client, err);
}

bool oauth_request_code(struct oauth_request *out, const struct oauth_client *client,
			const struct secret *code, const char *redirect_uri,
			const struct secret *verifier, struct err *err)
{
	struct parts parts = begin("authorization_code");

	add_secret(&parts, "code", code);
	add_text(&parts, "redirect_uri", redirect_uri);
	add_secret(&parts, "code_verifier", verifier);
	return finish(out, &parts, client, err);
}

bool oauth_request_assertion(struct oauth_request *out, const struct oauth_client *client,
			     const struct secret *assertion, struct err *err)
{
	struct parts parts = begin("urn:ietf:params:oauth:grant-type:jwt-bearer");

	add_secret(&parts, "assertion", assertion);
	add_text(&parts, "scope", client->scopes);
	return finish(out, &parts, client, err);
}

bool oauth_request_revoke(struct oauth_request *out, const struct oauth_client *client,
			  const struct secret *refresh_token, struct err *err)
{
	struct parts parts = { 0 };

	add_secret(&parts, "token", refresh_token);
	add_text(&parts, "token_type_hint", "refresh_token");
	return finish(out, &parts, client, err);
}

/* --- login calls --- */

bool oauth_request_form(struct oauth_request *out, const struct oauth_part *parts, size_t count,
			struct err *err)
{
	*out = (struct oauth_request){ .content_type = "application/x-www-form-urlencoded" };
	return write_form(&out->body, parts, count, err);
}

bool oauth_request_json(struct oauth_request *out, const struct oauth_part *parts, size_t count,
			struct err *err)
{
	*out = (struct oauth_request){ .content_type = "application/json" };
	return write_json(&out->body, parts, count, err);
}
