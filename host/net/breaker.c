/* Circuit breaker: closed (pause 0), open (until open_until), half-open (one probe). */
#include "net/breaker.h"

#include <inttypes.h>

#include "base/str.h"

void breaker_init(struct breaker *breaker, int64_t base_ms)
{
	*breaker = (struct breaker){ .base_ms = base_ms };
	limit_window_init(&breaker->failed, BREAKER_SPAN_MS);
	limit_window_init(&breaker->all, BREAKER_SPAN_MS);
}

bool breaker_allows(struct breaker *breaker, int64_t now_ms, int64_t *wait_ms)
{
	/* A clock set back must not stretch the pause. */
	if (breaker->open_until - now_ms > breaker->pause_ms)
		breaker->open_until = now_ms + breaker->pause_ms;
	*wait_ms = 0;
	if (breaker->pause_ms == 0)
		return true;
	if (now_ms < breaker->open_until)
		*wait_ms = breaker->open_until - now_ms;
	else if (breaker->is_probing)
		*wait_ms = breaker->base_ms;
	else
		breaker->is_probing = true;
	return *wait_ms == 0;
}

void breaker_end_pause(struct breaker *breaker, int64_t now_ms)
{
	if (breaker->open_until > now_ms)
		breaker->open_until = now_ms;
}

static void open_for(struct breaker *breaker, int64_t pause_ms, int64_t now_ms)
{
	int64_t longest = breaker->base_ms * BREAKER_PAUSE_FACTOR;

	breaker->pause_ms = pause_ms < longest ? pause_ms : longest;
	breaker->open_until = now_ms + breaker->pause_ms;
	breaker->is_probing = false;
}

static bool is_failing(struct breaker *breaker, int64_t now_ms)
{
	int64_t all = limit_window_sum(&breaker->all, now_ms);

	return breaker->in_a_row >= BREAKER_IN_A_ROW ||
	       (all >= BREAKER_REQUESTS_MIN &&
		limit_window_sum(&breaker->failed, now_ms) * 2 > all);
}

static bool report_success(struct breaker *breaker)
{
	bool was_bad = breaker->in_a_row > 0 || breaker->pause_ms > 0;

	breaker->in_a_row = 0;
	/* While open only the probe closes: answers to older requests prove nothing new. */
	if (breaker->is_probing) {
		int64_t base_ms = breaker->base_ms;

		breaker_init(breaker, base_ms);
	}
	return was_bad;
}

bool breaker_report(struct breaker *breaker, bool failed, int64_t now_ms)
{
	limit_window_add(&breaker->all, now_ms);
	if (!failed)
		return report_success(breaker);
	limit_window_add(&breaker->failed, now_ms);
	breaker->in_a_row++;
	if (breaker->pause_ms == 0 && is_failing(breaker, now_ms))
		open_for(breaker, breaker->base_ms, now_ms);
	else if (breaker->is_probing)
		open_for(breaker, breaker->pause_ms * 2, now_ms);
	return true;
}

void breaker_forget(struct breaker *breaker)
{
	breaker->is_probing = false;
}

void breaker_print(const struct breaker *breaker, struct buf *out)
{
	buf_printf(out, "%" PRId64 " %" PRId64 " %" PRId64 "\n", breaker->in_a_row,
		   breaker->pause_ms, breaker->open_until);
}

void breaker_parse(struct breaker *breaker, const char *text)
{
	int64_t in_a_row, pause_ms, open_until;

	if (!str_next_int64(&text, &in_a_row) || !str_next_int64(&text, &pause_ms) ||
	    !str_next_int64(&text, &open_until))
		return;
	if (in_a_row < 0 || pause_ms < 0 || open_until < 0 ||
	    pause_ms > breaker->base_ms * BREAKER_PAUSE_FACTOR)
		return;
	breaker->in_a_row = in_a_row;
	breaker->pause_ms = pause_ms;
	breaker->open_until = open_until;
}
