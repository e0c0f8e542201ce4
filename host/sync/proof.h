/*
 * The completeness proof of one stream's listing (reliability.md DE1): evidence that pagers report
 * and that the host sees itself. Only a proven listing lets absence mean removal.
 */
#ifndef MUSTER_SYNC_PROOF_H
#define MUSTER_SYNC_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/value.h"

enum { PROOF_PAGERS_MAX = 100000, PROOF_PAGES_MAX = 10000 /* of one pager */ };

struct proof {
	int64_t opened, ended; /* pagers */
	int64_t pages;
	bool is_single;	 /* the one request of a `single` stream was made */
	bool is_cut;	 /* stopped early by --limit */
	bool is_broken;	 /* events that contradict each other */
	int64_t failed;	 /* requests */
	int64_t no_id;	 /* records without an id */
	int64_t doubled; /* ids listed twice */
	char first_failure[256];
	char drift[256]; /* why the listing moved while it was read; "" = it did not */
};

/* A `page` or `single` event of the sandbox. */
void proof_page(struct proof *proof, const struct value *args);
void proof_single(struct proof *proof);
void proof_failed(struct proof *proof, const char *message);

/* More pages than the listings that were opened may have? */
bool proof_is_endless(const struct proof *proof);

/* Proven? If not, appends why as a clause: "page 3 failed: ...". */
bool proof_holds(const struct proof *proof, struct buf *why);

#endif
