/*
 * Events of vendors (streams with mode "events") come late, twice and out of order. Each row
 * remembers the last event that touched it, also when it is gone or was never there; what is not
 * later than that changes nothing.
 */
#ifndef MUSTER_STORE_EVENT_H
#define MUSTER_STORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "store/entity.h"

/* Texts are not NUL-terminated. */
struct event_stamp {
	const char *at; /* RFC 3339 UTC, with or without a fraction */
	size_t at_len;
	const char *id; /* the vendor's; orders events of the same time */
	size_t id_len;
};

/* < 0, 0, > 0. An absent stamp (at NULL) is before all others. */
int event_compare(const struct event_stamp *a, const struct event_stamp *b);

/* *is_news = false: the row knows this event, or a later one. Else the row's stamp is moved. */
bool event_mark(struct store_tx *tx, const struct entity_context *context,
		const struct model_entity *entity, const char *source_id, size_t len,
		const struct event_stamp *stamp, bool *is_news, struct err *err);

/* Forgets the row's last event: whatever is told of it next is news. */
bool event_forget(struct store_tx *tx, const char *account_id, const struct model_entity *entity,
		  const char *source_id, struct err *err);

/* Forgets stamps of events before this time. */
bool event_expire(struct store_tx *tx, const char *before, struct err *err);

#endif
