/* Sealed bytes as the vault stores them. */
#include "vault/seal.h"

#include <string.h>

#include "base/sabotage.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/random.h"

enum { VERSION = 1, AES_256_GCM = 1, KEY_ID_MAX = 255 };

static void bind_part(struct buf *out, const char *part)
{
	size_t len = strlen(part);
	const uint8_t prefix[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
				    (uint8_t)len };

	buf_append(out, prefix, sizeof(prefix));
	buf_append(out, part, len);
}

void seal_bind(struct buf *out, const char *const *parts, size_t count)
{
	bind_part(out, "muster1");
	for (size_t i = 0; i < count; i++)
		bind_part(out, parts[i]);
}

static struct aead_aad aad_of(const struct buf *binding)
{
	return (struct aead_aad){ binding->data,
				  sabotage_is(SABOTAGE_UNBOUND_SECRETS) ? 0 : binding->len };
}

bool seal_put(struct seal_key key, const struct buf *binding, const void *plain, size_t len,
	      struct buf *out, struct err *err)
{
	size_t id_len = strlen(key.id);
	uint8_t nonce[AEAD_NONCE_SIZE], *room;

	if (id_len > KEY_ID_MAX)
		return err_set(err, ERR_BUG, "a key id of %zu bytes", id_len);
	if (!buf_ok(binding, err) || !random_bytes(nonce, sizeof(nonce), err))
		return false;
	buf_char(out, VERSION);
	buf_char(out, AES_256_GCM);
	buf_char(out, (char)id_len);
	buf_append(out, key.id, id_len);
	buf_append(out, nonce, sizeof(nonce));
	room = buf_room(out, len + AEAD_TAG_SIZE);
	if (room == NULL)
		return buf_ok(out, err);
	if (!aead_seal(key.bytes, nonce, aad_of(binding), plain, len, room, err))
		return false;
	buf_grown(out, len + AEAD_TAG_SIZE);
	return true;
}

/* Where the nonce begins; NULL if the head is not that of a record under this key. */
static const uint8_t *skip_head(struct seal_key key, const uint8_t *sealed, size_t len)
{
	size_t id_len = strlen(key.id), head = 3 + id_len;

	if (len < head + AEAD_NONCE_SIZE + AEAD_TAG_SIZE || sealed[0] != VERSION ||
	    sealed[1] != AES_256_GCM || sealed[2] != id_len ||
	    memcmp(sealed + 3, key.id, id_len) != 0)
		return NULL;
	return sealed + head;
}

bool seal_open(struct seal_key key, const struct buf *binding, const void *sealed, size_t len,
	       struct secret *out, struct err *err)
{
	const uint8_t *nonce = skip_head(key, sealed, len), *text;
	size_t text_len;

	*out = SECRET_INIT;
	if (!buf_ok(binding, err))
		return false;
	if (nonce == NULL)
		return err_set(err, ERR_DATA, "not sealed under this key");
	text = nonce + AEAD_NONCE_SIZE;
	text_len = len - (size_t)(text - (const uint8_t *)sealed);
	if (!secret_init(out, text_len - AEAD_TAG_SIZE, err))
		return false;
	if (aead_open(key.bytes, nonce, aad_of(binding), text, text_len, (uint8_t *)out->data, err))
		return true;
	secret_fini(out);
	return false;
}

bool seal_commit(struct seal_key key, uint8_t out[SEAL_COMMITMENT_SIZE], struct err *err)
{
	const char *const parts[] = { "commitment", key.id };
	struct buf info = BUF_INIT;
	bool ok;

	seal_bind(&info, parts, 2);
	ok = buf_ok(&info, err) && kdf_hkdf(key.bytes, SEAL_KEY_SIZE, NULL, 0, info.data, info.len,
					    out, SEAL_COMMITMENT_SIZE, err);
	buf_fini(&info);
	return ok;
}
