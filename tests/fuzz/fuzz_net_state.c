/* Any text as kept state of rates and breaker: it never blocks for longer than twice its span. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/breaker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_so)
{
	if (!is_so)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct net_rate rates[] = { { 50, 1000 }, { 10000, 3600000 } };
	const int64_t now = 1700000000000;
	struct breaker breaker;
	struct buf next = BUF_INIT;
	char *text = malloc(size + 1);
	int64_t wait_ms;

	demand(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	wait_ms = limit_take(text, rates, 2, now, &next);
	demand(wait_ms >= 0 && wait_ms <= 2 * (3600000 + 3600000 / 20));
	breaker_init(&breaker, 30000);
	breaker_parse(&breaker, text);
	demand(breaker_allows(&breaker, now, &wait_ms) || (wait_ms > 0 && wait_ms <= 1800000));
	breaker_report(&breaker, true, now);
	breaker_report(&breaker, false, now);
	buf_fini(&next);
	free(text);
	return 0;
}
