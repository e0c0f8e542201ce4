/*
 * R1: the HTTP client against vendors in virtual time that fail at random, each with a restart in
 * the middle, judged from the vendor's side. Prints a line a vendor, "ok" or what went wrong, and
 * then such lines about the spread of all pauses.
 *
 *   promise_retry SEED VENDORS
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_virtual.h"
#include "fixture_virtual_client.h"
#include "net/breaker.h"

enum {
	CALLS = 24,
	LONG_CALLS = 400, /* of every 50th vendor: there a tenth is more than twenty */
	CALLS_MAX = LONG_CALLS,
	STARTS_MAX = CALLS_MAX * RETRY_ATTEMPTS_MAX * 4,
	CONCURRENT_MAX = 4,
	SPAN_MS = RETRY_BUDGET_SPAN_MS,
	SPAN_SLOT_MS = SPAN_MS / 20, /* windows may count one slot more */
	DAY_MS = 86400000,
};

static const int64_t START_MS = 1700000000000;

/* --- a vendor that fails at random, and what it makes of its client --- */

/* A call as the vendor sees it. */
struct seen {
	int attempts, cuts;
	bool is_post, is_over;
	int64_t sent_ms;  /* by the caller */
	int64_t ended_ms; /* the last attempt */
	int64_t after_ms; /* what it asked for with it; 0 = nothing */
	enum retry_class class;
	struct vendor *vendor;
};

struct vendor {
	uint64_t random;
	int bad_percent, after_percent; /* of answers that fail; of them with a Retry-After */
	int callers;
	bool has_rate;
	int64_t calls, sent;
	struct seen seen[CALLS_MAX];
	struct kept kept;
	struct net *net;
	int64_t hold_until;	       /* nobody may ask before */
	int in_a_row;		       /* calls that failed */
	int64_t opened_ms, last_start; /* with five in a row */
	int64_t starts[STARTS_MAX], retries[STARTS_MAX];
	size_t start_count, retry_count;
	char wrong[160];
};

static const struct net_rate RATE = { 5, 1000 };

/* Of the pauses before a second, third ... attempt that nothing else drew out. */
static struct {
	int64_t count;
	double share; /* of the longest that is allowed, summed up */
} pauses[RETRY_ATTEMPTS_MAX];

