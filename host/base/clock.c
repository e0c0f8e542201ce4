/* Time. */
#define _GNU_SOURCE
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

int64_t clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

const char *clock_format(int64_t wall_ms, char out[CLOCK_TEXT_SIZE])
{
	int64_t ms = wall_ms % 1000;
	time_t seconds;
	struct tm tm;
	size_t len;

	if (ms < 0)
		ms += 1000;
	seconds = (time_t)((wall_ms - ms) / 1000);
	gmtime_r(&seconds, &tm);
	len = strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + len, CLOCK_TEXT_SIZE - len, ".%03dZ", (int)ms);
	return out;
}

bool clock_parse(const char *text, int64_t *wall_ms)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!rest || rest[0] != '.' || strspn(rest + 1, "0123456789") != 3 || rest[4] != 'Z' ||
	    rest[5] != '\0')
		return false;
	*wall_ms = (int64_t)timegm(&tm) * 1000 + strtol(rest + 1, NULL, 10);
	return true;
}

const char *clock_now_text(char out[CLOCK_TEXT_SIZE])
{
	return clock_format(clock_wall_ms(), out);
}
