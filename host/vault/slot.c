/* Slots: the root key sealed under a key from outside. */
#define _GNU_SOURCE
#include "vault/slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "crypto/random.h"
#include "vault/seal.h"

enum { SALT_SIZE = 16, PARAMS_MAX = 160 };

/* The one form in which parameters of scrypt are written; read back by the same text. */
#define SCRYPT_PARAMS                                                                              \
	"{\"kdf\":\"scrypt\",\"log2_n\":%u,\"r\":%u,\"p\":%u,\"salt\":\"%32[0-9a-f]\"}%n"

static const char *const kind_names[] = {
	[VAULT_KEY_FILE] = "file",
	[VAULT_KEY_PASSPHRASE] = "passphrase",
	[VAULT_KEY_SYSTEMD] = "systemd",
};

const char *vault_key_kind_name(enum vault_key_kind kind)
{
	return kind_names[kind];
}

bool vault_slot_kind(const struct slot *slot, enum vault_key_kind *kind)
{
	for (int i = 0; i < (int)(sizeof(kind_names) / sizeof(kind_names[0])); i++) {
		if (str_eq(slot->kind, kind_names[i])) {
			*kind = (enum vault_key_kind)i;
			return true;
		}
	}
	return false;
}

/* --- the slot's own key --- */

static bool stretch(const char *params, const struct secret *passphrase, uint8_t out[SEAL_KEY_SIZE],
		    struct err *err)
{
	struct kdf_scrypt_cost cost;
	char salt[2 * SALT_SIZE + 1];
	int end = 0;

	/* kdf_scrypt refuses a cost out of range. NOLINTNEXTLINE(cert-err34-c) */
	if (sscanf(params, SCRYPT_PARAMS, &cost.log2_n, &cost.r, &cost.p, salt, &end) != 4 ||
	    params[end] != '\0' || end == 0)
		return err_set(err, ERR_STORE, "the passphrase slot's parameters are damaged");
	return kdf_scrypt(passphrase->data, passphrase->len, salt, strlen(salt), cost, out,
			  SEAL_KEY_SIZE, err);
}

static bool derive(const struct slot *slot, const struct secret *outer, uint8_t out[SEAL_KEY_SIZE],
		   struct err *err)
{
	const char *const parts[] = { "slot key", slot->kind, slot->id };
	struct buf info = BUF_INIT;
	bool ok;

	if (str_eq(slot->kind, kind_names[VAULT_KEY_PASSPHRASE]))
		return stretch(slot->params, outer, out, err);
	seal_bind(&info, parts, 3);
	ok = buf_ok(&info, err) && kdf_hkdf(outer->data, outer->len, NULL, 0, info.data, info.len,
					    out, SEAL_KEY_SIZE, err);
	buf_fini(&info);
	return ok;
}

static void bind_slot(struct buf *out, const char *install_id, const struct slot *slot)
{
	const char *const parts[] = { "slot", install_id, slot->id, slot->kind, slot->params };

	seal_bind(out, parts, 5);
}

/* --- making --- */

static char *draw_params(enum vault_key_kind kind, struct err *err)
{
	uint8_t salt[SALT_SIZE];
	struct buf out = BUF_INIT;

	if (kind != VAULT_KEY_PASSPHRASE) {
		buf_str(&out, "{}");
	} else {
		if (!random_bytes(salt, sizeof(salt), err))
			return NULL;
		buf_printf(&out, "{\"kdf\":\"scrypt\",\"log2_n\":%u,\"r\":%u,\"p\":%u,\"salt\":\"",
			   kdf_scrypt_default.log2_n, kdf_scrypt_default.r, kdf_scrypt_default.p);
		encode_hex(&out, salt, sizeof(salt));
		buf_str(&out, "\"}");
	}
	if (!buf_ok(&out, err)) {
		buf_fini(&out);
		return NULL;
	}
	return buf_take(&out);
}

