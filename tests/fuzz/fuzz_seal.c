/* Bytes as a sealed record: none opens but the one that was sealed. */
#include <stdlib.h>
#include <string.h>

#include "crypto/random.h"
#include "vault/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* The input's bytes over a good record from `at`: it opens only if they change nothing. */
static void check_overlay(struct seal_key key, const struct buf *binding, const uint8_t *data,
			  size_t len)
{
	struct buf good = BUF_INIT, forged = BUF_INIT;
	struct secret out;
	struct err err = ERR_INIT;
	size_t at = data[0] % 40;

	demand(seal_put(key, binding, "text", 4, &good, &err));
	buf_append(&forged, good.data, good.len);
	for (size_t i = 0; i + 1 < len && at + i < forged.len; i++)
		forged.data[at + i] = (char)data[i + 1];
	demand(seal_open(key, binding, forged.data, forged.len, &out, &err) ==
	       (memcmp(good.data, forged.data, good.len) == 0));
	secret_fini(&out);
	buf_fini(&good);
	buf_fini(&forged);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t bytes[SEAL_KEY_SIZE];
	const struct seal_key key = { bytes, "key-1" };
	struct buf binding = BUF_INIT;
	struct secret out;
	struct err err = ERR_INIT;

	/* A new key each time: the fuzzer remembers what it saw compared, whole records included.
	 */
	demand(random_bytes(bytes, sizeof(bytes), &err));
	seal_bind(&binding, (const char *const[]){ "fuzz" }, 1);
	demand(!seal_open(key, &binding, data, len, &out, &err));
	if (len > 0)
		check_overlay(key, &binding, data, len);
	buf_fini(&binding);
	return 0;
}
