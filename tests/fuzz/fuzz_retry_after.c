/* Any text as Retry-After, and any as Date: the wait is bounded and never negative but for "none".
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/retry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char *date;
	int64_t ms;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	date = strchr(text, '\n');
	if (date != NULL)
		*date++ = '\0';
	ms = retry_after_parse(text, date, 1700000000000);
	if (ms < -1 || ms > (int64_t)INT32_MAX * 1000)
		abort();
	free(text);
	return 0;
}
