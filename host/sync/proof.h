/*
 * The completeness proof of one stream's listing (reliability.md DE1): evidence that pagers report
 * and that the host sees itself. Only a proven listing lets absence mean removal.
 *
 * What belongs to one parent's children (out:scope) is a *scope* with a proof of its own: a hole in
 * it spoils that scope, not the stream. Scope 0 is the stream itself; the others are numbered from
 * 1 in the order in which they were opened.
 */
#ifndef MUSTER_SYNC_PROOF_H
#define MUSTER_SYNC_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/model.h"
#include "wire/value.h"

enum {
	PROOF_PAGERS_MAX = 1000000,
	PROOF_SCOPES_MAX = 1000000,
	PROOF_PAGES_MAX = 10000, /* of one pager */
	PROOF_TEXT_MAX = 256,
	PROOF_SCOPE_BYTES_MAX = 64 * 1024 * 1024, /* of all their parents' ids */
	PROOF_ID_MAX = 2048, /* bytes of a parent's id: as long as a row's may be */
};

enum pager_state { PAGER_OPEN, PAGER_ENDED, PAGER_CUT };

struct proof_pager {
	uint32_t scope;
	enum pager_state state;
};

/* The children of one parent. */
struct proof_scope {
	char *parent;	       /* its source id */
	uint32_t open_pagers;  /* opened and not ended */
	bool has_evidence;     /* a pager, or the one request of a `single` stream */
	bool is_open, is_kept; /* kept: the connector knows that nothing changed */
	bool is_spoiled;
};

struct proof {
	struct proof_pager *pagers; /* by the number they bear, less first_pager */
	size_t pager_count, pager_size;
	int64_t first_pager;
	struct proof_scope *scopes; /* scope n is scopes[n - 1] */
	size_t scope_count, scope_size, scope_bytes;
	const struct model_entity *parent; /* the entity that the scopes are of */
	int64_t pages;
	int64_t open_pagers;	/* of the stream itself */
	bool has_evidence;	/* of the stream itself */
	bool is_cut;		/* stopped early by --limit */
	bool is_broken;		/* events that contradict each other */
	bool has_parents;	/* the host's own list of parents was read to its end */
	int64_t requests;	/* of the stream itself */
	int64_t failed;		/* of them */
	int64_t no_id, doubled; /* records without an id; ids listed twice */
	char first_failure[PROOF_TEXT_MAX];
	char drift[PROOF_TEXT_MAX];	    /* why the listing moved; "" = it did not */
	char first_spoiled[PROOF_TEXT_MAX]; /* why the first spoiled scope is */
};

void proof_fini(struct proof *proof);

/* What sandbox and gateway report. number: of the scope; one that was never opened breaks the
 * proof. */
bool proof_page(struct proof *proof, const struct value *args, struct err *err);
bool proof_scope(struct proof *proof, const struct value *args, struct err *err);
void proof_single(struct proof *proof, int64_t number);
void proof_asked(struct proof *proof, int64_t number);
void proof_failed(struct proof *proof, int64_t number, const char *message);
void proof_parents(struct proof *proof);

/* Records of a batch that spoil what they are listed in. */
void proof_no_id(struct proof *proof, int64_t number);
void proof_doubled(struct proof *proof, int64_t number);

/* More pages than the listings that were opened may have? */
bool proof_is_endless(const struct proof *proof);

/*
 * Is the listing of the stream itself proven? If not, appends why as a clause: "page 3 failed:
 * ...". Spoiled scopes do not count here.
 */
bool proof_holds(const struct proof *proof, struct buf *why);

/* Did nothing fail, was nothing limited? All that a stream of events has to show: what happened is
 * no list of what is there. Else as above. */
bool proof_is_whole(const struct proof *proof, struct buf *why);

enum proof_scope_end { SCOPE_PROVEN, SCOPE_KEPT, SCOPE_SPOILED };
enum proof_scope_end proof_scope_end(const struct proof_scope *scope);

struct proof_scopes {
	int64_t proven, kept, spoiled;
};

struct proof_scopes proof_count_scopes(const struct proof *proof);

#endif
