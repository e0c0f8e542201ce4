/*
 * Time. Waiting and lifetimes use the monotonic clock, records the wall clock.
 */
#ifndef MUSTER_BASE_CLOCK_H
#define MUSTER_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum { CLOCK_TEXT_SIZE = 32 };

/* Milliseconds since an arbitrary point; goes on while the machine sleeps (CLOCK_BOOTTIME). */
int64_t clock_monotonic_ms(void);

/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_ms(void);

/* RFC 3339 UTC with milliseconds: 2026-03-02T09:14:55.120Z. Returns `out`. */
const char *clock_format(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]);

/* The time that clock_format wrote. False, and nothing is written, for any other text. */
bool clock_parse(const char *text, int64_t *wall_ms);

/* clock_format(clock_wall_ms()). */
const char *clock_now_text(char out[CLOCK_TEXT_SIZE]);

#endif
