/* What a token address answered. */
#include "vault/oauth/answer.h"

#include <ctype.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

enum { TEXT_MAX = 200 };

static const double LIVES_MAX_S = 10.0 * 365 * 24 * 3600;

void oauth_answer_fini(struct oauth_answer *answer)
{
	secret_fini(&answer->access_token);
	secret_fini(&answer->refresh_token);
	free(answer->scopes);
	answer->scopes = NULL;
}

bool oauth_answer_redact(const struct oauth_answer *answer, struct redact *redact, struct err *err)
{
	const struct secret *access = &answer->access_token, *refresh = &answer->refresh_token;

	return redact == NULL ||
	       (redact_add(redact, TOKEN_FIELD_ACCESS, access->data, access->len, err) &&
		(refresh->len == 0 ||
		 redact_add(redact, TOKEN_FIELD_REFRESH, refresh->data, refresh->len, err)));
}

/* --- the body --- */

/* "data.token": objects within objects. */
static const json_t *find(const json_t *root, const char *path)
{
	const json_t *at = root;

	while (at != NULL && *path != '\0') {
		size_t len = strcspn(path, ".");

		at = json_object_getn(at, path, len);
		path += len + (path[len] == '.');
	}
	return at;
}

static const char *text_at(const json_t *root, const char *path)
{
	return json_string_value(find(root, path));
}

/* --- words --- */

/* "Invalid Grant" is "invalid_grant". */
static bool is_same_word(const char *a, const char *b)
{
	for (;;) {
		while (*a == ' ' || *a == '_')
			a++;
		while (*b == ' ' || *b == '_')
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (*a == '\0')
			return true;
		a++;
		b++;
	}
}

/* RFC 6749, 4.1.2.1 and 5.2; slow_down: RFC 8628, 3.5. */
static const struct oauth_rule standard[] = {
	{ .error = "invalid_grant", .verdict = OAUTH_REFUSED },
	{ .error = "access_denied", .verdict = OAUTH_REFUSED },
	{ .error = "invalid_client", .verdict = OAUTH_FORBIDDEN },
	{ .error = "unauthorized_client", .verdict = OAUTH_FORBIDDEN },
	{ .error = "invalid_scope", .verdict = OAUTH_FORBIDDEN },
	{ .error = "invalid_request", .verdict = OAUTH_FORBIDDEN },
	{ .error = "unsupported_grant_type", .verdict = OAUTH_FORBIDDEN },
	{ .error = "slow_down", .verdict = OAUTH_THROTTLED },
	{ .error = "temporarily_unavailable", .verdict = OAUTH_FAILED },
	{ .error = "server_error", .verdict = OAUTH_FAILED },
};

static bool field_is(const json_t *body, const struct oauth_field *field)
{
	const json_t *value = find(body, field->name);
	char number[32];

	if (json_is_string(value))
		return str_eq(json_string_value(value), field->value);
	if (json_is_boolean(value))
		return str_eq(json_is_true(value) ? "true" : "false", field->value);
	if (!json_is_integer(value))
		return false;
	snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
	return str_eq(number, field->value);
}

static bool has_fields(const json_t *body, const struct oauth_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!field_is(body, &fields[i]))
			return false;
	}
	return true;
}

/* A rule that names nothing fits nothing. */
static bool fits(const struct oauth_rule *rule, const json_t *body)
{
	const char *error = text_at(body, "error");

	if (rule->error == NULL && rule->field_count == 0)
		return false;
	return (rule->error == NULL || (error != NULL && is_same_word(error, rule->error))) &&
	       has_fields(body, rule->fields, rule->field_count);
}

static const struct oauth_rule *find_rule(const struct oauth_rule *rules, size_t count,
					  const json_t *body)
{
	for (size_t i = 0; i < count; i++) {
		if (fits(&rules[i], body))
			return &rules[i];
	}
	return NULL;
}

/* --- a failure --- */

void oauth_put_text(struct buf *out, const char *text)
{
	size_t len = str_cut(text, strlen(text), TEXT_MAX);

	for (size_t i = 0; i < len; i++)
		buf_char(out, (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i]);
	buf_str(out, text[len] != '\0' ? "..." : "");
}

static void put_words(struct buf *out, const json_t *body, int status)
{
	const char *error = text_at(body, "error");
	const char *description = text_at(body, "error_description");

	if (error == NULL)
		buf_printf(out, "HTTP %d", status);
	else
		oauth_put_text(out, error);
	if (description != NULL) {
		buf_str(out, ": ");
		oauth_put_text(out, description);
	}
}

static void explain(enum oauth_verdict verdict, const json_t *body, int status, struct err *why)
{
	static const struct {
		enum err_kind kind;
		const char *what;
	} kinds[] = {
		[OAUTH_REFUSED] = { ERR_AUTH, "the authorization is no longer valid" },
		[OAUTH_FORBIDDEN] = { ERR_AUTH, "the client or login was refused" },
		[OAUTH_THROTTLED] = { ERR_THROTTLED, "too many tokens were asked for" },
		[OAUTH_FAILED] = { ERR_REMOTE, "no token was given" },
	};
	struct buf words = BUF_INIT;

	put_words(&words, body, status);
	err_set(why, kinds[verdict].kind, "%s (%s)", kinds[verdict].what, buf_text(&words));
	why->status = status;
	buf_fini(&words);
}

/* Of an answer without a word that is known. */
static enum oauth_verdict judge_status(int status)
{
	if (status == 429)
		return OAUTH_THROTTLED;
	if (status >= 400 && status < 500 && status != 408)
		return OAUTH_FORBIDDEN;
	return OAUTH_FAILED;
}

/*
 * Servers repeat in their sentences what they were sent. Before it is cut: of half a secret nobody
 * would know what it is.
 */
