/* The request for a token, and how its answer reads, as a connector declares them. */
#include "connector/token_request.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "connector/template.h"
#include "vault/oauth/scopes.h"

static struct auth_parts parts_of(const struct tokens_options *options)
{
	return (struct auth_parts){ options->settings, options->secrets, options->secret_count };
}

static const char *text_of(const struct value *value)
{
	return value->type == VALUE_BYTES ? value->bytes : "";
}

/* --- addresses --- */

/* A list of one call, as a stream declares its calls. */
static struct value_tree *list_call(const char *method, const char *address, struct err *err)
{
	struct value_tree *calls = NULL;
	struct buf call = BUF_INIT, list = BUF_INIT;

	buf_printf(&call, "%s %s", method, address);
	value_put_list(&list, 1);
	value_put_str(&list, buf_text(&call));
	if (buf_ok(&call, err) && buf_ok(&list, err))
		calls = value_parse(list.data, list.len, err);
	buf_fini(&call);
	buf_fini(&list);
	return calls;
}

struct endpoint *token_request_endpoint(const struct tokens_options *options, const char *method,
					const char *address, struct buf *url, struct err *err)
{
	struct value_tree *calls = list_call(method, address, err);
	struct endpoint *endpoint =
		calls != NULL ? endpoint_new(options->declaration, options->settings, err) : NULL;
	bool fine = endpoint != NULL && endpoint_allow(endpoint, value_root(calls), err);

	value_tree_free(calls);
	if (fine) {
		const struct net_allowed_call *call = endpoint_allowed(endpoint)->calls;

		buf_printf(url, "%s%s", call->base_url, call->path);
		fine = buf_ok(url, err);
	}
	if (fine)
		return endpoint;
	endpoint_free(endpoint);
	return NULL;
}

bool token_request_address(const struct tokens_options *options, const char *method,
			   const char *address, struct buf *url, struct err *err)
{
	struct endpoint *endpoint = token_request_endpoint(options, method, address, url, err);

	endpoint_free(endpoint);
	return endpoint != NULL;
}

/* --- a login call --- */

struct login {
	struct oauth_part parts[TOKEN_PARTS_MAX];
	struct secret values[TOKEN_PARTS_MAX];
	size_t count;
};

static void login_fini(struct login *login)
{
	for (size_t i = 0; i < login->count; i++)
		secret_fini(&login->values[i]);
}

static bool add_parts(struct login *login, const struct tokens_options *options,
		      const struct value *declared, struct err *err)
{
	const struct template_source source = { .parts = parts_of(options) };

	if (value_count(declared) > TOKEN_PARTS_MAX)
		return err_set(err, ERR_CONFIG, "auth: a login sends at most %d values",
			       TOKEN_PARTS_MAX);
	for (size_t i = 0; i < value_count(declared); i++) {
		struct secret *value = &login->values[i];

		if (!template_expand(&source, text_of(&declared->items[i]), value, err))
			return false;
		login->parts[i] = (struct oauth_part){ declared->keys[i], value->data, value->len };
		login->count++;
	}
	return true;
}

static bool find_part(const struct tokens_options *options, const struct value *from,
		      const char *key, const char **text, size_t *len, struct err *err)
{
	const struct auth_parts parts = parts_of(options);

	return auth_find_part(&parts, value_text(from, key, ""), text, len, err);
}

static bool add_basic(struct oauth_request *out, const struct tokens_options *options,
		      const struct value *basic, struct err *err)
{
	const char *user, *password;
	size_t user_len, password_len;

	return basic == NULL ||
	       (find_part(options, basic, "username", &user, &user_len, err) &&
		find_part(options, basic, "password", &password, &password_len, err) &&
		oauth_basic(&out->authorization, user, user_len, password, password_len, err));
}

static bool write_login(const struct tokens_options *options, const struct value *auth,
			struct oauth_request *out, struct err *err)
{
	const struct value *body = value_get(auth, "body"), *form = value_get(auth, "form");
	struct login login = { 0 };
	bool done = add_parts(&login, options, body != NULL ? body : form, err);

	if (done && body != NULL)
		done = oauth_request_json(out, login.parts, login.count, err);
	else if (done && form != NULL)
		done = oauth_request_form(out, login.parts, login.count, err);
	login_fini(&login);
	return done && add_basic(out, options, value_get(auth, "basic"), err);
}

/* --- OAuth --- */

static bool copy_part(const struct tokens_options *options, const struct value *auth,
		      const char *key, struct secret *out, struct err *err)
{
	const char *text;
	size_t len;

	return find_part(options, auth, key, &text, &len, err) && secret_from(out, text, len, err);
}