static bool seal_root(const char *install_id, const uint8_t key[SEAL_KEY_SIZE],
		      const struct secret *root, struct slot *slot, struct err *err)
{
	const struct seal_key own = { key, "" }, named = { key, slot->id };
	struct buf record = BUF_INIT, binding = BUF_INIT;
	uint8_t commitment[SEAL_COMMITMENT_SIZE];
	bool ok;

	bind_slot(&binding, install_id, slot);
	ok = seal_commit(named, commitment, err);
	buf_append(&record, commitment, sizeof(commitment));
	ok = ok && seal_put(own, &binding, root->data, root->len, &record, err);
	buf_fini(&binding);
	if (ok) {
		slot->record_len = record.len;
		slot->record = buf_take(&record);
	}
	buf_fini(&record);
	return ok;
}

static bool fill(const char *install_id, enum vault_key_kind kind, const struct secret *outer,
		 const char *slot_id, const struct secret *root, struct slot *out, struct err *err)
{
	char now[CLOCK_TEXT_SIZE];
	uint8_t key[SEAL_KEY_SIZE];
	bool ok;

	out->id = str_dup(slot_id);
	out->kind = str_dup(kind_names[kind]);
	out->created_at = str_dup(clock_now_text(now));
	out->params = draw_params(kind, err);
	if (out->params == NULL)
		return false;
	if (out->id == NULL || out->kind == NULL || out->created_at == NULL)
		return err_oom(err);
	ok = derive(out, outer, key, err) && seal_root(install_id, key, root, out, err);
	secret_wipe(key, sizeof(key));
	return ok;
}

bool vault_slot_make(const char *install_id, enum vault_key_kind kind, const struct secret *outer,
		     const char *slot_id, const struct secret *root, struct slot *out,
		     struct err *err)
{
	*out = (struct slot){ 0 };
	if (fill(install_id, kind, outer, slot_id, root, out, err))
		return true;
	slot_fini(out);
	return false;
}

/* --- opening --- */

static bool fail_damaged(const struct slot *slot, struct err *err)
{
	err_set(err, ERR_STORE, "the vault's %s slot is damaged", slot->kind);
	return err_hint(err, "restore the project's database from a backup");
}

static bool fail_wrong_key(const struct slot *slot, struct err *err)
{
	enum vault_key_kind kind;

	if (vault_slot_kind(slot, &kind) && kind == VAULT_KEY_PASSPHRASE) {
		err_set(err, ERR_SEALED, "the passphrase is wrong");
		return err_hint(err, "give the right one at the prompt or with --passphrase-file");
	}
	err_set(err, ERR_SEALED, "not the key of the vault's %s slot", slot->kind);
	return err_hint(err, "name the file of the right one: --key-file FILE");
}

static bool open_root(const char *install_id, const struct slot *slot,
		      const uint8_t key[SEAL_KEY_SIZE], struct secret *root, struct err *err)
{
	const struct seal_key own = { key, "" }, named = { key, slot->id };
	const uint8_t *record = slot->record;
	uint8_t commitment[SEAL_COMMITMENT_SIZE];
	struct buf binding = BUF_INIT;
	bool ok;

	if (slot->record_len < sizeof(commitment))
		return fail_damaged(slot, err);
	if (!seal_commit(named, commitment, err))
		return false;
	if (!digest_equal(commitment, sizeof(commitment), record, sizeof(commitment)))
		return fail_wrong_key(slot, err);
	bind_slot(&binding, install_id, slot);
	ok = seal_open(own, &binding, record + sizeof(commitment),
		       slot->record_len - sizeof(commitment), root, err);
	buf_fini(&binding);
	if (ok && root->len == SEAL_KEY_SIZE)
		return true;
	secret_fini(root);
	return ok || err->kind == ERR_DATA ? fail_damaged(slot, err) : false;
}

bool vault_slot_open(const char *install_id, const struct slot *slot, const struct secret *outer,
		     struct secret *root, struct err *err)
{
	uint8_t key[SEAL_KEY_SIZE];
	bool ok;

	*root = SECRET_INIT;
	ok = derive(slot, outer, key, err) && open_root(install_id, slot, key, root, err);
	secret_wipe(key, sizeof(key));
	return ok;
}

bool vault_slot_exists(struct store_tx *tx, const char *slot_id, bool *exists, struct err *err)
{
	struct slot *slots;
	size_t count;

	*exists = false;
	if (!slot_list(tx, &slots, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		*exists = *exists || str_eq(slots[i].id, slot_id);
	slot_list_fini(slots, count);
	return true;
}
