/* Small text helpers. */
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NEAREST_MAX = 63 };

bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

int str_sort_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool str_has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), tail = strlen(suffix);

	return len >= tail && str_eq(text + len - tail, suffix);
}

char *str_dup(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

char *str_dup_len(const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	if (copy == NULL)
		return NULL;
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

void str_lower(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
	}
}

bool str_next_int64(const char **text, int64_t *out)
{
	const char *start = *text + strspn(*text, " \n");
	long long value;
	char *end;

	if (!((*start >= '0' && *start <= '9') || *start == '-'))
		return false;
	errno = 0;
	value = strtoll(start, &end, 10);
	if (errno != 0 || end == start)
		return false;
	*out = value;
	*text = end;
	return true;
}

bool str_to_int64(const char *text, int64_t *out)
{
	int64_t value;

	if (*text == ' ' || *text == '\n' || !str_next_int64(&text, &value) || *text != '\0')
		return false;
	*out = value;
	return true;
}

/* Length of the sequence that starts with `lead`; 0 = no valid lead byte. */
static size_t sequence_length(unsigned char lead)
{
	if (lead >= 0x01 && lead <= 0x7f)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* Behind the ASCII characters from `at`, eight at a time; NUL is none of them. */
static const unsigned char *skip_ascii(const unsigned char *at, const unsigned char *end)
{
	const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;

	for (; end - at >= 8; at += 8) {
		uint64_t x;

		memcpy(&x, at, sizeof(x));
		if (((x | (x - ones)) & highs) != 0)
			break;
	}
	return at;
}

bool str_is_utf8(const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + len;

	for (at = skip_ascii(at, end); at < end;) {
		size_t n = sequence_length(*at);

		if (n == 0 || (size_t)(end - at) < n)
			return false;
		for (size_t i = 1; i < n; i++) {
			if ((at[i] & 0xc0) != 0x80)
				return false;
		}
		if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
		    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
			return false;
		at += n;
	}
	return true;
}

void str_put_utf8(struct buf *out, const char *text)
{
	while (*text != '\0') {
		size_t longest = strnlen(text, 4), len = 1;

		while (len <= longest && !str_is_utf8(text, len))
			len++;
		if (len <= longest)
			buf_append(out, text, len);
		else
			buf_str(out, "\xef\xbf\xbd");
		text += len <= longest ? len : 1;
	}
}

size_t str_cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/*
 * Edit distance in which two neighbours that changed places count once (optimal string alignment):
 * row i of the table follows from the two before it.
 */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_MAX + 1], lb = strlen(b), i = 0;

	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (; a[i] != '\0'; i++) {
		const size_t *older = rows[(i + 2) % 3], *above = rows[i % 3];
		size_t *row = rows[(i + 1) % 3];

		row[0] = i + 1;
		for (size_t j = 0; j < lb; j++) {
			row[j + 1] = min3(above[j + 1] + 1, row[j] + 1, above[j] + (a[i] != b[j]));
			if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] &&
			    older[j - 1] + 1 < row[j + 1])
				row[j + 1] = older[j - 1] + 1;
		}
	}
	return rows[i % 3][lb];
}

const char *str_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t limit = strlen(word) / 3, best = SIZE_MAX;
	const char *nearest = NULL;

	if (strlen(word) > NEAREST_MAX)
		return NULL;
	if (limit == 0)
		limit = 1;
	for (size_t i = 0; i < count; i++) {
		size_t d;

		if (strlen(candidates[i]) > NEAREST_MAX)
			continue;
		d = distance(word, candidates[i]);
		if (d <= limit && d < best) {
			best = d;
			nearest = candidates[i];
		}
	}
	return nearest;
}
