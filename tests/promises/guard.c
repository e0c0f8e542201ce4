/*
 * The guard's verdict under its default limits, for D2: lines "counted|relation LIVE SEEN MISSING"
 * on stdin, on stdout for each the rule that holds such a loss, or "goes".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "store/config.h"
#include "sync/guard.h"

int main(void)
{
	const struct guard_limits limits = {
		.share_percent = config_info(CONFIG_GUARD_SHARE)->fallback,
		.share_from = config_info(CONFIG_GUARD_SHARE_FROM)->fallback,
		.count = config_info(CONFIG_GUARD_COUNT)->fallback,
	};
	struct guard_case loss;
	char kind[16];

	while (scanf("%15s %" SCNd64 " %" SCNd64 " %" SCNd64, kind, &loss.live, &loss.seen,
		     &loss.missing) == 4) {
		const char *rule = guard_blocks(
			str_eq(kind, "counted") ? MODEL_COUNTED : MODEL_RELATION, &loss, &limits);

		puts(rule != NULL ? rule : "goes");
	}
	return feof(stdin) ? EXIT_SUCCESS : EXIT_FAILURE;
}
