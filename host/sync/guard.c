/* The guard's thresholds. */
#include "sync/guard.h"

#include <stddef.h>
#include <string.h>

#include "base/sabotage.h"
#include "store/config.h"

bool guard_read_limits(struct store_tx *tx, struct guard_limits *out, struct err *err)
{
	return config_get(tx, CONFIG_GUARD_SHARE, &out->share_percent, NULL, err) &&
	       config_get(tx, CONFIG_GUARD_SHARE_FROM, &out->share_from, NULL, err) &&
	       config_get(tx, CONFIG_GUARD_COUNT, &out->count, NULL, err);
}

const char *guard_blocks(enum model_guard guard, const struct guard_case *loss,
			 const struct guard_limits *limits)
{
	const int64_t missing = loss->missing - sabotage_is(SABOTAGE_GUARD_OFF_BY_ONE);

	if (loss->missing == 0 || sabotage_is(SABOTAGE_SKIP_GUARD))
		return NULL;
	if (loss->live > 0 && loss->seen == 0)
		return "nothing-seen";
	if (missing > limits->share_from && missing * 100 > loss->live * limits->share_percent)
		return "share";
	if (guard == MODEL_COUNTED && missing > limits->count)
		return "count";
	return NULL;
}

void guard_put_line(struct buf *out, const char *entity, const char *source_id)
{
	buf_printf(out, "%s:%zu:%s\n", entity, strlen(source_id), source_id);
}
