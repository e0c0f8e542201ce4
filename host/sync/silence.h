/*
 * Streams that fell silent: rows of the account carry their voice, but the connector does not
 * declare them any more, or they are not enabled. At the end of a session what only they vouch for
 * goes as if it were missing: through the same guard (absence.c), held until it is approved where
 * that blocks it. Then the stream is forgotten; enabled again, it is read like a new one.
 *
 * They are judged in a session of all streams, without a limit, in which none failed or fell short:
 * a stream that replaces another has put its voice beside the old one before that is taken away.
 */
#ifndef MUSTER_SYNC_SILENCE_H
#define MUSTER_SYNC_SILENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "store/store.h"

struct sync_run;

struct silence {
	char **names; /* streams that the account knows */
	size_t count, next;
	bool is_read;
};

void silence_fini(struct silence *silence);

/* Part of a unit: makes the streams that this session reads known, before they write a row. */
bool silence_note(struct store_tx *tx, const struct sync_run *run, struct err *err);

/* Judges the next silent stream, which ends like any other; run_streams_done after the last. */
void silence_next(struct sync_run *run);

#endif