static void hide_secrets(json_t *body, const char *key, const struct redact *redact)
{
	const char *text = text_at(body, key);
	struct buf clean = BUF_INIT;

	if (redact == NULL || text == NULL || !redact_finds(redact, text, strlen(text)))
		return;
	redact_copy(redact, text, strlen(text), &clean);
	json_object_set_new(body, key, json_string(clean.failed ? "" : buf_text(&clean)));
	buf_fini(&clean);
}

static void hide_words(json_t *body, const struct redact *redact)
{
	hide_secrets(body, "error", redact);
	hide_secrets(body, "error_description", redact);
}

static void judge_failure(struct oauth_answer *out, const struct oauth_reading *reading, int status,
			  json_t *body, struct err *why)
{
	const struct oauth_rule *rule = find_rule(reading->rules, reading->rule_count, body);

	if (rule == NULL)
		rule = find_rule(standard, sizeof(standard) / sizeof(standard[0]), body);
	out->verdict = rule != NULL && status != 429 ? rule->verdict : judge_status(status);
	if (out->verdict == OAUTH_THROTTLED)
		out->wait_ms =
			rule != NULL && rule->wait_ms > 0 ? rule->wait_ms : OAUTH_THROTTLE_MS;
	hide_words(body, reading->redact);
	explain(out->verdict, body, status, why);
	if (rule != NULL && rule->hint != NULL)
		err_hint(why, "%s", rule->hint);
	if (out->verdict == OAUTH_THROTTLED)
		why->retry_after_ms = out->wait_ms;
}

/* A login page, an empty body: nothing of it is shown. */
static void judge_foreign(struct oauth_answer *out, int status, struct err *why)
{
	out->verdict = judge_status(status);
	if (out->verdict == OAUTH_THROTTLED)
		out->wait_ms = OAUTH_THROTTLE_MS;
	err_set(why, out->verdict == OAUTH_THROTTLED ? ERR_THROTTLED : ERR_DATA,
		"the token address answered HTTP %d with something that is no JSON object", status);
	why->status = status;
	if (out->verdict == OAUTH_FORBIDDEN)
		err_hint(why, "check region and address: this may be another server's page");
}

/* --- a grant --- */

/* Seconds as a number or its text; 0 = nothing that makes sense. */
static double seconds_of(const json_t *value)
{
	const char *text = json_string_value(value);
	double seconds = json_number_value(value);
	char *end;

	if (text != NULL) {
		seconds = strtod(text, &end);
		if (end == text || *end != '\0')
			return 0;
	}
	return isfinite(seconds) && seconds > 0 ? seconds : 0;
}

static int64_t read_life(const struct oauth_reading *reading, const json_t *body)
{
	double seconds =
		reading->seconds_field != NULL ? seconds_of(find(body, reading->seconds_field)) : 0;
	int64_t lives_ms = (int64_t)((seconds < LIVES_MAX_S ? seconds : LIVES_MAX_S) * 1000);

	if (reading->lives_max_ms > 0 && (lives_ms == 0 || lives_ms > reading->lives_max_ms))
		return reading->lives_max_ms;
	return lives_ms;
}

static bool take_text(struct secret *out, const json_t *value, struct err *err)
{
	if (!json_is_string(value) || json_string_length(value) == 0)
		return true;
	return secret_from(out, json_string_value(value), json_string_length(value), err);
}

static bool take_grant(struct oauth_answer *out, const struct oauth_reading *reading,
		       const json_t *body, struct err *err)
{
	const char *scopes = text_at(body, "scope");

	out->verdict = OAUTH_GRANTED;
	out->lives_ms = read_life(reading, body);
	if (scopes != NULL) {
		out->scopes = str_dup(scopes);
		if (out->scopes == NULL)
			return err_oom(err);
	}
	return take_text(&out->access_token, find(body, reading->token_field), err) &&
	       take_text(&out->refresh_token, find(body, "refresh_token"), err);
}

static bool has_token(const json_t *body, const char *field)
{
	const char *token = text_at(body, field);

	return token != NULL && token[0] != '\0';
}

void oauth_answer_judge(struct oauth_answer *out, const struct oauth_reading *reading, int status,
			const void *body, size_t len, struct err *why)
{
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);

	*out = (struct oauth_answer){ .verdict = OAUTH_FAILED };
	*why = ERR_INIT;
	if (!json_is_object(root))
		judge_foreign(out, status, why);
	else if (status < 200 || status > 299 || !has_token(root, reading->token_field))
		judge_failure(out, reading, status, root, why);
	else if (!take_grant(out, reading, root, why))
		out->verdict = OAUTH_FAILED;
	json_decref(root);
}

bool oauth_answer_is_revoked(int status, const void *body, size_t len, const struct redact *redact,
			     struct err *err)
{
	static const struct oauth_field failed = { "status", "failure" };
	json_t *root = json_loadb(body, len, 0, NULL);
	const char *error = json_is_object(root) ? text_at(root, "error") : NULL;
	bool is_fine = status >= 200 && status <= 299 && error == NULL &&
		       !(json_is_object(root) && field_is(root, &failed));
	struct buf words = BUF_INIT;

	if (!is_fine && error != NULL && is_same_word(error, "invalid_token"))
		is_fine = true;
	if (!is_fine) {
		hide_words(root, redact);
		put_words(&words, root, status);
		err_set(err, ERR_REMOTE, "it answered %s", buf_text(&words));
	}
	buf_fini(&words);
	json_decref(root);
	return is_fine;
}

bool oauth_fields_fit(const struct oauth_field *fields, size_t count, const void *body, size_t len)
{
	json_t *root = json_loadb(body, len, 0, NULL);
	bool fit = json_is_object(root) && has_fields(root, fields, count);

	json_decref(root);
	return fit;
}
