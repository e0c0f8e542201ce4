/* The frames of a recording. */
#include "record/recording_frame.h"

#include <string.h>

#include "base/hash.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/random.h"

static const char magic[8] = "MUSTREC1";

/* In place of a length: there is no text. */
static const uint32_t absent = UINT32_MAX;

/* --- numbers, big-endian --- */

static void store32(uint8_t out[4], uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void store64(uint8_t out[8], int64_t value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
}

static uint32_t load32(const uint8_t in[4])
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static int64_t load64(const uint8_t in[8])
{
	return (int64_t)((uint64_t)load32(in) << 32 | load32(in + 4));
}

/* --- the file's head --- */

static bool derive_file_key(struct recording_seal *out, const uint8_t key[32],
			    const uint8_t head[RECORDING_HEAD_SIZE], struct err *err)
{
	const uint8_t *salt = head + RECORDING_HEAD_SIZE - RECORDING_SALT_SIZE;

	out->session_id = load64(head + sizeof(magic));
	if (!secret_init(&out->key, AEAD_KEY_SIZE, err))
		return false;
	if (kdf_hkdf(key, 32, salt, RECORDING_SALT_SIZE, head, RECORDING_HEAD_SIZE,
		     (uint8_t *)out->key.data, AEAD_KEY_SIZE, err))
		return true;
	secret_fini(&out->key);
	return false;
}

bool recording_seal_new(struct recording_seal *out, int64_t session_id, const uint8_t key[32],
			uint8_t head[RECORDING_HEAD_SIZE], struct err *err)
{
	memcpy(head, magic, sizeof(magic));
	store64(head + sizeof(magic), session_id);
	return random_bytes(head + sizeof(magic) + 8, RECORDING_SALT_SIZE, err) &&
	       derive_file_key(out, key, head, err);
}

bool recording_seal_read(struct recording_seal *out, const uint8_t key[32],
			 const uint8_t head[RECORDING_HEAD_SIZE], struct err *err)
{
	if (memcmp(head, magic, sizeof(magic)) != 0)
		return err_set(err, ERR_STORE, "not a recording of muster");
	return derive_file_key(out, key, head, err);
}

void recording_seal_fini(struct recording_seal *seal)
{
	secret_fini(&seal->key);
}

/* --- frames --- */

struct binding {
	uint8_t nonce[AEAD_NONCE_SIZE];
	uint8_t aad[sizeof(magic) + 24];
};

/* No position occurs twice in a file, and no two files share a key: so no nonce does. */
static struct binding binding_of(const struct recording_seal *seal, int64_t position,
				 int64_t number)
{
	struct binding binding = { 0 };

	store64(binding.nonce + AEAD_NONCE_SIZE - 8, position);
	memcpy(binding.aad, magic, sizeof(magic));
	store64(binding.aad + sizeof(magic), seal->session_id);
	store64(binding.aad + sizeof(magic) + 8, position);
	store64(binding.aad + sizeof(magic) + 16, number);
	return binding;
}

/* Tells a damaged length from the end of a cut file; the seal does the rest. */
static uint32_t head_check(const uint8_t head[RECORDING_FRAME_HEAD_SIZE])
{
	uint8_t bytes[12], hash[HASH128_SIZE];

	memcpy(bytes, head, 4);
	memcpy(bytes + 4, head + 8, 8);
	hash128(bytes, sizeof(bytes), hash);
	return load32(hash);
}

bool recording_seal_frame(const struct recording_seal *seal, int64_t position, int64_t number,
			  const struct buf *content, struct buf *frame, struct err *err)
{
	struct binding binding = binding_of(seal, position, number);
	size_t sealed_len = content->len + AEAD_TAG_SIZE;
	uint8_t *head;

	buf_clear(frame);
	head = buf_room(frame, RECORDING_FRAME_HEAD_SIZE + sealed_len);
	if (head == NULL)
		return buf_ok(frame, err);
	store32(head, (uint32_t)sealed_len);
	store64(head + 8, number);
	store32(head + 4, head_check(head));
	if (!aead_seal((const uint8_t *)seal->key.data, binding.nonce,
		       (struct aead_aad){ binding.aad, sizeof(binding.aad) }, content->data,
		       content->len, head + RECORDING_FRAME_HEAD_SIZE, err))
		return false;
	buf_grown(frame, RECORDING_FRAME_HEAD_SIZE + sealed_len);
	return true;
}

bool recording_read_frame_head(const uint8_t head[RECORDING_FRAME_HEAD_SIZE], int64_t *number,
			       size_t *sealed_len, struct err *err)
{
	*sealed_len = load32(head);
	*number = load64(head + 8);
	if (load32(head + 4) == head_check(head) && *sealed_len >= AEAD_TAG_SIZE)
		return true;
	return err_set(err, ERR_STORE, "the head of a frame is damaged");
}

bool recording_open_frame(const struct recording_seal *seal, int64_t position, int64_t number,
			  struct buf *sealed, struct err *err)
{
	struct binding binding = binding_of(seal, position, number);
	uint8_t *bytes = (uint8_t *)sealed->data;

	if (!aead_open((const uint8_t *)seal->key.data, binding.nonce,
		       (struct aead_aad){ binding.aad, sizeof(binding.aad) }, bytes, sealed->len,
		       bytes, err)) {
		if (err->kind != ERR_DATA)
			return false;
		return err_set(err, ERR_STORE,
			       "it was altered, or recorded under another vault's key");
	}
	sealed->len -= AEAD_TAG_SIZE;
	return true;
}

/* --- content: numbers, then texts as length | bytes | NUL --- */

static void put_number(struct buf *out, int64_t value)
{
	uint8_t bytes[8];

	store64(bytes, value);
	buf_append(out, bytes, sizeof(bytes));
}

static void put_bytes(struct buf *out, const char *bytes, size_t len)
{
	uint8_t prefix[4];

	store32(prefix, bytes == NULL ? absent : (uint32_t)len);
	buf_append(out, prefix, sizeof(prefix));
	if (bytes == NULL)
		return;
	buf_append(out, bytes, len);
	buf_char(out, '\0');
}

static void put_text(struct buf *out, const char *text)
{
	put_bytes(out, text, text == NULL ? 0 : strlen(text));
}

bool recording_pack(const struct recording_exchange *exchange, struct buf *out, struct err *err)
{
	if (exchange->number < 0)
		return err_set(err, ERR_BUG, "an exchange of the number %lld",
			       (long long)exchange->number);
	buf_clear(out);
	out->cap = RECORDING_EXCHANGE_MAX;
	put_number(out, exchange->status);
	put_number(out, exchange->started_ms);
	put_number(out, exchange->duration_ms);
	put_number(out, exchange->attempt);
	put_text(out, exchange->method);
	put_text(out, exchange->url);
	put_text(out, exchange->request_headers);
	put_text(out, exchange->response_headers);
	put_text(out, exchange->error);
	put_bytes(out, exchange->request_body, exchange->request_body_len);
	put_bytes(out, exchange->response_body, exchange->response_body_len);
	if (buf_ok(out, err))
		return true;
	return err_context(err, "exchange %lld is too large to record",
			   (long long)exchange->number);
}

struct reader {
	const uint8_t *at;
	size_t left;
	bool failed;
};

static int64_t get_number(struct reader *in)
{
	int64_t value;

	if (in->failed || in->left < 8) {
		in->failed = true;
		return 0;
	}
	value = load64(in->at);
	in->at += 8;
	in->left -= 8;
	return value;
}

static const char *get_bytes(struct reader *in, size_t *len)
{
	const char *bytes;

	*len = 0;
	in->failed = in->failed || in->left < 4;
	if (in->failed)
		return NULL;
	*len = load32(in->at);
	bytes = (const char *)in->at + 4;
	in->at += 4;
	in->left -= 4;
	if (*len == absent) {
		*len = 0;
		return NULL;
	}
	in->failed = *len >= in->left || bytes[*len] != '\0';
	if (in->failed)
		return NULL;
	in->at += *len + 1;
	in->left -= *len + 1;
	return bytes;
}

static const char *get_text(struct reader *in)
{
	size_t len;

	return get_bytes(in, &len);
}

bool recording_unpack(const struct buf *packed, struct recording_exchange *out, struct err *err)
{
	struct reader in = { (const uint8_t *)packed->data, packed->len, false };

	out->status = (int)get_number(&in);
	out->started_ms = get_number(&in);
	out->duration_ms = get_number(&in);
	out->attempt = (int)get_number(&in);
	out->method = get_text(&in);
	out->url = get_text(&in);
	out->request_headers = get_text(&in);
	out->response_headers = get_text(&in);
	out->error = get_text(&in);
	out->request_body = get_bytes(&in, &out->request_body_len);
	out->response_body = get_bytes(&in, &out->response_body_len);
	if (!in.failed && in.left == 0)
		return true;
	return err_set(err, ERR_STORE, "an exchange is not packed as this version packs it");
}
