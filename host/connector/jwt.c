/* JSON Web Tokens in compact form (RFC 7515, 3.1). */
#include "connector/jwt.h"

#include <string.h>

#include "base/encode.h"
#include "base/str.h"
#include "crypto/random.h"

enum {
	MEMBERS_MAX = 16,
	MEMBER_ROOM = 64, /* of one member, beside its name and text: quotes, a number */
	OWN_ROOM = 160,	  /* of iat, exp and jti */
	JTI_BYTES = 16,
};

void jwt_fini(struct jwt *jwt)
{
	secret_fini(&jwt->key);
	secret_fini(&jwt->header);
	secret_fini(&jwt->claims);
}

static size_t base64_room(size_t len)
{
	return (len + 2) / 3 * 4;
}

/* --- members of a JSON object --- */

struct members {
	const struct value *declared;
	struct secret texts[MEMBERS_MAX];
	size_t bytes;
};

static bool expand_texts(struct members *members, const struct template_source *source,
			 struct err *err)
{
	for (size_t i = 0; i < value_count(members->declared); i++) {
		const struct value *value = &members->declared->items[i];
		const char *name = members->declared->keys[i];

		members->bytes += 6 * strlen(name) + MEMBER_ROOM;
		if (value->type != VALUE_BYTES)
			continue;
		if (!template_expand(source, value->bytes, &members->texts[i], err))
			return false;
		if (!str_is_utf8(members->texts[i].data, members->texts[i].len))
			return err_set(err, ERR_AUTH, "the credential for %s is no UTF-8 text",
				       name);
		members->bytes += 6 * members->texts[i].len;
	}
	return true;
}

static bool put_member(struct buf *out, const struct members *members, size_t i, struct err *err)
{
	const struct value *value = &members->declared->items[i];
	const char *name = members->declared->keys[i];

	buf_char(out, ',');
	encode_json(out, name, strlen(name));
	buf_char(out, ':');
	if (value->type == VALUE_BYTES)
		encode_json(out, members->texts[i].data, members->texts[i].len);
	else if (value->type == VALUE_INT)
		buf_printf(out, "%lld", (long long)value->i);
	else if (value->type == VALUE_TRUE || value->type == VALUE_FALSE)
		buf_str(out, value->type == VALUE_TRUE ? "true" : "false");
	else
		return err_set(err, ERR_CONFIG, "auth: %s: a text, an integer, true or false",
			       name);
	return true;
}

static bool put_members(struct buf *out, const struct members *members, struct err *err)
{
	for (size_t i = 0; i < value_count(members->declared); i++) {
		if (!put_member(out, members, i, err))
			return false;
	}
	return true;
}

/* `begin`, the declared members each with a comma before it, `end`. */
static bool write_members(const char *begin, const struct value *declared, const char *end,
			  const struct template_source *source, struct secret *out, struct err *err)
{
	struct members members = { .declared = declared };
	struct buf text = BUF_INIT;
	bool done;

	if (value_count(declared) > MEMBERS_MAX)
		return err_set(err, ERR_CONFIG, "auth: at most %d claims or headers", MEMBERS_MAX);
	done = expand_texts(&members, source, err);
	buf_room(&text, members.bytes + strlen(begin) + strlen(end) + 1);
	buf_str(&text, begin);
	done = done && put_members(&text, &members, err);
	buf_str(&text, end);
	done = secret_take(out, &text, err) && done;
	for (size_t i = 0; i < value_count(declared); i++)
		secret_fini(&members.texts[i]);
	return done;
}

/* --- an account's --- */

static bool write_header(struct jwt *out, const struct value *auth,
			 const struct template_source *source, struct err *err)
{
	const struct value *declared = value_get(auth, "headers");
	struct secret plain = SECRET_INIT;
	struct buf begin = BUF_INIT, text = BUF_INIT;
	bool done;

	buf_printf(&begin, "{\"alg\":\"%s\"%s", key_algorithm_name(out->algorithm),
		   value_get(declared, "typ") != NULL ? "" : ",\"typ\":\"JWT\"");
	done = buf_ok(&begin, err) &&
	       write_members(buf_text(&begin), declared, "}", source, &plain, err);
	buf_fini(&begin);
	if (done) {
		buf_room(&text, base64_room(plain.len) + 1);
		encode_base64url(&text, plain.data, plain.len);
		done = secret_take(&out->header, &text, err);
	}
	secret_fini(&plain);
	return done;
}

