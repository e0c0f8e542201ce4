/* Data keys. */
#include "vault/dek.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "store/random_id.h"
#include "vault/seal.h"

const int64_t dek_uses_max = (int64_t)1 << 30;

static const char epoch_note[] = "epoch";

/* --- epochs --- */

static bool read_epoch(struct store_tx *tx, int64_t *epoch, struct err *err)
{
	struct buf note = BUF_INIT;
	bool found = false, ok;

	*epoch = 0;
	ok = keyring_note_get(tx, epoch_note, &found, &note, err) && buf_ok(&note, err);
	if (ok && found &&
	    (!str_to_int64(buf_text(&note), epoch) || *epoch < 0 || *epoch >= UINT32_MAX))
		ok = err_set(err, ERR_STORE, "the vault's epoch is damaged");
	buf_fini(&note);
	return ok;
}

bool dek_epoch(struct store_tx *tx, char out[DEK_EPOCH_SIZE], struct err *err)
{
	int64_t epoch;

	if (!read_epoch(tx, &epoch, err))
		return false;
	snprintf(out, DEK_EPOCH_SIZE, "%08x", (unsigned)epoch);
	return true;
}

bool dek_next_epoch(struct store_tx *tx, struct err *err)
{
	int64_t epoch;
	char text[24];

	if (!read_epoch(tx, &epoch, err))
		return false;
	snprintf(text, sizeof(text), "%lld", (long long)epoch + 1);
	return keyring_note_set(tx, epoch_note, text, strlen(text), err);
}

/* --- wrapping --- */

static void bind_dek(struct buf *out, const char *install_id, const struct dek *row)
{
	const char *const parts[] = { "dek", install_id, row->id, row->owner };

	seal_bind(out, parts, 4);
}

static bool wrap(struct dek_root root, const struct dek *row, const struct secret *key,
		 struct buf *out, struct err *err)
{
	const struct seal_key under = { (const uint8_t *)root.key->data, "" };
	struct buf binding = BUF_INIT;
	bool ok;

	bind_dek(&binding, root.install_id, row);
	ok = seal_put(under, &binding, key->data, key->len, out, err);
	buf_fini(&binding);
	return ok;
}

static bool unwrap(struct dek_root root, const struct dek *row, struct secret *key, struct err *err)
{
	const struct seal_key under = { (const uint8_t *)root.key->data, "" };
	struct buf binding = BUF_INIT;
	bool ok;

	bind_dek(&binding, root.install_id, row);
	ok = seal_open(under, &binding, row->wrapped, row->wrapped_len, key, err);
	buf_fini(&binding);
	return ok;
}

static bool has_commitment(const struct dek *row, const struct secret *key, struct err *err)
{
	const struct seal_key named = { (const uint8_t *)key->data, row->id };
	uint8_t commitment[SEAL_COMMITMENT_SIZE];

	if (key->len != SEAL_KEY_SIZE)
		return err_set(err, ERR_DATA, "not a key");
	if (!seal_commit(named, commitment, err))
		return false;
	if (digest_equal(commitment, sizeof(commitment), row->commitment, row->commitment_len))
		return true;
	return err_set(err, ERR_DATA, "not the key that was committed to");
}

bool dek_open(struct dek_root root, const struct dek *row, struct secret *key, struct err *err)
{
	if (unwrap(root, row, key, err) && has_commitment(row, key, err))
		return true;
	secret_fini(key);
	if (err->kind != ERR_DATA)
		return false;
	err_set(err, ERR_STORE, "data key %s is damaged or of another vault", row->id);
	return err_hint(err, "open the vault again; else restore the database from a backup");
}

/* --- drawing --- */

static bool draw_id(struct store_tx *tx, char out[DEK_ID_SIZE], struct err *err)
{
	char epoch[DEK_EPOCH_SIZE], random[RANDOM_ID_SIZE];

	if (!dek_epoch(tx, epoch, err) || !random_id(random, err))
		return false;
	snprintf(out, DEK_ID_SIZE, "%s-%s", epoch, random);
	return true;
}

