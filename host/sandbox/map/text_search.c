/* Searching texts as mappings do. */
#include "sandbox/map/text_search.h"

#include <stdint.h>

bool text_contains(const char *text, size_t len, const char *wanted, size_t wanted_len)
{
	for (size_t i = 0; i + wanted_len <= len; i++) {
		size_t k = 0;

		while (k < wanted_len && text_lower(text[i + k]) == wanted[k])
			k++;
		if (k == wanted_len)
			return true;
	}
	return false;
}

/* Remembers the last star only: earlier ones need never be tried again. */
bool text_matches(const char *text, size_t len, const char *glob, size_t glob_len)
{
	size_t at = 0, g = 0, star = SIZE_MAX, resume = 0;

	while (at < len) {
		if (g < glob_len && glob[g] == '*') {
			star = g++;
			resume = at;
		} else if (g < glob_len && (glob[g] == '?' || glob[g] == text[at])) {
			g++;
			at++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			at = ++resume;
		} else {
			return false;
		}
	}
	while (g < glob_len && glob[g] == '*')
		g++;
	return g == glob_len;
}
