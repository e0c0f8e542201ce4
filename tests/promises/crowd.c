/*
 * R1: many accounts of one vendor, in virtual time. After an outage nobody is run over; nobody
 * waits for a bad neighbour. Prints a line a case, "ok: ..." or what went wrong.
 *
 *   promise_crowd SEED
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixture_virtual.h"
#include "fixture_virtual_client.h"

enum {
	ACCOUNTS = 100,
	STEADY_S = 120,
	OUTAGE_S = 600,
	AFTER_S = 900,
	ALL_S = STEADY_S + OUTAGE_S + AFTER_S,
	TICK_MS = 60000, /* a session that failed begins anew at the next full minute */
	LATENCY_MS = 120
};

static const int64_t START_MS = 1700000000000;

struct crowd;

/* Reads on as long as it gets answers. */
struct account {
	struct crowd *crowd;
	struct net *net;
	struct kept kept;
	int number;
	int64_t begun_ms, longest_ms; /* of a call */
	int64_t failed;		      /* calls */
};

struct crowd {
	uint64_t random;
	bool (*is_down)(const struct crowd *crowd, int account);
	int down_status;
	const char *down_after; /* its Retry-After; NULL = none */
	struct account accounts[ACCOUNTS];
	struct kept *shared; /* what all accounts keep, in one place as in the store */
	int64_t arrived[ALL_S];
};

static int64_t second(void)
{
	return (virtual_now_ms() - START_MS) / 1000;
}

static struct virtual_answer crowd_asked(void *arg, const char *path)
{
	struct crowd *crowd = arg;
	struct virtual_answer answer = { .status = 200, .latency_ms = LATENCY_MS };

	if (second() < ALL_S)
		crowd->arrived[second()]++;
	if (crowd->is_down(crowd, (int)virtual_number(path))) {
		answer.status = crowd->down_status;
		answer.class = RETRY_TRANSPORT;
		if (crowd->down_after != NULL)
			snprintf(answer.retry_after, sizeof(answer.retry_after), "%s",
				 crowd->down_after);
	}
	return answer;
}

static void read_on(void *arg);

static void page_done(void *arg, struct net_reply *reply, const struct err *err)
{
	struct account *account = arg;
	int64_t now = virtual_now_ms(), took = now - account->begun_ms;

	(void)reply;
	account->failed += err->kind != ERR_NONE;
	if (took > account->longest_ms)
		account->longest_ms = took;
	__wrap_loop_timer_start(NULL,
				err->kind == ERR_NONE
					? 300 + chance_below(&account->crowd->random, 600)
					: TICK_MS - now % TICK_MS,
				read_on, account);
}

static void read_on(void *arg)
{
	struct account *account = arg;

	account->begun_ms = virtual_now_ms();
	virtual_send(account->net, account->number, false, page_done, account);
}

/* The first account begins at once, the others `head_start_ms` later. */
static void run_crowd(struct crowd *crowd, uint64_t seed, int accounts, int64_t head_start_ms)
{
	const struct virtual_vendor world = { crowd, crowd_asked, NULL };

	crowd->random = seed | 1;
	virtual_begin(START_MS, &world);
	for (int i = 0; i < accounts; i++) {
		struct account *account = &crowd->accounts[i];
		char id[16];

		snprintf(id, sizeof(id), "account-%d", i);
		account->crowd = crowd;
		account->number = i;
		account->net =
			virtual_client(id, crowd->shared != NULL ? crowd->shared : &account->kept,
				       chance_draw(&crowd->random), NULL);
		__wrap_loop_timer_start(
			NULL, chance_below(&crowd->random, 1000) + (i > 0 ? head_start_ms : 0),
			read_on, account);
	}
	while (second() < ALL_S && virtual_step())
		;
	for (int i = 0; i < accounts; i++) {
		net_close(crowd->accounts[i].net);
		kept_fini(&crowd->accounts[i].kept);
	}
}

static bool is_outage(const struct crowd *crowd, int account)
{
	(void)crowd;
	(void)account;
	return second() >= STEADY_S && second() < STEADY_S + OUTAGE_S;
}

/* After an outage nobody is run over: at most twice the steady rate in any second. */
static void run_outage(uint64_t seed, int down_status)
{
	static struct crowd crowd;
	int64_t steady = 0, peak = 0, last = 0;

	crowd = (struct crowd){ .is_down = is_outage, .down_status = down_status };
	run_crowd(&crowd, seed, ACCOUNTS, 0);
	for (int i = 10; i < STEADY_S; i++)
		steady += crowd.arrived[i];
	steady /= STEADY_S - 10;
	for (int i = STEADY_S + OUTAGE_S; i < ALL_S; i++)
		peak = crowd.arrived[i] > peak ? crowd.arrived[i] : peak;
	for (int i = ALL_S - 60; i < ALL_S; i++)
		last += crowd.arrived[i];
	if (peak > 2 * steady || last / 60 < steady / 2)
		printf("outage: ");
	else
		printf("ok: ");
	printf("steady %" PRId64 "/s, after the outage at most %" PRId64 "/s, at last %" PRId64
	       "/s\n",
	       steady, peak, last / 60);
}

static bool is_first(const struct crowd *crowd, int account)
{
	(void)crowd;
	return account == 0;
}

/* One account fails all the time; nobody beside it, at the same host, waits or fails for that. */
static void run_neighbours(uint64_t seed, int down_status, const char *down_after)
{
	static struct crowd crowd;
	struct kept shared = { 0 };
	int64_t longest = 0, failed = 0;

	crowd = (struct crowd){ .is_down = is_first,
				.down_status = down_status,
				.down_after = down_after,
				.shared = &shared };
	run_crowd(&crowd, seed, 4, 7 * TICK_MS);
	for (int i = 1; i < 4; i++) {
		const struct account *account = &crowd.accounts[i];

		longest = account->longest_ms > longest ? account->longest_ms : longest;
		failed += account->failed;
	}
	printf("%sof a bad account's neighbours %" PRId64 " calls failed, one took %" PRId64
	       " ms\n",
	       longest <= LATENCY_MS + 1000 && failed == 0 ? "ok: " : "", failed, longest);
	kept_fini(&shared);
}

int main(int argc, char **argv)
{
	uint64_t random = argc == 2 ? strtoull(argv[1], NULL, 10) * 2654435761U + 1 : 0;

	if (random == 0)
		return EXIT_FAILURE;
	run_outage(chance_draw(&random), 0);
	run_outage(chance_draw(&random), 503);
	run_neighbours(chance_draw(&random), 0, NULL);
	run_neighbours(chance_draw(&random), 503, NULL);
	run_neighbours(chance_draw(&random), 429, "600");
	return EXIT_SUCCESS;
}