static bool set_bytes(const void *data, size_t len, void **out, size_t *out_len, struct err *err)
{
	*out = malloc(len);
	if (*out == NULL)
		return err_oom(err);
	memcpy(*out, data, len);
	*out_len = len;
	return true;
}

static bool fill_row(struct dek_root root, struct dek *row, const struct secret *key,
		     struct err *err)
{
	const struct seal_key named = { (const uint8_t *)key->data, row->id };
	uint8_t commitment[SEAL_COMMITMENT_SIZE];
	struct buf wrapped = BUF_INIT;
	bool ok;

	ok = seal_commit(named, commitment, err) && wrap(root, row, key, &wrapped, err) &&
	     set_bytes(commitment, sizeof(commitment), &row->commitment, &row->commitment_len,
		       err) &&
	     set_bytes(wrapped.data, wrapped.len, &row->wrapped, &row->wrapped_len, err);
	buf_fini(&wrapped);
	return ok;
}

static bool make(struct store_tx *tx, struct dek_root root, const char *owner, struct dek *row,
		 struct secret *key, struct err *err)
{
	char id[DEK_ID_SIZE], now[CLOCK_TEXT_SIZE];

	if (!draw_id(tx, id, err))
		return false;
	row->id = str_dup(id);
	row->owner = str_dup(owner);
	row->created_at = str_dup(clock_now_text(now));
	if (row->id == NULL || row->owner == NULL || row->created_at == NULL)
		return err_oom(err);
	return secret_init(key, SEAL_KEY_SIZE, err) && random_bytes(key->data, key->len, err) &&
	       fill_row(root, row, key, err) && dek_add(tx, row, err);
}

bool dek_make(struct store_tx *tx, struct dek_root root, const char *owner, struct dek *row,
	      struct secret *key, struct err *err)
{
	*row = (struct dek){ 0 };
	*key = SECRET_INIT;
	if (make(tx, root, owner, row, key, err))
		return true;
	dek_fini(row);
	secret_fini(key);
	return false;
}

/* --- choosing --- */

/* Of this epoch and not worn out; NULL if there is none. */
static struct dek *usable(struct dek *rows, size_t count, const char *epoch)
{
	for (size_t i = 0; i < count; i++) {
		if (str_has_prefix(rows[i].id, epoch) && rows[i].uses < dek_uses_max)
			return &rows[i];
	}
	return NULL;
}

bool dek_current(struct store_tx *tx, struct dek_root root, const char *owner, struct dek *row,
		 struct secret *key, struct err *err)
{
	char epoch[DEK_EPOCH_SIZE];
	struct dek *rows, *chosen;
	size_t count;
	bool ok;

	if (!dek_epoch(tx, epoch, err) || !dek_list(tx, owner, &rows, &count, err))
		return false;
	chosen = usable(rows, count, epoch);
	if (chosen == NULL) {
		ok = dek_make(tx, root, owner, row, key, err);
	} else {
		*row = *chosen;
		*chosen = (struct dek){ 0 };
		ok = dek_open(root, row, key, err);
		if (!ok)
			dek_fini(row);
	}
	dek_list_fini(rows, count);
	return ok;
}

/* --- another root key --- */

static bool rewrap(struct store_tx *tx, struct dek_root from, struct dek_root to,
		   const struct dek *row, struct err *err)
{
	struct secret key;
	struct buf wrapped = BUF_INIT;
	bool ok;

	if (!dek_open(from, row, &key, err))
		return false;
	ok = wrap(to, row, &key, &wrapped, err) &&
	     dek_rewrap(tx, row->id, wrapped.data, wrapped.len, err);
	buf_fini(&wrapped);
	secret_fini(&key);
	return ok;
}

bool dek_rewrap_all(struct store_tx *tx, struct dek_root from, struct dek_root to, struct err *err)
{
	struct dek *rows;
	size_t count;
	bool ok;

	if (!dek_list(tx, NULL, &rows, &count, err))
		return false;
	ok = true;
	for (size_t i = 0; ok && i < count; i++)
		ok = rewrap(tx, from, to, &rows[i], err);
	dek_list_fini(rows, count);
	return ok;
}
