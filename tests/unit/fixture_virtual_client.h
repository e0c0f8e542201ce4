/*
 * Clients in virtual time (fixture_virtual.h): chance, what outlives a client, and its calls, which
 * go to https://api.vendor.test/NUMBER.
 */
#ifndef MUSTER_TESTS_FIXTURE_VIRTUAL_CLIENT_H
#define MUSTER_TESTS_FIXTURE_VIRTUAL_CLIENT_H

#include "net/net.h"

/* --- chance: a seed is anything but 0 --- */

uint64_t chance_draw(uint64_t *random);
int64_t chance_below(uint64_t *random, int64_t limit);
bool chance_hits(uint64_t *random, int percent);

/* --- what outlives a client: the keeper's texts --- */

enum { KEPT_MAX = 32 };

struct kept {
	size_t count;
	struct {
		char scope[128];
		char *state;
	} at[KEPT_MAX];
};

void kept_fini(struct kept *kept);

/* --- clients --- */

/* `rate` may be NULL. Ends the program if that is not possible. */
struct net *virtual_client(const char *account, struct kept *kept, uint64_t seed,
			   const struct net_rate *rate);
void virtual_send(struct net *net, int64_t number, bool is_post, net_done_fn *done, void *arg);

/* The number that a path stands for. */
int64_t virtual_number(const char *path);

#endif
