/*
 * Sessions, their batches of seen rows, the state of streams, and the lease under which one session
 * of an account runs (on any number of hosts).
 */
#ifndef MUSTER_STORE_SESSION_H
#define MUSTER_STORE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/process.h"
#include "store/store.h"

/* --- lease: the fence only grows; a write that carries an old fence is refused --- */

struct lease {
	char account_id[64];
	char owner[PROCESS_NAME_SIZE]; /* the process that took it */
	int64_t fence;
};

enum { LEASE_MS = 30000, LEASE_HEARTBEAT_MS = 10000 };

/*
 * Takes a lease that is free, has expired, or belongs to a process of which is certain that it is
 * gone; any other owner keeps it until it expires. `owner` is a process_name. ERR_BUSY names the
 * owner and since when.
 */
bool lease_take(struct store_tx *tx, const char *account_id, const char *owner, int64_t now_ms,
		struct lease *out, struct err *err);
/* ERR_BUSY "lease lost" when another fence holds it now. Every write unit of a session begins so.
 */
bool lease_check(struct store_tx *tx, const struct lease *lease, struct err *err);
bool lease_renew(struct store_tx *tx, const struct lease *lease, int64_t now_ms, struct err *err);
bool lease_release(struct store_tx *tx, const struct lease *lease, struct err *err);

/* Does a lease of that length still hold? owner NULL = nobody's. */
bool lease_is_live(const char *owner, int64_t expires_at_ms, int64_t length_ms, int64_t now_ms);

/* How many are held, and how many of them by nobody any more: the next session takes those over. */
bool lease_count(struct store_tx *tx, int64_t now_ms, int64_t *held, int64_t *stale,
		 struct err *err);

/* --- sessions --- */

/* JSON is made by the caller where a column holds JSON (dropped: {"helper": 12}, streams: ...). */
struct session_counts {
	int64_t seen, created, updated, unchanged, removed, restored;
	int64_t dropped, quarantined, skipped; /* skipped: derived rows with an empty key */
	int64_t requests, retries, bytes;
};

struct session {
	int64_t id;
	char *account_id;
	char *account_slug; /* as it was then */
	char *kind;	    /* "full", "incremental", "dry-run" */
	char *outcome;	    /* "running" "ok" "partial" "held" "degraded" "failed" "cancelled"
			       "interrupted" */
	char *started_at, *ended_at;
	double seconds;
	struct session_counts counts;
	char *dropped;	   /* JSON object: rule -> count, per map: {"device_app.helper": 12} */
	char *streams;	   /* JSON array of per-stream results, made by sync */
	char *error;	   /* JSON: kind, message, hint; NULL = none */
	char *fingerprint; /* JSON: hashes of connector, libraries, overlays */
	char *owner;
	int64_t fence;
};

/*
 * Starts a session; one of the account that still says "running" is marked "interrupted" and its
 * batches are deleted first. *first = the account has no earlier session, dry runs apart, that
 * ended well (ok, degraded, partial or held).
 */
bool session_begin(struct store_tx *tx, const struct lease *lease, const char *kind,
		   const char *fingerprint, const char *now, int64_t *id, bool *first,
		   struct err *err);
/* Counts so far; NULL texts leave a column as it is. */
bool session_update(struct store_tx *tx, int64_t id, const struct session_counts *counts,
		    const char *dropped, const char *streams, struct err *err);
/* Sets outcome, end and error, deletes the session's batches. */
bool session_end(struct store_tx *tx, int64_t id, const char *outcome, const char *error,
		 const char *now, double seconds, struct err *err);

/*
 * Deletes sessions that began before that time, but those which another row speaks of (a change, a
 * quarantined record, a recording, a held set, an account, a stream's last complete listing) and,
 * of each account, the newest and the last that ended well: schedules and session_begin look at
 * these.
 */
bool session_expire(struct store_tx *tx, const char *before, struct err *err);

bool session_get(struct store_tx *tx, int64_t id, struct session *out, struct err *err);
/* Newest first; account_id NULL = all. *out malloc'd, released with session_list_fini. */
bool session_list(struct store_tx *tx, const char *account_id, int64_t limit, struct session **out,
		  size_t *count, struct err *err);
void session_fini(struct session *session);
void session_list_fini(struct session *sessions, size_t count);

/* --- batches: which internal ids a stream listed in this session --- */

/* `ids` in any order; stored as one delta-coded blob. */
bool session_add_batch(struct store_tx *tx, int64_t session_id, const char *stream,
		       const char *entity, const int64_t *ids, size_t count, int64_t first_exchange,
		       int64_t last_exchange, struct err *err);
/* All ids of a stream's entity in this session, sorted, unique; *duplicates = ids listed twice or
 * more. */
bool session_seen(struct store_tx *tx, int64_t session_id, const char *stream, const char *entity,
		  int64_t **ids, size_t *count, size_t *duplicates, struct err *err);

/* --- the state of a stream between sessions --- */

struct stream_state {
	char *cursor;	/* what an events stream committed last, as JSON; NULL = none */
	char *baseline; /* hash of connector+mapping+settings of the last complete listing; NULL =
			   none */
	char *completed_at;
	int64_t completed_session;
};

bool stream_state_get(struct store_tx *tx, const char *account_id, const char *stream,
		      struct stream_state *out, struct err *err);
bool stream_state_set(struct store_tx *tx, const char *account_id, const char *stream,
		      const struct stream_state *state, struct err *err);
void stream_state_fini(struct stream_state *state);

/* Makes the stream known to the account, with an empty state; one that is known stays as it is. */
bool stream_state_add(struct store_tx *tx, const char *account_id, const char *stream,
		      struct err *err);
/* Forgets the stream. */
bool stream_state_drop(struct store_tx *tx, const char *account_id, const char *stream,
		       struct err *err);
/* The names of the streams that the account knows, sorted; released with stream_state_free_names.
 */
bool stream_state_names(struct store_tx *tx, const char *account_id, char ***names, size_t *count,
			struct err *err);
void stream_state_free_names(char **names, size_t count);
/* The cursor alone; the other fields stay, or are empty. */
bool stream_state_set_cursor(struct store_tx *tx, const char *account_id, const char *stream,
			     const char *cursor, struct err *err);

/* --- quarantine: records that could not be mapped --- */

bool quarantine_add(struct store_tx *tx, int64_t session_id, const char *stream, const char *entity,
		    const char *source_id, const char *reason, const char *excerpt, const char *now,
		    struct err *err);

#endif
