/* When an account is read by itself. */
#include "sync/schedule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, LONGEST = 366 * DAY };

static const struct unit {
	char letter;
	int seconds;
} units[] = { { 'd', DAY }, { 'h', HOUR }, { 'm', MINUTE } };

enum { UNITS = sizeof(units) / sizeof(units[0]) };

static bool refuse(const char *text, struct err *err)
{
	err_set(err, ERR_USAGE, "\"%s\" is no interval", text);
	return err_hint(err, "minutes, hours or days up to a year: 30m, 6h, 1d; or never");
}

static bool read_unit(const char *suffix, int *seconds)
{
	for (size_t i = 0; i < UNITS; i++) {
		if (suffix[0] == units[i].letter && suffix[1] == '\0') {
			*seconds = units[i].seconds;
			return true;
		}
	}
	return false;
}

bool schedule_parse(const char *text, int64_t *seconds, struct err *err)
{
	char *end;
	long number;
	int unit;

	*seconds = 0;
	if (str_eq(text, "never"))
		return true;
	number = strtol(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || !read_unit(end, &unit) || number < 1 ||
	    number > LONGEST / unit)
		return refuse(text, err);
	*seconds = (int64_t)number * unit;
	return true;
}

const char *schedule_text(int64_t seconds, char out[SCHEDULE_TEXT_SIZE])
{
	size_t i = 0;

	while (i + 1 < UNITS && seconds % units[i].seconds != 0)
		i++;
	snprintf(out, SCHEDULE_TEXT_SIZE, "%" PRId64 "%c", seconds / units[i].seconds,
		 units[i].letter);
	if (seconds == 0)
		snprintf(out, SCHEDULE_TEXT_SIZE, "never");
	return out;
}

bool schedule_next(const struct account *account, int64_t now_ms, int64_t *due_ms)
{
	int64_t every_ms = account->every_seconds * 1000, started_ms;

	*due_ms = now_ms;
	if (every_ms == 0 || account->is_paused)
		return false;
	if (account->last_started_at && clock_parse(account->last_started_at, &started_ms) &&
	    started_ms <= now_ms + every_ms)
		*due_ms = started_ms + every_ms;
	return true;
}

bool schedule_is_due(const struct account *account, int64_t now_ms)
{
	int64_t due_ms;

	return schedule_next(account, now_ms, &due_ms) && due_ms <= now_ms;
}

bool schedule_is_neglected(const struct account *account, int64_t now_ms)
{
	int64_t due_ms;

	return schedule_next(account, now_ms, &due_ms) &&
	       due_ms < now_ms - account->every_seconds * 1000;
}

bool schedule_may_ask(const struct account *account, struct err *err)
{
	if (str_eq(account->state, "needs-auth"))
		err_set(err, ERR_AUTH,
			"%s/%s is not asked until it has a credential that works: %s",
			account->vendor, account->name, account->state_reason);
	else if (str_eq(account->state, "needs-approval"))
		err_set(err, ERR_CONFIG, "%s/%s is not asked until it is approved: %s",
			account->vendor, account->name, account->state_reason);
	else
		return true;
	return err_hint(err, "%s", account->state_way_out);
}
