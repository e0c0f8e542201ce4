/* Bytes as a stream of frames: each stays inside its input and moves on; errors are read from any.
 */
#include <stdlib.h>

#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void check_frame(const struct frame *frame, const char *at, size_t used)
{
	struct err err = ERR_INIT;

	demand(used == frame->len + FRAME_HEADER);
	demand(frame->payload >= at && frame->payload + frame->len <= at + used);
	demand(frame->kind >= FRAME_CALL && frame->kind <= FRAME_CREDIT);
	wire_get_err(frame->payload, frame->len, &err);
	demand(err.kind > ERR_NONE && err.kind < ERR_KIND_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *at = (const char *)data;

	for (;;) {
		struct err err = ERR_INIT;
		struct frame frame;
		size_t used = 0;

		if (frame_parse(at, len, &frame, &used, &err) != FRAME_READY)
			return 0;
		demand(used <= len);
		check_frame(&frame, at, used);
		at += used;
		len -= used;
	}
}
