/*
 * Recordings: the HTTP exchanges of one session in one file, DIR/<session id>.rec (0600).
 *
 *   "MUSTREC1" | session id (8) | salt (16) | frames
 *   frame: length (4) | check (4) | number (8) | sealed bytes		(big-endian)
 *
 * A frame is one exchange, compressed (zstd, level 1) and sealed (AES-256-GCM) under a key that is
 * derived from the caller's and the salt. Session, position in the file and number are its
 * additional data, the position is its nonce; so a frame that was altered, moved, repeated or taken
 * from another recording is refused. The last frame of a finished recording says so. A session that
 * was killed leaves a file without it, readable up to its last whole frame. (Who may write the file
 * can therefore shorten it, at the end only.)
 *
 * What is recorded was redacted by the caller: see recording_redact_headers.
 */
#ifndef MUSTER_RECORD_RECORDING_H
#define MUSTER_RECORD_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/redact.h"
#include "net/net.h"

/* Texts may be NULL and stay so. Headers are "Name: value\r\n" lines. Bodies may hold any bytes. */
struct recording_exchange {
	int64_t number;		  /* 0 or more; how batches refer to it */
	const char *method, *url; /* the URL without secrets */
	const char *request_headers, *response_headers;
	const char *request_body;
	size_t request_body_len;
	const char *response_body;
	size_t response_body_len;
	int status;	    /* 0 = no answer */
	int64_t started_ms; /* wall clock */
	int64_t duration_ms;
	int attempt;	   /* 1, 2 ... */
	const char *error; /* NULL = none */
};

enum { RECORDING_EXCHANGE_MAX = 96 * 1024 * 1024, RECORDING_NAME_SIZE = 32 };

/* The file's name in its folder: "17.rec". Returns `out`. */
const char *recording_file_name(int64_t session_id, char out[RECORDING_NAME_SIZE]);

/* --- writing: from any thread, one call at a time --- */

struct recording;

/*
 * Makes the file; one of that name is replaced (its session is no more, or this one's id would be
 * taken). `key` is copied into locked memory: vault_derive("recording", session id).
 */
bool recording_start(struct recording **out, const char *dir, int64_t session_id,
		     const uint8_t key[32], struct err *err);

/*
 * Compresses, seals and writes. A failed append leaves the file as it was before. ERR_OVER_LIMIT
 * for an exchange past RECORDING_EXCHANGE_MAX: others may follow. A write that failed (ERR_STORE)
 * is the recording's last: the disk may have kept its bytes, and no second frame may bear the same
 * nonce.
 */
bool recording_append(struct recording *recording, const struct recording_exchange *exchange,
		      struct err *err);

/* Exchanges and bytes so far. */
int64_t recording_count(const struct recording *recording);
int64_t recording_bytes(const struct recording *recording);

/* Writes the end, syncs, closes and frees, even if that fails or a write did before. */
bool recording_finish(struct recording *recording, struct err *err);

/* Closes and frees without the end. NULL is fine. */
void recording_abandon(struct recording *recording);

/* --- reading --- */

/* The exchange and all it points to are valid during the call. false + err ends the reading. */
typedef bool recording_each_fn(void *arg, const struct recording_exchange *exchange,
			       struct err *err);

/*
 * Hands over every whole exchange, in order. true for a recording without its end too. ERR_MISSING
 * if there is no such file, ERR_STORE for one that is damaged or not sealed under this key.
 */
bool recording_each(const char *path, const uint8_t key[32], recording_each_fn *each, void *arg,
		    struct err *err);

/* --- redaction --- */

/*
 * Appends headers as "Name: value\r\n" lines. The value of a header whose name is among the known
 * ones (Authorization, Proxy-Authorization, Cookie, Set-Cookie, X-Api-Key, aw-tenant-code) or in
 * `secret_names`, in any case, becomes <redacted>; secrets that `redact` knows (may be NULL) are
 * replaced wherever they stand. CR and LF inside a value become spaces.
 */
void recording_redact_headers(const struct net_header *headers, size_t count,
			      const char *const *secret_names, size_t secret_count,
			      const struct redact *redact, struct buf *out);

/* The version of the zstd that is loaded. */
const char *recording_library(void);

#endif
