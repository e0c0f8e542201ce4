/* The guard's thresholds. */
#include "sync/guard.h"

#include <stddef.h>
#include <string.h>

#include "base/sabotage.h"

enum { SMALL_LOSS = 10, SHARE_PERCENT = 10, LARGE_LOSS = 200 };

const char *guard_blocks(enum model_guard guard, const struct guard_case *loss)
{
	const int64_t missing = loss->missing - sabotage_is(SABOTAGE_GUARD_OFF_BY_ONE);

	if (loss->missing == 0 || sabotage_is(SABOTAGE_SKIP_GUARD))
		return NULL;
	if (loss->live > 0 && loss->seen == 0)
		return "nothing-seen";
	if (missing > SMALL_LOSS && missing * 100 > loss->live * SHARE_PERCENT)
		return "share";
	if (guard == MODEL_COUNTED && missing > LARGE_LOSS)
		return "count";
	return NULL;
}

void guard_put_line(struct buf *out, const char *entity, const char *source_id)
{
	buf_printf(out, "%s:%zu:%s\n", entity, strlen(source_id), source_id);
}
