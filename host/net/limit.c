/* Rates as sliding windows, and the text they are kept in. */
#include "net/limit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void limit_window_init(struct limit_window *window, int64_t span_ms)
{
	*window = (struct limit_window){ .span_ms = span_ms };
}

static int64_t slot_width(const struct limit_window *window)
{
	int64_t width = (window->span_ms + LIMIT_SLOTS - 2) / (LIMIT_SLOTS - 1);

	return width > 0 ? width : 1;
}

/* Moves the window to now; slots that fell out are empty afterwards. */
static void advance(struct limit_window *window, int64_t now_ms)
{
	int64_t slot = now_ms / slot_width(window);

	if (slot <= window->head && slot > window->head - LIMIT_SLOTS)
		return;
	if (slot - window->head >= LIMIT_SLOTS || slot < window->head)
		memset(window->counts, 0, sizeof(window->counts));
	else
		for (int64_t i = window->head + 1; i <= slot; i++)
			window->counts[i % LIMIT_SLOTS] = 0;
	window->head = slot;
}

void limit_window_add(struct limit_window *window, int64_t now_ms)
{
	advance(window, now_ms);
	window->counts[window->head % LIMIT_SLOTS]++;
}

int64_t limit_window_sum(struct limit_window *window, int64_t now_ms)
{
	int64_t sum = 0;

	advance(window, now_ms);
	for (int i = 0; i < LIMIT_SLOTS; i++)
		sum += window->counts[i];
	return sum;
}

int64_t limit_window_wait(struct limit_window *window, int64_t count, int64_t now_ms)
{
	int64_t sum = limit_window_sum(window, now_ms);
	int64_t slot = window->head - LIMIT_SLOTS + 1; /* the oldest */

	if (sum < count)
		return 0;
	for (; slot < window->head; slot++) {
		if (slot >= 0)
			sum -= window->counts[slot % LIMIT_SLOTS];
		if (sum < count)
			break;
	}
	return (slot + LIMIT_SLOTS) * slot_width(window) - now_ms;
}

void limit_window_print(const struct limit_window *window, struct buf *out)
{
	buf_printf(out, "%" PRId64 " %" PRId64 " ", window->span_ms, window->head);
	for (int i = 0; i < LIMIT_SLOTS; i++)
		buf_printf(out, "%" PRId64 "%c", window->counts[i],
			   i + 1 < LIMIT_SLOTS ? ',' : '\n');
}

static bool parse_number(const char **text, char separator, int64_t *out)
{
	char *end;

	*out = strtoll(*text, &end, 10);
	if (end == *text || *end != separator || *out < 0 || *out > INT64_MAX / 4096)
		return false;
	*text = end + 1;
	return true;
}

bool limit_window_parse(const char **text, struct limit_window *out)
{
	*out = (struct limit_window){ 0 };
	if (!parse_number(text, ' ', &out->span_ms) || !parse_number(text, ' ', &out->head))
		return false;
	for (int i = 0; i < LIMIT_SLOTS; i++) {
		if (!parse_number(text, i + 1 < LIMIT_SLOTS ? ',' : '\n', &out->counts[i]))
			return false;
	}
	return true;
}

/* The window of a rate out of the kept text; an empty one if it is not there. */
static void find_window(const char *state, int64_t span_ms, struct limit_window *out)
{
	while (state != NULL && *state != '\0') {
		if (!limit_window_parse(&state, out))
			break;
		if (out->span_ms == span_ms)
			return;
	}
	limit_window_init(out, span_ms);
}

static bool is_among(int64_t span_ms, const struct limit_window *windows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (windows[i].span_ms == span_ms)
			return true;
	}
	return false;
}

/* Appends what is kept of other rates; returns how many windows there are then. */
static size_t find_others(const char *state, struct limit_window *windows, size_t count)
{
	struct limit_window other;

	while (state != NULL && *state != '\0' && count < NET_RATES_MAX) {
		if (!limit_window_parse(&state, &other))
			break;
		if (!is_among(other.span_ms, windows, count))
			windows[count++] = other;
	}
	return count;
}

int64_t limit_take(const char *state, const struct net_rate *rates, size_t count, int64_t now_ms,
		   struct buf *next)
{
	struct limit_window windows[NET_RATES_MAX];
	int64_t longest = 0;

	if (count > NET_RATES_MAX)
		count = NET_RATES_MAX;
	for (size_t i = 0; i < count; i++) {
		int64_t wait;

		find_window(state, rates[i].window_ms, &windows[i]);
		wait = limit_window_wait(&windows[i], rates[i].count, now_ms);
		if (wait > longest)
			longest = wait;
	}
	count = find_others(state, windows, count);
	for (size_t i = 0; i < count; i++) {
		if (longest == 0)
			limit_window_add(&windows[i], now_ms);
		limit_window_print(&windows[i], next);
	}
	return longest;
}

static int64_t unit_ms(const char *unit)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (str_eq(unit, units[i].name))
			return units[i].ms;
	}
	return 0;
}

bool net_rate_parse(const char *text, struct net_rate *out, struct err *err)
{
	const char *at = text;
	int64_t factor = 1;
	char *end;

	if (parse_number(&at, '/', &out->count) && out->count >= 1 && out->count <= 1000000000) {
		if (*at >= '0' && *at <= '9') {
			factor = strtoll(at, &end, 10);
			at = end;
		}
		out->window_ms = unit_ms(at);
		if (out->window_ms > 0 && factor >= 1 && factor <= 1000) {
			out->window_ms *= factor;
			return true;
		}
	}
	return err_set(
		err, ERR_CONFIG,
		"rate \"%s\": expected a count and a time: \"50/s\", \"10000/h\", \"300/5m\"",
		text);
}
