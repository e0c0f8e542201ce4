/* Finding a verb in the table. */
#include "cli/verb.h"

#include <stdio.h>

#include "base/str.h"

const struct cli_verb *cli_verb_find(const char *name, const char *sub)
{
	size_t count;
	const struct cli_verb *verbs = cli_verbs(&count);

	for (size_t i = 0; i < count; i++) {
		if (str_eq(verbs[i].name, name) &&
		    (!sub || (verbs[i].sub && str_eq(verbs[i].sub, sub))))
			return &verbs[i];
	}
	return NULL;
}

const char *cli_verb_title(const struct cli_verb *verb, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", verb->name, verb->sub ? " " : "", verb->sub ? verb->sub : "");
	return out;
}
