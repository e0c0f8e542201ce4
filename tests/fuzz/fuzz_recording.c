/* Bytes as the content of a recording's frame: what is taken for an exchange packs to the same. */
#include <stdlib.h>
#include <string.h>

#include "record/recording_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static size_t touch(const char *text)
{
	return text != NULL ? strlen(text) : 0;
}

/* A text with a NUL inside is cut when it is packed again; the numbers before the texts are 32
 * bytes. */
static void check_exchange(const struct recording_exchange *exchange, const struct buf *packed)
{
	struct buf again = BUF_INIT;
	struct err err = ERR_INIT;

	touch(exchange->method);
	touch(exchange->url);
	touch(exchange->request_headers);
	touch(exchange->response_headers);
	touch(exchange->error);
	demand(recording_pack(exchange, &again, &err));
	demand(again.len <= packed->len);
	if (again.len == packed->len)
		demand(memcmp(again.data + 32, packed->data + 32, again.len - 32) == 0);
	buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct recording_exchange exchange = { 0 };
	struct buf packed = BUF_INIT;
	struct err err = ERR_INIT;

	buf_append(&packed, data, len);
	if (recording_unpack(&packed, &exchange, &err))
		check_exchange(&exchange, &packed);
	buf_fini(&packed);
	return 0;
}
