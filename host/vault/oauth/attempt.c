/* One attempt to get a person's consent. */
#include "vault/oauth/attempt.h"

#include <string.h>
#include <strings.h>

#include "base/encode.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "crypto/random.h"

enum { RANDOM_BYTES = 32 };

/* --- begin --- */

static bool draw(struct secret *out, struct err *err)
{
	uint8_t bytes[RANDOM_BYTES];
	struct buf text = BUF_INIT;
	bool done;

	if (!random_bytes(bytes, sizeof(bytes), err))
		return false;
	buf_room(&text, (size_t)2 * RANDOM_BYTES);
	encode_base64url(&text, bytes, sizeof(bytes));
	done = buf_ok(&text, err) && secret_from(out, text.data, text.len, err);
	secret_wipe(bytes, sizeof(bytes));
	if (text.data != NULL)
		secret_wipe(text.data, text.size);
	buf_fini(&text);
	return done;
}

bool oauth_attempt_begin(struct oauth_attempt *out, int64_t now_ms, struct err *err)
{
	*out = (struct oauth_attempt){ .until_ms = now_ms + OAUTH_ATTEMPT_MS };
	if (draw(&out->state, err) && draw(&out->verifier, err))
		return true;
	oauth_attempt_fini(out);
	return false;
}

void oauth_attempt_fini(struct oauth_attempt *attempt)
{
	secret_fini(&attempt->state);
	secret_fini(&attempt->verifier);
}

/* --- the address --- */

static void put_param(struct buf *out, const char *name, const char *value, size_t len)
{
	buf_char(out, strchr(buf_text(out), '?') == NULL ? '?' : '&');
	encode_percent(out, name, strlen(name));
	buf_char(out, '=');
	encode_percent(out, value, len);
}

static void put_text(struct buf *out, const char *name, const char *value)
{
	if (value[0] != '\0')
		put_param(out, name, value, strlen(value));
}

/* The S256 transformation: base64url of the SHA-256. */
static bool put_challenge(struct buf *out, const struct secret *verifier, struct err *err)
{
	struct buf challenge = BUF_INIT;
	struct digest digest;

	if (!digest_of(DIGEST_SHA256, verifier->data, verifier->len, &digest, err))
		return false;
	encode_base64url(&challenge, digest.bytes, digest.len);
	put_text(out, "code_challenge", buf_text(&challenge));
	put_text(out, "code_challenge_method", "S256");
	buf_fini(&challenge);
	return true;
}

bool oauth_attempt_url(const struct oauth_attempt *attempt, const struct oauth_consent *consent,
		       struct buf *out, struct err *err)
{
	struct buf url = BUF_INIT;
	bool done;

	buf_str(&url, consent->address);
	put_text(&url, "response_type", "code");
	put_text(&url, "client_id", consent->client_id);
	put_text(&url, "redirect_uri", consent->redirect_uri);
	put_text(&url, "scope", consent->scopes);
	put_param(&url, "state", attempt->state.data, attempt->state.len);
	for (size_t i = 0; i < consent->param_count; i++)
		put_param(&url, consent->params[i].name, consent->params[i].value,
			  consent->params[i].len);
	done = !consent->has_pkce || put_challenge(&url, &attempt->verifier, err);
	buf_str(out, buf_text(&url));
	done = done && buf_ok(&url, err) && buf_ok(out, err);
	buf_fini(&url);
	return done;
}

/* --- the redirect --- */

/* Of the parameters of a query; decoded. */
struct found {
	struct buf value;
	int count;
};

static void forget(struct found *found)
{
	if (found->value.data != NULL)
		secret_wipe(found->value.data, found->value.size);
	buf_fini(&found->value);
}

static bool take_pair(const char *pair, size_t len, const char *name, struct found *found,
		      struct err *err)
{
	const char *equals = memchr(pair, '=', len);
	size_t name_len = equals != NULL ? (size_t)(equals - pair) : len;
	struct buf key = BUF_INIT;
	bool fine = decode_form(pair, name_len, &key, err);

	if (fine && str_eq(buf_text(&key), name) && found->count++ == 0 && equals != NULL)
		fine = decode_form(equals + 1, len - name_len - 1, &found->value, err);
	buf_fini(&key);
	return fine;
}

/* One that comes twice is no parameter of ours (RFC 6749, 3.1). */
static bool find(const char *query, size_t len, const char *name, struct found *found,
		 struct err *err)
{
	const char *end = query + len;

	*found = (struct found){ .value = BUF_INIT };
	while (query < end) {
		const char *next = memchr(query, '&', (size_t)(end - query));
		size_t n = (size_t)((next != NULL ? next : end) - query);

		if (!take_pair(query, n, name, found, err)) {
			err->kind = ERR_REFUSED;
			return false;
		}
		query += n + 1;
	}
	return found->count <= 1 ||
	       err_set(err, ERR_REFUSED, "the redirect has the parameter %s twice", name);
}

static bool is_ours(const struct oauth_attempt *attempt, const char *query, size_t len,
		    struct err *err)
{
	struct found state;
	bool fine = find(query, len, "state", &state, err);

	if (fine && !digest_equal(buf_text(&state.value), state.value.len, attempt->state.data,
				  attempt->state.len))
		fine = err_set(err, ERR_REFUSED,
			       "the redirect does not belong to this attempt: its state is %s",
			       state.count == 0 ? "missing" : "another one");
	forget(&state);
	return fine;
}

