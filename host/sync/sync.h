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
	const char *const *streams; /* NULL = all enabled ones */
	size_t stream_count;
	int64_t limit; /* rows a stream; 0 = none. A limited listing removes nothing */
	void (*progress)(void *arg, const struct sync_progress *progress);
	void *progress_arg;
};

struct sync_result {
	const struct account *account; /* as it is now */
	const struct session *session; /* id 0 when none was begun */
	/*
	 * Dry run: JSON array of what would change, in order:
	 * {"kind": "created", "entity": "device", "source_id": ..., "before": {...}|null, "after":
	 * {...}}; else NULL.
	 */
	const char *changes;
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

/* Ends the session as soon as what is being committed is committed; done follows. */
void sync_cancel(struct sync_run *run);

#endif
