/* Texts with {names} in them. */
#include "connector/template.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { NAME_MAX_BYTES = 64 };

static bool find(const struct template_source *source, const char *name, const char **text,
		 size_t *len, struct err *err)
{
	for (size_t i = 0; i < source->word_count; i++) {
		const struct template_word *word = &source->words[i];

		if (str_eq(word->name, name)) {
			*text = word->text;
			*len = word->len;
			return true;
		}
	}
	return auth_find_part(&source->parts, name, text, len, err);
}

/* The next piece of "Bearer {key}": text as it stands, or what the name stands for. */
static bool next_piece(const struct template_source *source, const char **at, const char **text,
		       size_t *len, struct err *err)
{
	const char *close = **at == '{' ? strchr(*at, '}') : NULL;
	char name[NAME_MAX_BYTES];

	if (close == NULL) {
		*text = *at;
		*len = 1 + strcspn(*at + 1, "{");
		*at += *len;
		return true;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(close - *at - 1), *at + 1);
	*at = close + 1;
	return find(source, name, text, len, err);
}

/* Its length first: secret memory does not grow. out NULL = only that. */
static bool walk(const struct template_source *source, const char *at, struct secret *out,
		 size_t *total, struct err *err)
{
	const char *piece;
	size_t len;

	*total = 0;
	while (*at != '\0') {
		if (!next_piece(source, &at, &piece, &len, err))
			return false;
		if (out != NULL && len > 0)
			memcpy(out->data + *total, piece, len);
		*total += len;
	}
	return true;
}

bool template_expand(const struct template_source *source, const char *text, struct secret *out,
		     struct err *err)
{
	size_t total;

	return walk(source, text, NULL, &total, err) && secret_init(out, total, err) &&
	       walk(source, text, out, &total, err);
}
