/* The `streams` column. */
#include "store/voices.h"

#include <string.h>

/* Where "stream" stands in the text, with its quotes; NULL if it does not. */
static const char *find(const char *streams, const char *stream)
{
	size_t len = strlen(stream);

	if (streams == NULL)
		return NULL;
	for (const char *at = strstr(streams, stream); at != NULL; at = strstr(at + 1, stream)) {
		if (at > streams && at[-1] == '"' && at[len] == '"')
			return at - 1;
	}
	return NULL;
}

bool voices_has(const char *streams, const char *stream)
{
	return find(streams, stream) != NULL;
}

bool voices_is_only(const char *streams, const char *stream)
{
	const char *at = find(streams, stream);

	return at != NULL && at == streams + 1 && strlen(streams) == strlen(stream) + 4;
}

static void put(struct buf *out, const char *name, size_t len)
{
	if (out->data[out->len - 1] != '[')
		buf_char(out, ',');
	buf_char(out, '"');
	buf_append(out, name, len);
	buf_char(out, '"');
}

/* The next name between quotes from *at on; *at moves behind it. NULL = no more. */
static const char *next_name(const char **at, size_t *len)
{
	const char *open = strchr(*at, '"'), *close;

	if (open == NULL || (close = strchr(open + 1, '"')) == NULL)
		return NULL;
	*at = close + 1;
	*len = (size_t)(close - open - 1);
	return open + 1;
}

/* Copies the names but `without`, and puts `with` in its place among them. */
static void copy(const char *streams, const char *with, const char *without, struct buf *out)
{
	const char *at = streams != NULL ? streams : "", *name;
	size_t len;

	buf_char(out, '[');
	while (!out->failed && (name = next_name(&at, &len)) != NULL) {
		if (strlen(without) == len && memcmp(name, without, len) == 0)
			continue;
		if (with != NULL && strncmp(with, name, len) < 0) {
			put(out, with, strlen(with));
			with = NULL;
		}
		put(out, name, len);
	}
	if (with != NULL && !out->failed)
		put(out, with, strlen(with));
	buf_char(out, ']');
}

void voices_add(const char *streams, const char *stream, struct buf *out)
{
	copy(streams, stream, stream, out);
}

void voices_remove(const char *streams, const char *stream, struct buf *out)
{
	copy(streams, NULL, stream, out);
}
