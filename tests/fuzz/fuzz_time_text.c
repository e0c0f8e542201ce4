/* Whatever text is taken for a time must come out in our form, and that must mean itself. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/map/time_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char once[TIME_TEXT_SIZE], twice[TIME_TEXT_SIZE];

	if (!time_parse((const char *)data, size, once))
		return 0;
	if (!time_parse(once, strlen(once), twice) || !str_eq(once, twice))
		abort();
	return 0;
}
