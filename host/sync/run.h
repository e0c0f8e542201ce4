/*
 * What the files of one session share: run.c (its course), stream.c, batch.c, absence.c, silence.c.
 */
#ifndef MUSTER_SYNC_RUN_H
#define MUSTER_SYNC_RUN_H

#include <jansson.h>

#include "base/clock.h"
#include "base/log.h"
#include "connector/connector.h"
#include "connector/gateway.h"
#include "connector/secrets.h"
#include "store/entity.h"
#include "store/session.h"
#include "sync/proof.h"
#include "sync/raw_rows.h"
#include "sync/seen.h"
#include "sync/silence.h"
#include "sync/sync.h"

enum { STREAM_ENTITIES_MAX = 10, STREAM_HOURS_MAX = 6 };

/* What a stream has listed of one entity. Belongs to the units: they run one after the other. */
struct listed {
	const struct model_entity *entity;
	struct seen seen;
	int64_t *filtered; /* internal ids of live rows that a rule drops now */
	size_t filtered_count;
	int64_t added; /* rows that were not live before this listing */
};

enum { STREAM_BAD_MAX = 256 };

/* How a stream ended. */
enum stream_end {
	STREAM_OK,
	STREAM_DEGRADED,
	STREAM_INCOMPLETE,
	STREAM_HELD,
	STREAM_FAILED,
	STREAM_WITHDRAWN, /* it is read no more, and vouches for nothing now */
};

struct stream {
	const struct value *declared; /* NULL if it is silent */
	const char *name;
	bool is_silent; /* not read any more: only its voice is judged (silence.c) */
	struct proof proof;
	struct listed listed[STREAM_ENTITIES_MAX];
	size_t listed_count;
	struct raw_rows raw[STREAM_ENTITIES_MAX]; /* loaded before it is read */
	size_t raw_count;
	char *cursor;	 /* of an events stream: what it committed last; NULL = none */
	bool is_renewed; /* connector, mappings or settings changed since the last complete one */
	int64_t quarantined, rows;
	int64_t updated;		/* rows that lost additions of it, likewise */
	int64_t removed;		/* by the unit that judged its absences */
	char first_bad[STREAM_BAD_MAX]; /* why the first of them is quarantined */
	enum stream_end end;
	char reason[512]; /* why it did not end well */
	json_t *warnings; /* what the script said that a person should know; NULL = nothing */
	struct err err;	  /* of a failed or degraded stream */
	int64_t started_ms;
};

struct batch; /* batch.c */

struct sync_run {
	struct host *host;
	struct sync_options options;
	sync_done_fn *done;
	void *done_arg;

	char *account_id;
	struct account account;
	char *state_before, *reason_before, *way_out_before;
	struct connector *connector;
	struct gateway *gateway;
	struct secrets secrets;

	struct lease lease;
	bool has_lease;
	struct loop_timer *heartbeat;
	bool is_renewing, is_closing;
	int units; /* store units under way besides batches: the run cannot end before them */

	struct store *data; /* where rows go: host->store, or the scratch of a dry run */
	struct session session;
	bool is_first;
	char baseline[65];	   /* connector, mappings, settings: what the listing depends on */
	json_t *dropped;	   /* "map.rule" -> count */
	json_t *streams;	   /* results so far */
	char now[CLOCK_TEXT_SIZE]; /* api.now: the session's start */
	int64_t started_ms;

	struct stream stream; /* the one that runs */
	size_t stream_index;
	struct silence silence; /* the streams that are not read any more */
	bool is_reading;	/* the sandbox is inside read() */
	struct batch *batch;	/* being collected */
	struct batch *flight;	/* being committed */

	bool was_degraded, was_partial, was_held;
	struct err err;		  /* what ended the session early */
	struct err first_failure; /* of a stream */
	struct err scratch_err;
	char degraded_hint[ERR_HINT_MAX];
	bool is_recording, needs_approval, is_elsewhere;
	bool is_cancelled, is_ending, has_begun_end;
	bool is_waiting; /* for the connector or the scratch: cannot be cut short */
	int64_t exchanges, recorded_bytes;

