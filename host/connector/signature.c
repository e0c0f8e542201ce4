/* Headers with an HMAC over the request. */
#include "connector/signature.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/str.h"
#include "connector/template.h"
#include "crypto/digest.h"
#include "crypto/random.h"

enum { NONCE_BYTES = 16, TIME_SIZE = 40, WORDS_MAX = 9 };

/* --- what is declared --- */

static void write_seconds(int64_t now_ms, char out[TIME_SIZE])
{
	snprintf(out, TIME_SIZE, "%lld", (long long)(now_ms / 1000));
}

static void write_milliseconds(int64_t now_ms, char out[TIME_SIZE])
{
	snprintf(out, TIME_SIZE, "%lld", (long long)now_ms);
}

static void write_rfc3339(int64_t now_ms, char out[TIME_SIZE])
{
	clock_format(now_ms, out);
}

/* The locale is the C locale: nobody sets another one. */
static void write_http(int64_t now_ms, char out[TIME_SIZE])
{
	const time_t now = (time_t)(now_ms / 1000);
	struct tm parts;

	gmtime_r(&now, &parts);
	strftime(out, TIME_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

static const struct time_form {
	const char *name;
	void (*write)(int64_t now_ms, char out[TIME_SIZE]);
} time_forms[] = {
	{ "seconds", write_seconds },
	{ "milliseconds", write_milliseconds },
	{ "rfc3339", write_rfc3339 },
	{ "http", write_http },
};

static const struct encoding {
	const char *name;
	void (*encode)(struct buf *out, const void *data, size_t len);
} encodings[] = {
	{ "hex", encode_hex },
	{ "base64", encode_base64 },
	{ "base64url", encode_base64url },
};

static const struct time_form *find_time_form(const struct value *declared, struct err *err)
{
	const char *name = value_text(declared, "timestamp", "seconds");

	for (size_t i = 0; i < sizeof(time_forms) / sizeof(time_forms[0]); i++) {
		if (str_eq(time_forms[i].name, name))
			return &time_forms[i];
	}
	err_set(err, ERR_CONFIG, "auth.timestamp: \"%s\" is not in this version", name);
	return NULL;
}

static const struct encoding *find_encoding(const struct value *declared, struct err *err)
{
	const char *name = value_text(declared, "encoding", "hex");

	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		if (str_eq(encodings[i].name, name))
			return &encodings[i];
	}
	err_set(err, ERR_CONFIG, "auth.encoding: \"%s\" is not in this version", name);
	return NULL;
}

size_t signature_name_headers(const struct value *declared, struct auth *auth)
{
	const struct value *headers = value_get(declared, "headers");
	size_t count = 0;

	for (; count < value_count(headers) && count < AUTH_HEADERS_MAX; count++)
		auth->headers[count] = (struct net_header){ headers->keys[count], "" };
	return count;
}

/* --- a request --- */

/* The words of one attempt; the texts stand here or in the request. */
struct words {
	struct template_word at[WORDS_MAX];
	size_t count;
	char timestamp[TIME_SIZE], nonce[2 * NONCE_BYTES + 1], body_sha256[DIGEST_SHA256_HEX_SIZE];
};

static void add(struct words *words, const char *name, const char *text, size_t len)
{
	words->at[words->count++] = (struct template_word){ name, text, len };
}

static void add_text(struct words *words, const char *name, const char *text)
{
	add(words, name, text, strlen(text));
}

static bool draw_nonce(struct words *words, struct err *err)
{
	uint8_t bytes[NONCE_BYTES];

	if (!random_bytes(bytes, sizeof(bytes), err))
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(words->nonce + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

static bool find_words(struct words *words, const struct value *declared,
		       const struct net_sending *sending, int64_t now_ms, struct err *err)
{
	const struct time_form *form = find_time_form(declared, err);

	words->count = 0;
	if (form == NULL || !draw_nonce(words, err) ||
	    !digest_sha256_hex(sending->body_len > 0 ? sending->body : "", sending->body_len,
			       words->body_sha256, err))
		return false;
	form->write(now_ms, words->timestamp);
	add_text(words, "method", sending->method);
	add_text(words, "host", sending->host);
	add_text(words, "path", sending->path);
	add_text(words, "query", sending->query);
	add(words, "body", sending->body, sending->body_len);
	add_text(words, "body_sha256", words->body_sha256);
	add_text(words, "timestamp", words->timestamp);
	add_text(words, "nonce", words->nonce);
	return true;
}

static bool sign(const struct value *declared, const struct template_source *source,
		 struct buf *out, struct err *err)
{
	const struct encoding *encoding = find_encoding(declared, err);
	struct secret text = SECRET_INIT;
	struct digest digest;
	enum digest_kind kind;
	const char *key;
	size_t key_len;
	bool done = encoding != NULL &&
		    digest_by_name(value_text(declared, "algorithm", ""), &kind, err) &&
		    auth_find_part(&source->parts, value_text(declared, "key", ""), &key, &key_len,
				   err) &&
		    template_expand(source, value_text(declared, "template", ""), &text, err) &&
		    digest_hmac(kind, key, key_len, text.data, text.len, &digest, err);

	if (done)
		encoding->encode(out, digest.bytes, digest.len);
	secret_fini(&text);
	return done && buf_ok(out, err);
}

static bool write_headers(const struct value *declared, const struct template_source *source,
			  struct auth *auth, struct err *err)
{
	const struct value *headers = value_get(declared, "headers");

	for (size_t i = 0; i < value_count(headers); i++) {
		const struct value *text = &headers->items[i];
		struct secret value = SECRET_INIT;
		bool done = template_expand(source, text->type == VALUE_BYTES ? text->bytes : "",
					    &value, err) &&
			    auth_add_header(auth, headers->keys[i], "", value.data, value.len, err);

		secret_fini(&value);
		if (!done)
			return false;
	}
	return true;
}

bool signature_write(const struct value *declared, const struct auth_parts *parts,
		     const struct net_sending *sending, int64_t now_ms, struct auth *auth,
		     struct err *err)
{
	struct buf signature = BUF_INIT;
	struct words words;
	struct template_source source = { .parts = *parts, .words = words.at };
	bool done;

	auth_fini(auth);
	if (!find_words(&words, declared, sending, now_ms, err))
		return false;
	source.word_count = words.count;
	done = sign(declared, &source, &signature, err);
	if (done) {
		add(&words, "signature", buf_text(&signature), signature.len);
		source.word_count = words.count;
		done = write_headers(declared, &source, auth, err);
	}
	buf_fini(&signature);
	return done;
}

bool signature_check(const struct value *declared, const struct auth_parts *parts, struct err *err)
{
	const struct net_sending nothing = { .method = "", .path = "", .host = "", .query = "" };
	struct auth auth = { 0 };
	bool fine = signature_write(declared, parts, &nothing, 0, &auth, err);

	auth_fini(&auth);
	return fine;
}
