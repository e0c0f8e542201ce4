/*
 * One sync session of one account (design.md section 7): lease, connector, streams in order,
 * batches, completeness proof, guard, state. Any number may run on one loop.
 */
#ifndef MUSTER_SYNC_SYNC_H
#define MUSTER_SYNC_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "connector/host.h"
#include "store/account.h"
#include "store/change.h"
#include "store/session.h"

struct sync_progress {
	const char *account; /* slug */
	const char *stream;  /* NULL before the first */
	const char *label; /* what the script or the host says it is doing: "page 12", "waiting 3 s:
			      rate limit" */
	int64_t done, total; /* of the script's own measure; total -1 = not known */
	int64_t rows;	     /* seen so far in this session */
};

struct sync_options {
	bool dry_run;
	bool full; /* event streams from the start as well */
	bool no_recording;
	bool only_due;		    /* is_elsewhere when another process has synced it meanwhile */
	const char *const *streams; /* NULL = all enabled ones */
	size_t stream_count;
	int64_t limit; /* rows a stream; 0 = none. A limited listing removes nothing */
	void (*progress)(void *arg, const struct sync_progress *progress);
	void *progress_arg;
};

/* What a dry run would change: it stays in the scratch, of any length, and is read from there. */
struct sync_changes {
	struct store *store;
	int64_t session_id;
};

struct sync_result {
	const struct account *account;	    /* as it is now */
	const struct session *session;	    /* id 0 when none was begun */
	const struct sync_changes *changes; /* of a dry run that came through; else NULL */
	bool is_elsewhere; /* none was begun: another process syncs the account, or just has */
};

/* `err` is ERR_NONE for ok, degraded, partial and held sessions: the outcome says which. Valid
 * during the call. */
typedef void sync_done_fn(void *arg, const struct sync_result *result, const struct err *err);

struct sync_run;

/* Everything in options is borrowed until done, which is called exactly once if this returns
 * non-NULL. */
struct sync_run *sync_start(struct host *host, const char *account_id,
			    const struct sync_options *options, sync_done_fn *done, void *arg,
			    struct err *err);

/*
 * While a sync_done_fn runs: the first `limit` changes in order, 0 = all; as often as wanted.
 * `each` is called on the store's thread while the caller waits.
 */
bool sync_changes_each(const struct sync_changes *changes, int64_t limit, change_fn *each,
		       void *arg, struct err *err);

/* Ends the session as soon as what is being committed is committed; done follows. */
void sync_cancel(struct sync_run *run);

#endif
