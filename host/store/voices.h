/*
 * The `streams` column: which streams vouch for a row, as a sorted JSON array of their names.
 * Names of streams are identifiers of the connector contract ([a-z0-9_]), so a name in quotes
 * occurs in the text exactly if the stream is in the array.
 */
#ifndef MUSTER_STORE_VOICES_H
#define MUSTER_STORE_VOICES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

bool voices_has(const char *streams, const char *stream);

/* Is it the only one? */
bool voices_is_only(const char *streams, const char *stream);

/* The array with the stream, or without it. Everywhere `streams` NULL = empty. */
void voices_add(const char *streams, const char *stream, struct buf *out);
void voices_remove(const char *streams, const char *stream, struct buf *out);

#endif
