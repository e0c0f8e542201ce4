/*
 * What a connector wrote with host.store since the last batch: keys and values in the order they
 * came, the last one to a key counts. Committed in the batch's transaction.
 */
#ifndef MUSTER_SYNC_KEY_LIST_H
#define MUSTER_SYNC_KEY_LIST_H

#include <stddef.h>

#include "base/err.h"
#include "store/store.h"
#include "wire/value.h"

struct key_set {
	char *key;
	char *value; /* NULL deletes */
	size_t len;
	struct key_set *next;
};

/* Starts as { 0 }. */
struct key_list {
	struct key_set *first, *last;
};

void key_list_fini(struct key_list *list);

/*
 * A value that is no text (nil, or absent: NULL) deletes; anything else is ERR_BUG, a key or value
 * that the store would not take ERR_OVER_LIMIT. *size = the memory that it takes, about.
 */
bool key_list_add(struct key_list *list, const char *key, const struct value *value, size_t *size,
		  struct err *err);

/* The newest writing to the key, or NULL. Belongs to the list. */
const struct key_set *key_list_find(const struct key_list *list, const char *key);

/* Writes all of it for the account, in a STORE_WRITE unit. */
bool key_list_apply(const struct key_list *list, struct store_tx *tx, const char *account_id,
		    struct err *err);

#endif
