/*
 * The guard's verdict, for D2: lines "counted|relation LIVE SEEN MISSING" on stdin, on stdout for
 * each the rule that holds such a loss, or "goes".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "sync/guard.h"

int main(void)
{
	struct guard_case loss;
	char kind[16];

	while (scanf("%15s %" SCNd64 " %" SCNd64 " %" SCNd64, kind, &loss.live, &loss.seen,
		     &loss.missing) == 4) {
		const char *rule = guard_blocks(
			str_eq(kind, "counted") ? MODEL_COUNTED : MODEL_RELATION, &loss);

		puts(rule != NULL ? rule : "goes");
	}
	return feof(stdin) ? EXIT_SUCCESS : EXIT_FAILURE;
}
