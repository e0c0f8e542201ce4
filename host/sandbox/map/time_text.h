/*
 * Points in time as vendors write them, and as we keep them.
 *
 * Understood: ISO 8601 / RFC 3339 dates and times ("2024-03-01", "2024-03-01T09:14:55.120934Z",
 * "2024-03-01 09:14:55 +0000", "...+05:30", lower case too), and RFC 1123 ("Fri, 01 Mar 2024
 * 09:14:55 GMT", also with a numeric zone). A time without a zone is UTC; a date alone is its
 * midnight. Fractions of any length are cut to milliseconds. Anything else, impossible dates and
 * blanks around the text are refused. Years 0001 to 9999.
 *
 * Pure arithmetic: neither time zone files nor the clock are touched.
 */
#ifndef MUSTER_SANDBOX_MAP_TIME_TEXT_H
#define MUSTER_SANDBOX_MAP_TIME_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TIME_TEXT_SIZE = 32 };

/* Milliseconds since 1970-01-01T00:00:00Z. */
bool time_parse_ms(const char *text, size_t len, int64_t *ms);

/* RFC 3339 UTC with milliseconds, as base/clock.h writes it: 2024-03-01T09:14:55.120Z. */
bool time_parse(const char *text, size_t len, char out[TIME_TEXT_SIZE]);

/* false when the year is not 1 to 9999. */
bool time_format_ms(int64_t ms, char out[TIME_TEXT_SIZE]);

/* RFC 1123, for HTTP headers: Fri, 01 Mar 2024 09:14:55 GMT. */
bool time_format_http(int64_t ms, char out[TIME_TEXT_SIZE]);

#endif
