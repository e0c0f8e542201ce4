/* What a connector wrote with host.store since the last batch. */
#include "sync/key_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/script_key.h"

enum { SET_BYTES = 128 }; /* of a key without its texts */

static void free_set(struct key_set *set)
{
	free(set->key);
	free(set->value);
	free(set);
}

void key_list_fini(struct key_list *list)
{
	while (list->first != NULL) {
		struct key_set *next = list->first->next;

		free_set(list->first);
		list->first = next;
	}
	list->last = NULL;
}

static struct key_set *new_set(const char *key, const struct value *value)
{
	struct key_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	set->key = str_dup(key);
	if (value != NULL) {
		set->value = str_dup_len(value->bytes, value->len);
		set->len = value->len;
	}
	if (set->key == NULL || (value != NULL && set->value == NULL)) {
		free_set(set);
		return NULL;
	}
	return set;
}

/* What the store would refuse is refused before it is kept. */
static bool check_set(const char *key, const struct value *value, struct err *err)
{
	if (key[0] == '\0' || (value != NULL && value->type != VALUE_BYTES))
		return err_set(err, ERR_BUG,
			       "host.store.set: a key is a text, a value a text or nil");
	if (strlen(key) > SCRIPT_KEY_MAX)
		return err_set(err, ERR_OVER_LIMIT,
			       "host.store.set: a key of %zu bytes (%d are allowed)", strlen(key),
			       SCRIPT_KEY_MAX);
	if (value != NULL && value->len > SCRIPT_VALUE_MAX)
		return err_set(err, ERR_OVER_LIMIT,
			       "host.store.set: a value of %zu bytes (%d are allowed)", value->len,
			       SCRIPT_VALUE_MAX);
	return true;
}

bool key_list_add(struct key_list *list, const char *key, const struct value *value, size_t *size,
		  struct err *err)
{
	struct key_set *set;

	if (!check_set(key, value, err))
		return false;
	set = new_set(key, value);
	if (set == NULL)
		return err_oom(err);
	if (list->last != NULL)
		list->last->next = set;
	else
		list->first = set;
	list->last = set;
	*size = SET_BYTES + strlen(key) + set->len;
	return true;
}

const struct key_set *key_list_find(const struct key_list *list, const char *key)
{
	const struct key_set *found = NULL;

	for (const struct key_set *set = list->first; set != NULL; set = set->next) {
		if (str_eq(set->key, key))
			found = set;
	}
	return found;
}

bool key_list_apply(const struct key_list *list, struct store_tx *tx, const char *account_id,
		    struct err *err)
{
	struct buf owner = BUF_INIT;
	bool fine;

	buf_printf(&owner, "account:%s", account_id);
	fine = buf_ok(&owner, err);
	for (const struct key_set *set = list->first; set != NULL && fine; set = set->next)
		fine = script_key_set(tx, buf_text(&owner), set->key, set->value, set->len, err);
	buf_fini(&owner);
	return fine;
}
