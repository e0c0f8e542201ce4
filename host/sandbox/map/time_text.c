/* Points in time as vendors write them, and as we keep them. */
#include "sandbox/map/time_text.h"

#include <stdio.h>
#include <string.h>

enum { DAY_MS = 24 * 60 * 60 * 1000, YEAR_MAX = 9999 };

struct fields {
	int year, month, day, hour, minute, second, ms;
	int offset; /* minutes east of UTC */
};

struct reader {
	const char *at, *end;
};

static const char month_names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
static const char day_names[] = "sunmontuewedthufrisat";

/* --- the calendar --- */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days before the first of January of `year`, counted from 1 January of the year 1. */
static int64_t days_before_year(int64_t year)
{
	int64_t past = year - 1;

	return past * 365 + past / 4 - past / 100 + past / 400;
}

static int64_t days_since_epoch(int year, int month, int day)
{
	int64_t days = days_before_year(year) - days_before_year(1970) + day - 1;

	for (int at = 1; at < month; at++)
		days += days_of_month(year, at);
	return days;
}

/* The fields' date from days since the epoch; false outside the years 1 to 9999. */
static bool set_date(struct fields *fields, int64_t days)
{
	int64_t since_year_1 = days + days_before_year(1970);
	int64_t year;

	if (since_year_1 < 0 || since_year_1 >= days_before_year(YEAR_MAX + 1))
		return false;
	year = since_year_1 / 366 + 1; /* at most a few years early */
	while (days_before_year(year + 1) <= since_year_1)
		year++;
	fields->year = (int)year;
	fields->day = (int)(since_year_1 - days_before_year(year)) + 1;
	fields->month = 1;
	while (fields->day > days_of_month(fields->year, fields->month))
		fields->day -= days_of_month(fields->year, fields->month++);
	return true;
}

static bool is_possible(const struct fields *f)
{
	return f->year >= 1 && f->month >= 1 && f->month <= 12 && f->day >= 1 &&
	       f->day <= days_of_month(f->year, f->month) && f->hour < 24 && f->minute < 60 &&
	       f->second <= 60; /* a leap second is the next minute's first */
}

static int64_t to_ms(const struct fields *f)
{
	int64_t minutes = (int64_t)f->hour * 60 + f->minute - f->offset;

	return days_since_epoch(f->year, f->month, f->day) * DAY_MS + minutes * 60000 +
	       (int64_t)f->second * 1000 + f->ms;
}

/* --- reading --- */

static bool skip(struct reader *in, char c)
{
	if (in->at == in->end || *in->at != c)
		return false;
	in->at++;
	return true;
}

static bool is_digit(const struct reader *in)
{
	return in->at < in->end && *in->at >= '0' && *in->at <= '9';
}

/* Exactly `count` digits. */
static bool digits(struct reader *in, int count, int *out)
{
	*out = 0;
	for (; count > 0; count--) {
		if (!is_digit(in))
			return false;
		*out = *out * 10 + (*in->at++ - '0');
	}
	return true;
}

/* A name of three letters, in any case; its place among `names`, counted from 0. */
static bool name(struct reader *in, const char *names, int *out)
{
	for (size_t i = 0; in->end - in->at >= 3 && names[i] != '\0'; i += 3) {
		if ((in->at[0] | 0x20) == names[i] && (in->at[1] | 0x20) == names[i + 1] &&
		    (in->at[2] | 0x20) == names[i + 2]) {
			in->at += 3;
			*out = (int)(i / 3);
			return true;
		}
	}
	return false;
}

/* ".5", ",120934": milliseconds. */
static bool fraction(struct reader *in, int *ms)
{
	int scale = 100;

	*ms = 0;
	if (!skip(in, '.') && !skip(in, ','))
		return true;
	if (!is_digit(in))
		return false;
	for (; is_digit(in); in->at++, scale /= 10)
		*ms += (*in->at - '0') * scale;
	return true;
}

/* "09:14", "09:14:55.120". */
static bool clock_time(struct reader *in, struct fields *f)
{
	if (!digits(in, 2, &f->hour) || !skip(in, ':') || !digits(in, 2, &f->minute))
		return false;
	if (!skip(in, ':'))
		return true;
	return digits(in, 2, &f->second) && fraction(in, &f->ms);
}

