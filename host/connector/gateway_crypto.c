/*
 * The `crypto` calls of a sandbox: digests, encodings, randomness, and signatures with a secret
 * that the connector declares for that. The secret's bytes take part here alone.
 */
#include "base/encode.h"
#include "base/str.h"
#include "connector/gateway.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/random.h"

enum { RANDOM_MAX = 1024 };

struct crypto_op {
	const char *name;
	bool (*run)(const struct gateway *gateway, const struct value *args, struct buf *result,
		    struct err *err);
};

/* A bytes argument. */
static bool bytes_arg(const struct value *args, const char *name, const struct value **out,
		      struct err *err)
{
	*out = value_get(args, name);
	if (*out != NULL && (*out)->type == VALUE_BYTES)
		return true;
	return err_set(err, ERR_BUG, "host.crypto: %s is no text", name);
}

static bool run_digest(const struct gateway *gateway, const struct value *args, struct buf *result,
		       struct err *err)
{
	enum digest_kind kind;
	const struct value *data;
	struct digest digest;

	(void)gateway;
	if (!digest_by_name(value_text(args, "algorithm", ""), &kind, err) ||
	    !bytes_arg(args, "data", &data, err) ||
	    !digest_of(kind, data->bytes, data->len, &digest, err))
		return false;
	value_put_bytes(result, digest.bytes, digest.len);
	return true;
}

/* The key of an HMAC: a text of the script's, or a secret by its name. */
static bool find_key(const struct gateway *gateway, const struct value *args, const char **key,
		     size_t *len, struct err *err)
{
	const char *id = value_text(args, "secret", NULL);
	const struct value *given;

	if (id != NULL)
		return gateway_find_key(gateway, id, key, len, err);
	if (!bytes_arg(args, "key", &given, err))
		return false;
	*key = given->bytes;
	*len = given->len;
	return true;
}

static bool run_hmac(const struct gateway *gateway, const struct value *args, struct buf *result,
		     struct err *err)
{
	const struct value *data;
	enum digest_kind kind;
	struct digest digest;
	const char *key;
	size_t len;

	if (!digest_by_name(value_text(args, "algorithm", ""), &kind, err) ||
	    !bytes_arg(args, "data", &data, err) || !find_key(gateway, args, &key, &len, err) ||
	    !digest_hmac(kind, key, len, data->bytes, data->len, &digest, err))
		return false;
	value_put_bytes(result, digest.bytes, digest.len);
	return true;
}

static bool run_sign(const struct gateway *gateway, const struct value *args, struct buf *result,
		     struct err *err)
{
	const char *id = value_text(args, "secret", ""), *key;
	struct buf signature = BUF_INIT;
	enum key_algorithm algorithm;
	const struct value *data;
	size_t len;
	bool done;

	if (!key_algorithm_by_name(value_text(args, "algorithm", ""), &algorithm, err) ||
	    !bytes_arg(args, "data", &data, err) || !gateway_find_key(gateway, id, &key, &len, err))
		return false;
	done = key_sign(algorithm, key, len, data->bytes, data->len, &signature, err) ||
	       err_context(err, "%s", id);
	if (done)
		value_put_bytes(result, signature.data, signature.len);
	buf_fini(&signature);
	return done;
}

static bool encode_with(void (*encode)(struct buf *, const void *, size_t),
			const struct value *args, struct buf *result, struct err *err)
{
	struct buf text = BUF_INIT;
	const struct value *data;

	if (!bytes_arg(args, "data", &data, err))
		return false;
	encode(&text, data->bytes, data->len);
	value_put_bytes(result, buf_text(&text), text.len);
	result->failed |= text.failed;
	buf_fini(&text);
	return true;
}

static bool decode_with(bool (*decode)(const char *, size_t, struct buf *, struct err *),
			const struct value *args, struct buf *result, struct err *err)
{
	struct buf bytes = BUF_INIT;
	const struct value *data;
	bool fine =
		bytes_arg(args, "data", &data, err) && decode(data->bytes, data->len, &bytes, err);

	if (fine)
		value_put_bytes(result, buf_text(&bytes), bytes.len);
	buf_fini(&bytes);
	return fine;
}

static bool run_hex(const struct gateway *gateway, const struct value *args, struct buf *result,
		    struct err *err)
{
	(void)gateway;
	return encode_with(encode_hex, args, result, err);
}

static bool run_hex_decode(const struct gateway *gateway, const struct value *args,
			   struct buf *result, struct err *err)
{
	(void)gateway;
	return decode_with(decode_hex, args, result, err);
}

static bool run_base64(const struct gateway *gateway, const struct value *args, struct buf *result,
		       struct err *err)
{
	(void)gateway;
	return encode_with(encode_base64, args, result, err);
}

static bool run_base64_decode(const struct gateway *gateway, const struct value *args,
			      struct buf *result, struct err *err)
{
	(void)gateway;
	return decode_with(decode_base64, args, result, err);
}

static bool run_base64url(const struct gateway *gateway, const struct value *args,
			  struct buf *result, struct err *err)
{
	(void)gateway;
	return encode_with(encode_base64url, args, result, err);
}

static bool run_base64url_decode(const struct gateway *gateway, const struct value *args,
				 struct buf *result, struct err *err)
{
	(void)gateway;
	return decode_with(decode_base64url, args, result, err);
}

static bool run_random(const struct gateway *gateway, const struct value *args, struct buf *result,
		       struct err *err)
{
	int64_t count = value_int(args, "count", 0);
	uint8_t bytes[RANDOM_MAX];

	(void)gateway;
	if (count < 1 || count > RANDOM_MAX)
		return err_set(err, ERR_OVER_LIMIT, "host.crypto.random: 1 to %d bytes, not %lld",
			       RANDOM_MAX, (long long)count);
	if (!random_bytes(bytes, (size_t)count, err))
		return false;
	value_put_bytes(result, bytes, (size_t)count);
	return true;
}

static bool run_equal(const struct gateway *gateway, const struct value *args, struct buf *result,
		      struct err *err)
{
	const struct value *a, *b;

	(void)gateway;
	if (!bytes_arg(args, "a", &a, err) || !bytes_arg(args, "b", &b, err))
		return false;
	value_put_bool(result, digest_equal(a->bytes, a->len, b->bytes, b->len));
	return true;
}

static const struct crypto_op ops[] = {
	{ "digest", run_digest },
	{ "hmac", run_hmac },
	{ "sign", run_sign },
	{ "hex", run_hex },
	{ "hex_decode", run_hex_decode },
	{ "base64_encode", run_base64 },
	{ "base64_decode", run_base64_decode },
	{ "base64url_encode", run_base64url },
	{ "base64url_decode", run_base64url_decode },
	{ "random", run_random },
	{ "equal", run_equal },
};

static bool run_op(const struct gateway *gateway, const struct value *args, struct buf *result,
		   struct err *err)
{
	const char *name = value_text(args, "op", "");

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (str_eq(ops[i].name, name))
			return ops[i].run(gateway, args, result, err) && buf_ok(result, err);
	}
	return err_set(err, ERR_BUG, "host.crypto has no \"%s\"", name);
}

void gateway_crypto(const struct gateway *gateway, struct guest *guest, uint32_t id,
		    const void *args, size_t len)
{
	struct buf result = BUF_INIT;
	struct err err = ERR_INIT;
	struct value_tree *tree = value_parse(args, len, &err);

	if (tree != NULL && run_op(gateway, value_root(tree), &result, &err))
		guest_answer(guest, id, &result);
	else
		guest_fail(guest, id, &err);
	value_tree_free(tree);
	buf_fini(&result);
}