size_t token_request_params(const struct value *params, struct oauth_part out[TOKEN_PARTS_MAX])
{
	size_t count = 0;

	for (; count < value_count(params) && count < TOKEN_PARTS_MAX; count++) {
		const char *text = text_of(&params->items[count]);

		out[count] = (struct oauth_part){ params->keys[count], text, strlen(text) };
	}
	return count;
}

bool token_request_scopes(const struct value *auth, struct buf *out, struct err *err)
{
	const struct value *scopes = value_get(auth, "scopes");
	struct buf all = BUF_INIT;
	bool done;

	for (size_t i = 0; i < value_count(scopes); i++)
		buf_printf(&all, "%s ", text_of(value_at(scopes, i)));
	done = buf_ok(&all, err) && scopes_unite(buf_text(&all), "", out, err);
	buf_fini(&all);
	return done;
}

bool token_request_write_scopes(const struct value *auth, struct buf *out, struct err *err)
{
	struct buf set = BUF_INIT;
	bool done = token_request_scopes(auth, &set, err);

	scopes_write(buf_text(&set), value_text(auth, "scope_separator", " "), out);
	buf_fini(&set);
	return done && buf_ok(out, err);
}

bool token_client_init(struct token_client *out, const struct tokens_options *options,
		       struct err *err)
{
	const struct value *auth = auth_declared(options->declaration, options->settings);
	bool has_secret = value_get(auth, "client_secret") != NULL;

	*out = (struct token_client){ 0 };
	if (!copy_part(options, auth, "client_id", &out->id, err) ||
	    (has_secret && !copy_part(options, auth, "client_secret", &out->secret, err)) ||
	    !token_request_write_scopes(auth, &out->scopes, err))
		return false;
	out->client = (struct oauth_client){
		.id = out->id.data,
		.secret = has_secret ? &out->secret : NULL,
		.is_basic = str_eq(value_text(auth, "client_auth", "body"), "basic"),
		.scopes = buf_text(&out->scopes),
		.params = out->params,
		.param_count = token_request_params(value_get(auth, "token_params"), out->params),
	};
	return true;
}

void token_client_fini(struct token_client *client)
{
	secret_fini(&client->id);
	secret_fini(&client->secret);
	buf_fini(&client->scopes);
}

static bool write_password(const struct tokens_options *options, const struct value *auth,
			   const struct oauth_client *client, struct oauth_request *out,
			   struct err *err)
{
	struct secret username = SECRET_INIT, password = SECRET_INIT;
	bool done = copy_part(options, auth, "username", &username, err) &&
		    copy_part(options, auth, "password", &password, err) &&
		    oauth_request_password(out, client, username.data, &password, err);

	secret_fini(&username);
	secret_fini(&password);
	return done;
}

static bool write_oauth(const struct tokens_options *options, const struct value *auth,
			struct oauth_request *out, struct err *err)
{
	struct token_client client;
	bool done = token_client_init(&client, options, err);

	if (done && str_eq(value_text(auth, "flow", ""), "password"))
		done = write_password(options, auth, &client.client, out, err);
	else if (done)
		done = oauth_request_client(out, &client.client, err);
	token_client_fini(&client);
	return done;
}

bool token_request_write(const struct tokens_options *options, struct oauth_request *out,
			 struct err *err)
{
	const struct value *auth = auth_declared(options->declaration, options->settings);

	*out = (struct oauth_request){ 0 };
	if (str_eq(value_text(auth, "kind", ""), "exchange"))
		return write_login(options, auth, out, err);
	return write_oauth(options, auth, out, err);
}

/* --- how answers read --- */

static bool add_field(struct token_reading *out, const char *name, const struct value *value,
		      struct err *err)
{
	char *number = out->numbers[out->field_count];
	const char *text = number;

	if (out->field_count == TOKEN_FIELDS_MAX)
		return err_set(err, ERR_CONFIG, "auth: at most %d fields to know answers by",
			       TOKEN_FIELDS_MAX);
	if (value->type == VALUE_BYTES)
		text = value->bytes;
	else if (value->type == VALUE_INT)
		snprintf(number, sizeof(out->numbers[0]), "%lld", (long long)value->i);
	else if (value->type == VALUE_TRUE || value->type == VALUE_FALSE)
		snprintf(number, sizeof(out->numbers[0]), "%s",
			 value->type == VALUE_TRUE ? "true" : "false");
	else
		return err_set(err, ERR_CONFIG, "auth: %s: a text, an integer, true or false",
			       name);
	out->fields[out->field_count++] = (struct oauth_field){ name, text };
	return true;
}