/* "+05:30", "+0530", "+05". */
static bool offset(struct reader *in, int *minutes)
{
	bool is_west = in->at < in->end && *in->at == '-';
	int hour, minute = 0;

	in->at++;
	if (!digits(in, 2, &hour))
		return false;
	if ((skip(in, ':') || is_digit(in)) && !digits(in, 2, &minute))
		return false;
	*minutes = is_west ? -(hour * 60 + minute) : hour * 60 + minute;
	return hour < 24 && minute < 60;
}

/* Nothing, "Z", "GMT", "UTC", or an offset; a blank may come before. */
static bool zone(struct reader *in, struct fields *f)
{
	int ignored;

	f->offset = 0;
	if (in->at == in->end)
		return true;
	skip(in, ' ');
	if (skip(in, 'Z') || skip(in, 'z') || name(in, "gmtutc", &ignored))
		return true;
	return in->at < in->end && (*in->at == '+' || *in->at == '-') && offset(in, &f->offset);
}

static bool iso(struct reader *in, struct fields *f)
{
	if (!digits(in, 4, &f->year) || !skip(in, '-') || !digits(in, 2, &f->month) ||
	    !skip(in, '-') || !digits(in, 2, &f->day))
		return false;
	if (in->at == in->end)
		return true;
	return (skip(in, 'T') || skip(in, 't') || skip(in, ' ')) && clock_time(in, f) &&
	       zone(in, f);
}

static bool rfc1123(struct reader *in, struct fields *f)
{
	int weekday;

	if (!name(in, day_names, &weekday) || !skip(in, ',') || !skip(in, ' ') ||
	    !digits(in, 2, &f->day) || !skip(in, ' ') || !name(in, month_names, &f->month) ||
	    !skip(in, ' ') || !digits(in, 4, &f->year) || !skip(in, ' '))
		return false;
	f->month++;
	return clock_time(in, f) && zone(in, f);
}

bool time_parse_ms(const char *text, size_t len, int64_t *ms)
{
	struct reader in = { text, text + len };
	struct fields f = { 0 };

	if (!(is_digit(&in) ? iso : rfc1123)(&in, &f) || in.at != in.end || !is_possible(&f))
		return false;
	*ms = to_ms(&f);
	return true;
}

/* --- writing --- */

static bool split(int64_t ms, struct fields *f)
{
	int64_t days = ms / DAY_MS - (ms % DAY_MS < 0);
	int rest;

	if (!set_date(f, days))
		return false;
	rest = (int)(ms - days * DAY_MS);
	f->hour = rest / 3600000;
	f->minute = rest / 60000 % 60;
	f->second = rest / 1000 % 60;
	f->ms = rest % 1000;
	return true;
}

/* `count` digits and the character behind them; returns what follows. Every row of an inventory has
 * times, and printf would be a tenth of its mapping. */
static char *put_digits(char *out, int number, int count, char behind)
{
	for (int i = count - 1; i >= 0; i--, number /= 10)
		out[i] = (char)('0' + number % 10);
	out[count] = behind;
	return out + count + 1;
}

bool time_format_ms(int64_t ms, char out[TIME_TEXT_SIZE])
{
	struct fields f;

	if (!split(ms, &f))
		return false;
	out = put_digits(out, f.year, 4, '-');
	out = put_digits(out, f.month, 2, '-');
	out = put_digits(out, f.day, 2, 'T');
	out = put_digits(out, f.hour, 2, ':');
	out = put_digits(out, f.minute, 2, ':');
	out = put_digits(out, f.second, 2, '.');
	out = put_digits(out, f.ms, 3, 'Z');
	*out = '\0';
	return true;
}

bool time_format_http(int64_t ms, char out[TIME_TEXT_SIZE])
{
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct fields f;
	int64_t weekday;

	if (!split(ms, &f))
		return false;
	weekday = days_since_epoch(f.year, f.month, f.day) % 7;
	snprintf(out, TIME_TEXT_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT",
		 days[weekday < 0 ? weekday + 7 : weekday], f.day, months[f.month - 1], f.year,
		 f.hour, f.minute, f.second);
	return true;
}

bool time_parse(const char *text, size_t len, char out[TIME_TEXT_SIZE])
{
	int64_t ms;

	return time_parse_ms(text, len, &ms) && time_format_ms(ms, out);
}