	void (*next)(struct sync_run *run); /* after the unit under way */
};

/* --- run.c --- */

/* Runs a unit; then `next`, or run_fail with its error. One at a time. */
void run_unit(struct sync_run *run, struct store *store, enum store_mode mode, store_work_fn *work,
	      void (*next)(struct sync_run *run));

/* Ends the session with this error. Harmless when it is ending already. The run may be gone then.
 */
void run_fail(struct sync_run *run, const struct err *err);

/* The streams are through, the silent ones too. */
void run_streams_done(struct sync_run *run);

/* Progress; a net_options.waiting for the gateway. */
void run_waiting(void *arg, const char *why, int64_t ms);

/* Renews the lease from time to time. */
bool run_start_heartbeat(struct sync_run *run, struct err *err);
void run_report(struct sync_run *run, const char *label, int64_t done, int64_t total);

/* entity_context of a unit of the current stream; now: when the unit runs. */
struct entity_context run_context(const struct sync_run *run, char now[CLOCK_TEXT_SIZE]);

/* --- stream.c --- */

/* The next stream, or silence_next when they are through. */
void stream_next(struct sync_run *run);
/* Does this session read the stream? */
bool stream_is_wanted(const struct sync_run *run, const struct value *declared);
/* Notes how the current stream ended; the next one follows. */
void stream_ended(struct sync_run *run);
void stream_handlers(struct sync_run *run, struct guest_handlers *out);
/* Every batch of the current stream is committed and read() has returned. */
void stream_read_done(struct sync_run *run);
/* For the gateway: a request of the stream, or of a scope in it; one failed that the connector did
   not declare absent. */
void stream_request_asked(void *arg, int64_t scope);
void stream_request_failed(void *arg, int64_t scope, const struct err *err);
void stream_fini(struct stream *stream);
/* Its rows of the entity that need not be told again; NULL = there are none. */
struct raw_rows *stream_raw(struct stream *stream, const struct model_entity *entity);
/* Does the current stream tell what happened (mode "events"), not what is there? */
bool stream_is_events(const struct sync_run *run);

/* Are so many of its records unusable that the stream fails (reliability.md 3.12)? */
bool stream_is_too_bad(int64_t quarantined, int64_t rows);

/* --- batch.c --- */

/* Takes an `emit` call in; it is answered when there is room. */
void batch_emit(struct sync_run *run, uint32_t id, const void *args, size_t len);
/* A stream of events may go on from here; committed with the rows before it. Answered like emit. */
void batch_commit(struct sync_run *run, uint32_t id, const struct value *args);
/* A page was worked off: a good place to commit. */
void batch_page(struct sync_run *run);
/* host.store of the script: committed with the batch. */
void batch_key_set(struct sync_run *run, uint32_t id, const struct value *args);
/* What was set and is not committed yet; *value NULL = deleted. False: nothing is pending. */
bool batch_find_key(const struct sync_run *run, const char *key, const char **value, size_t *len);
/* Commits what is there; stream_read_done follows when all is committed. */
void batch_flush(struct sync_run *run);
bool batch_is_idle(const struct sync_run *run);
/* Throws away what was not committed; never while one is in flight. */
void batch_drop(struct sync_run *run);
void batch_free(struct batch *batch);

/* --- ask.c: questions of the sandbox that the store answers --- */

/* "known", "parents" or "key_get"; false if the method is none of them. */
bool ask_store(struct sync_run *run, uint32_t id, const char *method, const void *args, size_t len);

/* --- absence.c: a unit that ends a complete or incomplete listing, or takes a silent voice --- */

bool absence_judge(struct store_tx *tx, void *run, struct err *err);

#endif
