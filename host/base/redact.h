/*
 * Knows the live secrets and finds them again in their usual encodings: as they are, JSON-escaped
 * once or twice, percent-encoded, base64 (three alignments), base64url and hex. Used by the log
 * sink, by recordings and on vendors' answers before a script sees them. Secrets below 6 bytes are
 * not searched for.
 *
 * The patterns live in locked, wiped memory (they are the secrets). Safe to use from any thread.
 */
#ifndef MUSTER_BASE_REDACT_H
#define MUSTER_BASE_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct redact;

struct redact *redact_new(void);
void redact_free(struct redact *redact);

/* From now on `secret` (copied) is found; `name` ("api_token") is what takes its place:
 * <secret:api_token>.
 */
bool redact_add(struct redact *redact, const char *name, const void *secret, size_t len,
		struct err *err);

/* Is any secret in the text? */
bool redact_finds(const struct redact *redact, const void *text, size_t len);

/* Appends the text with every secret replaced. Returns how many were. */
size_t redact_copy(const struct redact *redact, const void *text, size_t len, struct buf *out);

#endif
