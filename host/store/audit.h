/* The audit trail: who did what to which object. Appended in the transaction of the deed itself. */
#ifndef MUSTER_STORE_AUDIT_H
#define MUSTER_STORE_AUDIT_H

#include "base/err.h"
#include "store/store.h"

/* `details` is a JSON object without secrets; NULL = none. */
bool audit_add(struct store_tx *tx, const char *who, const char *verb, const char *object,
	       const char *details, const char *now, struct err *err);

#endif
