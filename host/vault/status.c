/* What `muster vault status` tells. */
#include <stdio.h>

#include "base/str.h"
#include "vault/outer.h"
#include "vault/slot.h"
#include "vault/vault_state.h"

static bool read_slots(struct store_tx *tx, struct vault_status *out, struct err *err)
{
	struct slot *slots;
	size_t count, known = 0;

	if (!slot_list(tx, &slots, &count, err))
		return false;
	for (size_t i = 0; i < count && known < VAULT_SLOTS_MAX; i++) {
		if (vault_slot_kind(&slots[i], &out->slots[known]))
			known++;
	}
	out->slot_count = (int64_t)known;
	slot_list_fini(slots, count);
	return true;
}

static bool read_deks(struct store_tx *tx, struct vault_status *out, struct err *err)
{
	const char *oldest = NULL;
	struct dek *deks;
	size_t count;

	if (!dek_list(tx, NULL, &deks, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (str_eq(deks[i].owner, DEK_DERIVATION))
			continue;
		out->deks++;
		if (deks[i].uses > out->most_dek_uses)
			out->most_dek_uses = deks[i].uses;
		if (oldest == NULL || str_sort_order(&deks[i].created_at, &oldest) < 0)
			oldest = deks[i].created_at;
	}
	snprintf(out->oldest_dek_at, sizeof(out->oldest_dek_at), "%s",
		 oldest != NULL ? oldest : "");
	dek_list_fini(deks, count);
	return true;
}

static bool read_counts(struct store_tx *tx, struct vault_status *out, struct err *err)
{
	struct credential *credentials;
	struct buf note = BUF_INIT;
	size_t count;
	bool ok;

	if (!credential_list(tx, &credentials, &count, err))
		return false;
	credential_list_fini(credentials, count);
	out->credentials = (int64_t)count;
	ok = credential_field_count(tx, &out->fields, err) &&
	     keyring_note_get(tx, VAULT_ROTATING, &out->is_rotating, &note, err);
	buf_fini(&note);
	return ok;
}

static bool read_all(struct store_tx *tx, void *arg, struct err *err)
{
	return read_slots(tx, arg, err) && read_deks(tx, arg, err) && read_counts(tx, arg, err);
}

static void put_key_path(const struct vault *vault, struct vault_status *out)
{
	struct buf path = BUF_INIT;
	struct err ignored = ERR_INIT;

	if (vault->key_path != NULL)
		buf_str(&path, vault->key_path);
	else if (vault_is_sealed(vault))
		outer_path(NULL, vault->install_id, &path, &ignored);
	snprintf(out->key_path, sizeof(out->key_path), "%s", buf_text(&path));
	buf_fini(&path);
}

/* Would a key file open it, once there? */
static bool wants_file(const struct vault_status *status)
{
	for (int64_t i = 0; i < status->slot_count; i++) {
		if (status->slots[i] == VAULT_KEY_FILE)
			return true;
	}
	return status->slot_count == 0;
}

bool vault_read_status(struct vault *vault, struct store *store, struct vault_status *out,
		       struct err *err)
{
	*out = (struct vault_status){ 0 };
	pthread_rwlock_rdlock(&vault->lock);
	out->is_sealed = vault_is_sealed(vault);
	snprintf(out->reason, sizeof(out->reason), "%s", vault->reason);
	put_key_path(vault, out);
	pthread_rwlock_unlock(&vault->lock);
	out->is_memory_locked = !secret_lock_failed();
	if (!store_run(store, STORE_READ, read_all, out, err))
		return false;
	if (out->is_sealed && !wants_file(out))
		out->key_path[0] = '\0';
	return true;
}
