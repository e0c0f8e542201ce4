/* Secrets and a text out of the input: a secret that is in the text is found and replaced. */
#include <stdlib.h>
#include <string.h>

#include "base/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static bool contains(const uint8_t *text, size_t len, const uint8_t *secret, size_t secret_len)
{
	for (size_t i = 0; secret_len >= 6 && i + secret_len <= len; i++) {
		if (memcmp(text + i, secret, secret_len) == 0)
			return true;
	}
	return false;
}

/* Two secrets of up to 15 bytes, their lengths in the first byte; the rest is the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t first = len > 0 ? data[0] & 15 : 0, second = len > 0 ? data[0] >> 4 : 0, text;
	struct redact *redact = redact_new();
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	if (redact != NULL && len > 1 + first + second) {
		const uint8_t *a = data + 1, *b = a + first, *rest = b + second;

		text = len - 1 - first - second;
		demand(redact_add(redact, "a", a, first, &err));
		demand(redact_add(redact, "b", b, second, &err));
		if (contains(rest, text, a, first) || contains(rest, text, b, second))
			demand(redact_finds(redact, rest, text));
		demand((redact_copy(redact, rest, text, &out) > 0) ==
		       redact_finds(redact, rest, text));
	}
	buf_fini(&out);
	redact_free(redact);
	return 0;
}
