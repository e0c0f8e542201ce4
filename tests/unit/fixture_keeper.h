/*
 * A keeper of limits in memory: what several clients share, and what outlives them. It answers in
 * the next turn of the loop.
 */
#ifndef MUSTER_TESTS_FIXTURE_KEEPER_H
#define MUSTER_TESTS_FIXTURE_KEEPER_H

#include "fixture_net.h"

enum { FIXTURE_SCOPES_MAX = 16 };

struct fixture_keeper {
	struct loop *loop;
	bool fails;	   /* answers with an error */
	bool is_immediate; /* answers before it returns */
	size_t count;
	struct {
		char scope[160];
		char *text;
	} kept[FIXTURE_SCOPES_MAX];
};

/* Puts the keeper into the client's options. */
void fixture_keeper_init(struct fixture_keeper *keeper, struct fixture_client *client);
void fixture_keeper_fini(struct fixture_keeper *keeper);

/* Puts a text there; reads it, NULL = none. */
void fixture_keep(struct fixture_keeper *keeper, const char *scope, const char *text);
const char *fixture_kept(struct fixture_keeper *keeper, const char *scope);

#endif