static bool copy_key(struct jwt *out, const struct value *auth, const struct auth_parts *parts,
		     struct err *err)
{
	const char *id = value_text(auth, "key", ""), *key;
	size_t len;

	if (!key_algorithm_by_name(value_text(auth, "algorithm", ""), &out->algorithm, err) ||
	    !auth_find_part(parts, id, &key, &len, err))
		return err_context(err, "auth");
	return key_check(out->algorithm, key, len, err) ? secret_from(&out->key, key, len, err)
							: err_context(err, "%s", id);
}

bool jwt_init(struct jwt *out, const struct value *auth, const struct auth_parts *parts,
	      const char *address, struct err *err)
{
	const struct template_word token = { "token", address,
					     address != NULL ? strlen(address) : 0 };
	const struct template_source source = { *parts, &token, address != NULL };

	*out = (struct jwt){ .lives_ms = value_seconds_ms(auth, "lives_s", JWT_LIVES_S) };
	return copy_key(out, auth, parts, err) && write_header(out, auth, &source, err) &&
	       write_members("", value_get(auth, "claims"), "", &source, &out->claims, err);
}

bool jwt_describe(const struct jwt *jwt, struct secret *out, struct err *err)
{
	struct buf text = BUF_INIT;

	buf_room(&text, jwt->header.len + jwt->claims.len + jwt->key.len + 3);
	buf_append(&text, jwt->header.data, jwt->header.len + 1);
	buf_append(&text, jwt->claims.data, jwt->claims.len + 1);
	buf_append(&text, jwt->key.data, jwt->key.len);
	return secret_take(out, &text, err);
}

/* --- a token --- */

static bool put_signature(struct buf *token, enum key_algorithm algorithm, const struct secret *key,
			  struct err *err)
{
	struct buf signature = BUF_INIT;
	bool done = buf_ok(token, err) && key_sign(algorithm, key->data, key->len, token->data,
						   token->len, &signature, err);

	buf_char(token, '.');
	encode_base64url(token, signature.data, signature.len);
	buf_fini(&signature);
	return done;
}

/* Header, payload and signature, with dots between them. */
static bool compose(const struct jwt *jwt, const struct secret *payload, struct secret *out,
		    struct err *err)
{
	struct buf token = BUF_INIT;
	bool done;

	buf_room(&token,
		 jwt->header.len + base64_room(payload->len) + base64_room(KEY_SIGNATURE_MAX) + 3);
	buf_append(&token, jwt->header.data, jwt->header.len);
	buf_char(&token, '.');
	encode_base64url(&token, payload->data, payload->len);
	done = put_signature(&token, jwt->algorithm, &jwt->key, err);
	return secret_take(out, &token, err) && done;
}

static bool put_own(struct buf *out, const struct jwt *jwt, int64_t now_ms, struct err *err)
{
	long long issued_s = (now_ms - JWT_SKEW_MS) / 1000, lives_s = jwt->lives_ms / 1000;
	uint8_t id[JTI_BYTES];

	if (!random_bytes(id, sizeof(id), err))
		return false;
	buf_printf(out, "{\"iat\":%lld,\"exp\":%lld,\"jti\":\"", issued_s, issued_s + lives_s);
	encode_hex(out, id, sizeof(id));
	buf_char(out, '"');
	return true;
}

bool jwt_make(const struct jwt *jwt, int64_t now_ms, struct secret *out, struct err *err)
{
	struct secret payload = SECRET_INIT;
	struct buf text = BUF_INIT;
	bool done;

	buf_room(&text, OWN_ROOM + jwt->claims.len);
	done = put_own(&text, jwt, now_ms, err);
	buf_append(&text, jwt->claims.data, jwt->claims.len);
	buf_char(&text, '}');
	done = secret_take(&payload, &text, err) && done && compose(jwt, &payload, out, err);
	secret_fini(&payload);
	return done;
}
