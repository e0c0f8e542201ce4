/*
 * Texts with {names} in them, as a connector's auth declares them ("Bearer {key}"): a name is one
 * of the words at hand, else a part of the credential. What is not closed stands for itself.
 */
#ifndef MUSTER_CONNECTOR_TEMPLATE_H
#define MUSTER_CONNECTOR_TEMPLATE_H

#include "connector/auth.h"

struct template_word {
	const char *name, *text;
	size_t len;
};

/* Borrowed. */
struct template_source {
	struct auth_parts parts;
	const struct template_word *words; /* come before parts of the same name */
	size_t word_count;
};

/* The text with everything filled in, in secret memory. ERR_AUTH: a part is missing. */
bool template_expand(const struct template_source *source, const char *text, struct secret *out,
		     struct err *err);

#endif