static bool add_fields(struct token_reading *out, const struct value *body,
		       const struct oauth_field **fields, size_t *count, struct err *err)
{
	*fields = &out->fields[out->field_count];
	*count = value_count(body);
	for (size_t i = 0; i < *count; i++) {
		if (!add_field(out, body->keys[i], &body->items[i], err))
			return false;
	}
	return true;
}

static enum oauth_verdict verdict_of(const char *kind)
{
	if (str_eq(kind, "auth"))
		return OAUTH_REFUSED;
	if (str_eq(kind, "throttled"))
		return OAUTH_THROTTLED;
	return str_eq(kind, "forbidden") ? OAUTH_FORBIDDEN : OAUTH_FAILED;
}

static bool add_rules(struct token_reading *out, const struct value *errors, struct err *err)
{
	if (value_count(errors) > TOKEN_RULES_MAX)
		return err_set(err, ERR_CONFIG, "auth.errors: at most %d", TOKEN_RULES_MAX);
	for (size_t i = 0; i < value_count(errors); i++) {
		const struct value *declared = value_at(errors, i);
		struct oauth_rule *rule = &out->rules[i];

		*rule = (struct oauth_rule){
			.error = value_text(declared, "error", NULL),
			.verdict = verdict_of(value_text(declared, "kind", "")),
			.wait_ms = value_seconds_ms(declared, "wait_s", 0),
			.hint = value_text(declared, "hint", NULL),
		};
		if (!add_fields(out, value_get(declared, "body"), &rule->fields, &rule->field_count,
				err))
			return false;
	}
	out->reading.rules = out->rules;
	out->reading.rule_count = value_count(errors);
	return true;
}

static bool add_expired(struct token_reading *out, const struct value *list, struct err *err)
{
	if (value_count(list) > TOKEN_RULES_MAX)
		return err_set(err, ERR_CONFIG, "auth.expired: at most %d", TOKEN_RULES_MAX);
	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *declared = value_at(list, i);
		struct token_sign *sign = &out->expired[i];

		sign->status = (int)value_int(declared, "status", 0);
		if (!add_fields(out, value_get(declared, "body"), &sign->fields, &sign->field_count,
				err))
			return false;
	}
	out->expired_count = value_count(list);
	return true;
}

/* Such as a missing scope. A rule for some calls alone is left to the script. */
static bool is_about_401(const struct value *rule)
{
	return value_int(rule, "status", 0) == 401 && value_get(rule, "body") != NULL &&
	       value_get(rule, "base") == NULL && value_get(rule, "call") == NULL &&
	       value_get(rule, "when") == NULL && !str_eq(value_text(rule, "kind", ""), "auth");
}

static bool add_other(struct token_reading *out, const struct value *errors, struct err *err)
{
	for (size_t i = 0; i < value_count(errors); i++) {
		const struct value *rule = value_at(errors, i);
		struct token_sign *sign = &out->other[out->other_count];

		if (!is_about_401(rule))
			continue;
		if (out->other_count == TOKEN_RULES_MAX)
			return err_set(err, ERR_CONFIG, "errors: at most %d that are about 401",
				       TOKEN_RULES_MAX);
		sign->status = 401;
		if (!add_fields(out, value_get(rule, "body"), &sign->fields, &sign->field_count,
				err))
			return false;
		out->other_count++;
	}
	return true;
}

bool token_reading_init(struct token_reading *out, const struct value *auth,
			const struct value *errors, struct err *err)
{
	const char *kind = value_text(auth, "kind", "");
	bool is_login = str_eq(kind, "exchange");

	*out = (struct token_reading){ 0 };
	out->reading = (struct oauth_reading){
		.token_field = is_login ? value_text(auth, "field", "") : "access_token",
		.seconds_field = is_login ? value_text(auth, "lives_field", NULL) : "expires_in",
		/* Of a jwt it is the life of what we sign. */
		.lives_max_ms = str_eq(kind, "jwt") ? 0 : value_seconds_ms(auth, "lives_s", 0),
	};
	return add_rules(out, value_get(auth, "errors"), err) &&
	       add_expired(out, value_get(auth, "expired"), err) && add_other(out, errors, err);
}

static bool has_sign(const struct token_sign *signs, size_t count, const struct net_reply *reply)
{
	for (size_t i = 0; i < count; i++) {
		if (signs[i].status == reply->status && reply->body.len <= TOKEN_BODY_MAX &&
		    oauth_fields_fit(signs[i].fields, signs[i].field_count, reply->body.data,
				     reply->body.len))
			return true;
	}
	return false;
}

bool token_reading_is_refusal(const struct token_reading *reading, const struct net_reply *reply)
{
	if (reply->status == 401)
		return !has_sign(reading->other, reading->other_count, reply);
	return has_sign(reading->expired, reading->expired_count, reply);
}