static size_t without_slash(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && text[len - 1] == '/' ? len - 1 : len;
}

static bool is_same_place(const char *a, const char *b)
{
	size_t len = without_slash(a);

	return len == without_slash(b) && strncasecmp(a, b, len) == 0;
}

/* It chooses nothing: where the token request goes stands fixed. */
static bool refuse_place(const struct oauth_expected *expected, const char *value, struct err *err)
{
	struct buf shown = BUF_INIT;

	oauth_put_text(&shown, value);
	err_set(err, ERR_CONFIG, "the browser came back from %s \"%s\", not \"%s\"", expected->name,
		buf_text(&shown), expected->value);
	err_hint(err, "that is no place of this vendor: nothing was sent there; connect again");
	for (size_t i = 0; i < expected->elsewhere_count; i++) {
		if (is_same_place(value, expected->elsewhere[i].value))
			err_hint(err, "%s", expected->elsewhere[i].way_out);
	}
	buf_fini(&shown);
	return false;
}

static bool is_as_expected(const struct oauth_expected *expected, const char *query, size_t len,
			   struct err *err)
{
	struct found found;
	bool fine = find(query, len, expected->name, &found, err);
	const char *value = buf_text(&found.value);

	if (fine && found.count == 1 && !is_same_place(value, expected->value))
		fine = refuse_place(expected, value, err);
	forget(&found);
	return fine;
}

/* { error, error_description } of a person who refused, or a server that does. */
static bool is_granted(const char *query, size_t len, struct err *err)
{
	struct found error, description = { .value = BUF_INIT };
	struct buf words = BUF_INIT;
	bool fine = find(query, len, "error", &error, err);

	if (fine && error.count == 1 && find(query, len, "error_description", &description, err)) {
		oauth_put_text(&words, buf_text(&error.value));
		buf_str(&words, description.value.len > 0 ? ": " : "");
		oauth_put_text(&words, buf_text(&description.value));
		fine = err_set(err, ERR_AUTH, "the authorization server refused (%s)",
			       buf_text(&words));
	} else if (error.count == 1) {
		fine = false;
	}
	buf_fini(&words);
	forget(&error);
	forget(&description);
	return fine;
}

static bool take_code(const char *query, size_t len, struct secret *code, struct err *err)
{
	struct found found;
	bool fine = find(query, len, "code", &found, err);

	if (fine && found.value.len == 0)
		fine = err_set(err, ERR_DATA, "the redirect brings no code");
	fine = fine && secret_from(code, found.value.data, found.value.len, err);
	forget(&found);
	return fine;
}

static bool is_open(const struct oauth_attempt *attempt, int64_t now_ms, struct err *err)
{
	if (attempt->is_used)
		return err_set(err, ERR_REFUSED, "this attempt has had its answer");
	return now_ms < attempt->until_ms ||
	       err_set(err, ERR_TIMEOUT, "nobody consented within five minutes");
}

/* What a redirect of ours brings. */
static bool take_ours(const struct oauth_consent *consent, const char *query, size_t len,
		      struct secret *code, struct err *err)
{
	for (size_t i = 0; i < consent->expected_count; i++) {
		if (!is_as_expected(&consent->expected[i], query, len, err))
			return false;
	}
	return is_granted(query, len, err) && take_code(query, len, code, err);
}

bool oauth_attempt_take(struct oauth_attempt *attempt, const struct oauth_consent *consent,
			const char *query, size_t len, int64_t now_ms, struct secret *code,
			struct err *err)
{
	*code = SECRET_INIT;
	if (!is_open(attempt, now_ms, err))
		return false;
	if (len > OAUTH_REDIRECT_MAX)
		return err_set(err, ERR_REFUSED, "the redirect has more than %d bytes",
			       OAUTH_REDIRECT_MAX);
	if (!is_ours(attempt, query, len, err))
		return false;
	attempt->is_used = true;
	if (take_ours(consent, query, len, code, err))
		return true;
	if (err->kind == ERR_REFUSED) /* it was the answer, and is none */
		err->kind = ERR_DATA;
	return false;
}

/* --- what was pasted --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool oauth_attempt_paste(struct oauth_attempt *attempt, const struct oauth_consent *consent,
			 const struct secret *text, int64_t now_ms, struct secret *code,
			 bool *is_bare, struct err *err)
{
	const char *at = text->data, *end = text->data + text->len, *query;

	*code = SECRET_INIT;
	while (at < end && is_blank(*at))
		at++;
	while (end > at && is_blank(end[-1]))
		end--;
	query = memchr(at, '?', (size_t)(end - at));
	*is_bare = query == NULL;
	if (query != NULL) {
		const char *hash = memchr(query, '#', (size_t)(end - query));

		return oauth_attempt_take(attempt, consent, query + 1,
					  (size_t)((hash != NULL ? hash : end) - query - 1), now_ms,
					  code, err);
	}
	if (at == end)
		return err_set(err, ERR_USAGE, "that is no code");
	if (!is_open(attempt, now_ms, err))
		return false;
	attempt->is_used = true;
	return secret_from(code, at, (size_t)(end - at), err);
}
