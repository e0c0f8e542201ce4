/* The retry rules. */
#include "net/retry.h"

#include <curl/curl.h>
#include <string.h>

#include "base/sabotage.h"
#include "base/str.h"

enum retry_class retry_class_of_status(int status)
{
	switch (status) {
	case 429:
		return RETRY_THROTTLED;
	case 408:
	case 500:
	case 502:
	case 503:
	case 504:
		return RETRY_TRANSPORT;
	default:
		return RETRY_NONE;
	}
}

void retry_budget_init(struct retry_budget *budget)
{
	limit_window_init(&budget->requests, RETRY_BUDGET_SPAN_MS);
	limit_window_init(&budget->retries, RETRY_BUDGET_SPAN_MS);
}

void retry_budget_print(const struct retry_budget *budget, struct buf *out)
{
	limit_window_print(&budget->requests, out);
	limit_window_print(&budget->retries, out);
}

void retry_budget_parse(struct retry_budget *budget, const char *text)
{
	struct retry_budget read;

	if (limit_window_parse(&text, &read.requests) && limit_window_parse(&text, &read.retries) &&
	    read.requests.span_ms == RETRY_BUDGET_SPAN_MS &&
	    read.retries.span_ms == RETRY_BUDGET_SPAN_MS)
		*budget = read;
}

static bool has_budget(struct retry_budget *budget, int64_t now_ms)
{
	int64_t share = limit_window_sum(&budget->requests, now_ms) * RETRY_BUDGET_PERCENT / 100;
	int64_t allowed = share > RETRY_BUDGET_MIN ? share : RETRY_BUDGET_MIN;

	return limit_window_sum(&budget->retries, now_ms) < allowed ||
	       sabotage_is(SABOTAGE_UNCOUNTED_RETRIES);
}

static int64_t jitter(const struct retry_attempt *attempt, double chance)
{
	int64_t ceiling = attempt->base_ms;

	for (int i = 1; i < attempt->number && ceiling < attempt->base_ms * RETRY_CAP_FACTOR; i++)
		ceiling *= 2;
	if (ceiling > attempt->base_ms * RETRY_CAP_FACTOR)
		ceiling = attempt->base_ms * RETRY_CAP_FACTOR;
	return sabotage_is(SABOTAGE_NO_JITTER) ? ceiling : (int64_t)(chance * (double)ceiling);
}

static struct retry_decision give_up(const char *why)
{
	return (struct retry_decision){ .verdict = RETRY_GIVE_UP, .why = why };
}

int retry_attempts_max(const struct retry_attempt *attempt)
{
	if (attempt->class == RETRY_TRUNCATED)
		return RETRY_TRUNCATED_ATTEMPTS_MAX;
	return attempt->is_hopeless ? RETRY_HOPELESS_ATTEMPTS_MAX : RETRY_ATTEMPTS_MAX;
}

static const char *why_no_more(const struct retry_attempt *attempt)
{
	if (attempt->class == RETRY_TRUNCATED)
		return "the answer was cut 3 times";
	return attempt->is_hopeless ? "both attempts failed" : "all 6 attempts failed";
}

struct retry_decision retry_decide(const struct retry_attempt *attempt, struct retry_budget *budget,
				   int64_t now_ms, double chance)
{
	int64_t after = attempt->retry_after_ms > 0 ? attempt->retry_after_ms : 0;

	if (attempt->class == RETRY_NONE || !attempt->is_idempotent)
		return give_up(NULL);
	if (after > RETRY_WAIT_MAX_MS)
		return (struct retry_decision){ RETRY_RESCHEDULE, after,
						"asks for more than an hour" };
	if (attempt->number >= retry_attempts_max(attempt))
		return give_up(why_no_more(attempt));
	if (!has_budget(budget, now_ms))
		return give_up("too many repetitions in 10 minutes");
	limit_window_add(&budget->retries, now_ms);
	return (struct retry_decision){ RETRY_AGAIN, after + jitter(attempt, chance), NULL };
}

static bool is_digits(const char *text)
{
	return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

int64_t retry_after_parse(const char *value, const char *date, int64_t now_ms)
{
	int64_t seconds;
	time_t until, from = -1;

	if (value == NULL || sabotage_is(SABOTAGE_IGNORE_RETRY_AFTER))
		return -1;
	if (is_digits(value)) {
		if (!str_to_int64(value, &seconds) || seconds > INT32_MAX)
			seconds = INT32_MAX;
		return seconds * 1000;
	}
	/* An HTTP date begins with the name of the day; curl_getdate alone takes far more. */
	if (strspn(value, "MTWFS") == 0)
		return -1;
	until = curl_getdate(value, NULL);
	if (date != NULL)
		from = curl_getdate(date, NULL);
	if (until < 0)
		return -1;
	if (from < 0)
		from = (time_t)(now_ms / 1000);
	if (until <= from)
		return 0;
	return until - from > INT32_MAX ? (int64_t)INT32_MAX * 1000 : (until - from) * 1000;
}
