/* Settings of the project (one row each), and its facts such as the install id. */
#ifndef MUSTER_STORE_SETTING_H
#define MUSTER_STORE_SETTING_H

#include "base/err.h"
#include "store/store.h"

/* *value malloc'd; NULL if it is not set. */
bool setting_get(struct store_tx *tx, const char *key, char **value, struct err *err);
/* value NULL deletes. */
bool setting_set(struct store_tx *tx, const char *key, const char *value, struct err *err);

#endif
