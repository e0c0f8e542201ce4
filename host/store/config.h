/*
 * What a project may set for itself (`muster config`): numbers with a default and a range, each
 * with an effect. They are rows of the table settings, under their own keys; there is no file.
 */
#ifndef MUSTER_STORE_CONFIG_H
#define MUSTER_STORE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

enum config_key {
	CONFIG_GUARD_SHARE,
	CONFIG_GUARD_SHARE_FROM,
	CONFIG_GUARD_COUNT,
	CONFIG_KEEP_REMOVED,
	CONFIG_KEEP_CHANGES,
	CONFIG_KEEP_QUARANTINE,
	CONFIG_KEEP_SESSIONS,
	CONFIG_KEEP_RECORDINGS,
	CONFIG_SYNC_PARALLEL,
	CONFIG_COUNT,
};

/* Which way a change takes something away that nobody can bring back. */
enum config_risk { CONFIG_HARMLESS, CONFIG_RISKY_UP, CONFIG_RISKY_DOWN };

struct config_info {
	const char *key;
	int64_t fallback, min, max;
	const char *unit;
	const char *meaning; /* half a sentence */
	enum config_risk risk;
	const char *warning; /* what a risky change leads to: a sentence; NULL for a harmless one */
};

const struct config_info *config_info(enum config_key key);

/* ERR_USAGE with the nearest key. */
bool config_find(const char *name, enum config_key *out, struct err *err);

/* ERR_USAGE with the range. */
bool config_parse(enum config_key key, const char *text, int64_t *out, struct err *err);

/* The value in effect; *is_set (may be NULL): not the default. ERR_CONFIG if what is stored is no
   value for it: somebody else wrote it. */
bool config_get(struct store_tx *tx, enum config_key key, int64_t *out, bool *is_set,
		struct err *err);

bool config_set(struct store_tx *tx, enum config_key key, int64_t value, struct err *err);
/* Back to the default. */
bool config_unset(struct store_tx *tx, enum config_key key, struct err *err);

#endif