__attribute__((format(printf, 2, 3))) static void blame(struct vendor *vendor, const char *format,
							...)
{
	va_list args;

	if (vendor->wrong[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(vendor->wrong, sizeof(vendor->wrong), format, args);
	va_end(args);
}

/* After `since`, until `until`. */
static int64_t count_between(const int64_t *times, size_t count, int64_t since, int64_t until)
{
	int64_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += times[i] > since && times[i] <= until;
	return found;
}

static int64_t ceiling_ms(int attempt)
{
	int64_t ceiling = (int64_t)1000 << (attempt - 1);

	return ceiling < 60000 ? ceiling : 60000;
}

static void judge_pause(struct vendor *vendor, const struct seen *seen)
{
	int64_t now = virtual_now_ms(), waited = now - seen->ended_ms - seen->after_ms;
	int64_t ceiling = ceiling_ms(seen->attempts);

	if (waited < 0)
		blame(vendor, "repeated %" PRId64 " ms before its Retry-After", -waited);
	if (waited > ceiling && !vendor->has_rate && now > vendor->hold_until)
		blame(vendor, "attempt %d came after %" PRId64 " ms", seen->attempts + 1, waited);
	/* Of one caller: another's troubles would cut the long ones short. */
	if (vendor->callers == 1 && !vendor->has_rate && seen->after_ms == 0 &&
	    seen->attempts < RETRY_ATTEMPTS_MAX) {
		pauses[seen->attempts].count++;
		pauses[seen->attempts].share += (double)waited / (double)ceiling;
	}
}

/* A repetition is booked when the attempt before it has ended. */
static void judge_budget(struct vendor *vendor, int64_t booked_ms)
{
	int64_t requests = 0, retries, allowed;

	vendor->retries[vendor->retry_count++] = booked_ms;
	for (int64_t i = 0; i < vendor->sent; i++)
		requests += !vendor->seen[i].is_over ||
			    vendor->seen[i].sent_ms > booked_ms - SPAN_MS - SPAN_SLOT_MS;
	retries =
		count_between(vendor->retries, vendor->retry_count, booked_ms - SPAN_MS, booked_ms);
	allowed = requests * RETRY_BUDGET_PERCENT / 100;
	if (retries > allowed && retries > RETRY_BUDGET_MIN)
		blame(vendor, "%" PRId64 " repetitions of %" PRId64 " requests in 10 minutes",
		      retries, requests);
}

static void judge_repetition(struct vendor *vendor, const struct seen *seen)
{
	if (seen->is_post || seen->class == RETRY_NONE)
		blame(vendor, "repeated what may not be, or need not");
	if (seen->attempts >= RETRY_ATTEMPTS_MAX)
		blame(vendor, "attempt %d", seen->attempts + 1);
	if (seen->class == RETRY_TRUNCATED && seen->cuts >= RETRY_TRUNCATED_ATTEMPTS_MAX &&
	    seen->attempts >= RETRY_TRUNCATED_ATTEMPTS_MAX)
		blame(vendor, "attempt %d of an answer that is cut", seen->attempts + 1);
	judge_pause(vendor, seen);
	judge_budget(vendor, seen->ended_ms);
}

/* Where calls come one by one: after five that failed there is silence, then one at a time. */
static void judge_breaker(struct vendor *vendor)
{
	int64_t now = virtual_now_ms();

	if (vendor->callers == 1 && vendor->in_a_row >= BREAKER_IN_A_ROW &&
	    (now < vendor->opened_ms + 30000 || now < vendor->last_start + 30000))
		blame(vendor, "asked on after %d failures in a row", vendor->in_a_row);
	if (vendor->in_a_row >= BREAKER_IN_A_ROW)
		vendor->last_start = now;
}

static void judge_rate(struct vendor *vendor)
{
	int64_t now = virtual_now_ms();

	vendor->starts[vendor->start_count++] = now;
	if (vendor->has_rate && count_between(vendor->starts, vendor->start_count,
					      now - RATE.window_ms, now) > RATE.count)
		blame(vendor, "more than %" PRId64 " requests in a second", RATE.count);
}

static void draw_retry_after(struct vendor *vendor, struct virtual_answer *answer,
			     struct seen *seen)
{
	static const char *const garbage[] = { "-1", "soon", "", "1.5", "1e3", "0x10" };
	int64_t seconds = chance_hits(&vendor->random, 10) ? chance_below(&vendor->random, 200000)
							   : chance_below(&vendor->random, 90);
	int64_t now = virtual_now_ms();

	seen->after_ms = seconds * 1000;
	switch (chance_below(&vendor->random, 3)) {
	case 0:
		snprintf(answer->retry_after, sizeof(answer->retry_after), "%" PRId64, seconds);
		break;
	case 1: /* by a clock that is wrong */
		now += chance_below(&vendor->random, DAY_MS) - DAY_MS / 2;
		virtual_http_date(now, answer->date);
		virtual_http_date(now + seconds * 1000, answer->retry_after);
		break;
	default:
		seen->after_ms = 0;
		snprintf(answer->retry_after, sizeof(answer->retry_after), "%s",
			 garbage[chance_below(&vendor->random, 6)]);
	}
}

static struct virtual_answer draw_answer(struct vendor *vendor, struct seen *seen)
{
	static const int statuses[] = {
		500, 502, 503, 503, 504, 408, 429, 429, 429, 400, 401, 404
	};
	struct virtual_answer answer = { .status = 200,
					 .latency_ms = chance_below(&vendor->random, 400) };

	seen->after_ms = 0;
	if (!chance_hits(&vendor->random, vendor->bad_percent))
		return answer;
	if (chance_hits(&vendor->random, 30)) {
		answer.status = 0;
		answer.class = chance_hits(&vendor->random, 50) ? RETRY_TRANSPORT : RETRY_TRUNCATED;
		return answer;
	}
	answer.status = statuses[chance_below(&vendor->random, 12)];
	if (chance_hits(&vendor->random, vendor->after_percent))
		draw_retry_after(vendor, &answer, seen);
	return answer;
}

static struct virtual_answer vendor_asked(void *arg, const char *path)
{
	struct vendor *vendor = arg;
	struct seen *seen = &vendor->seen[virtual_number(path)];

	if (virtual_now_ms() < vendor->hold_until)
		blame(vendor, "asked %" PRId64 " ms before it may",
		      vendor->hold_until - virtual_now_ms());
	if (vendor->start_count == STARTS_MAX) {
		blame(vendor, "asked without end");
		return (struct virtual_answer){ .status = 404 };
	}
	judge_breaker(vendor);
	judge_rate(vendor);
	if (seen->attempts > 0)
		judge_repetition(vendor, seen);
	seen->attempts++;
	return draw_answer(vendor, seen);
}

static void vendor_answered(void *arg, const char *path, const struct virtual_answer *answer)
{
	struct vendor *vendor = arg;
	struct seen *seen = &vendor->seen[virtual_number(path)];
	int64_t now = virtual_now_ms();
	int64_t after = seen->after_ms < DAY_MS ? seen->after_ms : DAY_MS;

	seen->ended_ms = now;
	seen->class = answer->status != 0 ? retry_class_of_status(answer->status) : answer->class;
	seen->cuts += seen->class == RETRY_TRUNCATED;
	if ((answer->status == 429 || answer->status == 503) && now + after > vendor->hold_until)
		vendor->hold_until = now + after;
}

/* --- its callers --- */

static void send_next(void *arg);

/*
 * A call that was refused here says nothing about the vendor; one that is throttled neither, but
 * for a probe: there any answer shows a host that works.
 */
static void note_end(struct vendor *vendor, const struct seen *seen, const struct err *err)
{
	bool is_probe = vendor->in_a_row >= BREAKER_IN_A_ROW;

	if (seen->attempts == 0 || strstr(err->message, "left alone") != NULL ||
	    (seen->class == RETRY_THROTTLED && !is_probe))
		return;
	if (seen->class == RETRY_NONE || seen->class == RETRY_THROTTLED) {
		vendor->in_a_row = 0;
		vendor->last_start = 0;
	} else if (++vendor->in_a_row == BREAKER_IN_A_ROW) {
		vendor->opened_ms = virtual_now_ms();
	}
}

static void call_done(void *arg, struct net_reply *reply, const struct err *err)
{
	struct seen *seen = arg;

	(void)reply;
	seen->is_over = true;
	note_end(seen->vendor, seen, err);
	__wrap_loop_timer_start(NULL, chance_below(&seen->vendor->random, 3000), send_next,
				seen->vendor);
}

static void send_next(void *arg)
{
	struct vendor *vendor = arg;
	struct seen *seen = &vendor->seen[vendor->sent];

	if (vendor->net == NULL || vendor->sent == vendor->calls)
		return;
	seen->vendor = vendor;
	seen->sent_ms = virtual_now_ms();
	seen->is_post = chance_hits(&vendor->random, 10);
	vendor->sent++;
	virtual_send(vendor->net, seen - vendor->seen, seen->is_post, call_done, seen);
}

static void open_vendor(struct vendor *vendor)
{
	vendor->net = virtual_client("account", &vendor->kept, chance_draw(&vendor->random),
				     vendor->has_rate ? &RATE : NULL);
}

/* What was under way is lost; what has to be waited for is not. */
static void restart(void *arg)
{
	struct vendor *vendor = arg;

	int64_t sent = vendor->sent;

	net_close(vendor->net);
	open_vendor(vendor);
	vendor->last_start = 0;
	for (int64_t i = 0; i < sent; i++) {
		if (vendor->seen[i].is_over)
			continue;
		vendor->seen[i].is_over = true;
		send_next(vendor);
	}
}

static void init_vendor(struct vendor *vendor, uint64_t seed, int64_t number)
{
	*vendor = (struct vendor){ .random = seed | 1 };
	vendor->bad_percent = (int)chance_below(&vendor->random, 100);
	vendor->after_percent = (int)chance_below(&vendor->random, 100);
	vendor->callers = 1 + (int)chance_below(&vendor->random, CONCURRENT_MAX);
	vendor->has_rate = chance_hits(&vendor->random, 20);
	vendor->calls = number % 50 == 0 ? LONG_CALLS : CALLS;
	if (number % 50 == 0)
		vendor->bad_percent /= 4;
}

static void run_vendor(uint64_t seed, int64_t number)
{
	struct vendor *vendor = malloc(sizeof(*vendor));
	const struct virtual_vendor world = { vendor, vendor_asked, vendor_answered };

	if (vendor == NULL)
		abort();
	init_vendor(vendor, seed, number);
	virtual_begin(START_MS + chance_below(&vendor->random, DAY_MS), &world);
	open_vendor(vendor);
	for (int i = 0; i < vendor->callers; i++)
		send_next(vendor);
	__wrap_loop_timer_start(NULL, chance_below(&vendor->random, 120000), restart, vendor);
	while (virtual_step())
		;
	if (vendor->sent < vendor->calls)
		blame(vendor, "only %" PRId64 " calls of %" PRId64, vendor->sent, vendor->calls);
	net_close(vendor->net);
	kept_fini(&vendor->kept);
	printf("%s%s\n", vendor->wrong[0] != '\0' ? "vendor: " : "ok", vendor->wrong);
	free(vendor);
}

/* Full jitter: anything between nothing and the ceiling, in the middle half of it. */
static void print_pauses(void)
{
	for (int n = 1; n < RETRY_ATTEMPTS_MAX; n++) {
		double mean = pauses[n].share / (double)pauses[n].count;

		if (pauses[n].count < 300 || (mean > 0.4 && mean < 0.6))
			puts("ok");
		else
			printf("pauses before attempt %d are %.2f of the longest\n", n + 1, mean);
	}
}

int main(int argc, char **argv)
{
	uint64_t random = argc == 3 ? strtoull(argv[1], NULL, 10) * 2654435761U + 1 : 0;
	int64_t vendors = argc == 3 ? strtoll(argv[2], NULL, 10) : 0;

	if (vendors <= 0)
		return EXIT_FAILURE;
	for (int64_t i = 0; i < vendors; i++)
		run_vendor(chance_draw(&random), i);
	print_pauses();
	return EXIT_SUCCESS;
}
