/*
 * Frames: how host and sandbox talk over their socket.
 *
 *   u32 length (of what follows, little-endian) | u8 kind | u32 id | payload
 *
 * Both sides number their own calls; RESULT and ERROR carry the id of the call they answer, seen
 * from the side that made it. A body is sent as CHUNK frames with the id of the call whose RESULT
 * follows it; the receiver grants room with CREDIT (payload: int, bytes), see host/README.md. A
 * frame is at most FRAME_MAX bytes; a longer one, or an unknown kind, ends the job.
 */
#ifndef MUSTER_WIRE_FRAME_H
#define MUSTER_WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	FRAME_MAX = 256 * 1024, /* of `length` */
	FRAME_HEADER = 9,	/* length, kind, id */
	FRAME_PAYLOAD_MAX = FRAME_MAX - 5,
	FRAME_BODY_WINDOW = 8 * 1024 * 1024, /* bytes of CHUNKs in flight, all calls together */
};

enum frame_kind {
	FRAME_CALL = 1, /* payload: list { method, args } */
	FRAME_RESULT,	/* payload: value */
	FRAME_ERROR,	/* payload: map, see wire_put_err */
	FRAME_EVENT,	/* payload: list { name, args }; no answer; id 0 */
	FRAME_CHUNK,	/* payload: raw bytes of a body */
	FRAME_CREDIT,	/* payload: int, more bytes of CHUNKs may be sent; id 0 */
};

struct frame {
	enum frame_kind kind;
	uint32_t id;
	const char *payload; /* points into the reader's buffer, valid until it changes */
	size_t len;
};

/* Appends a whole frame. A payload that is too long sets out->failed. */
void frame_put(struct buf *out, enum frame_kind kind, uint32_t id, const void *payload, size_t len);

enum frame_status { FRAME_READY, FRAME_MORE, FRAME_BROKEN };

/*
 * Looks for one frame at the start of data. READY: *frame is filled, *used bytes belong to it.
 * MORE: not whole yet. BROKEN: err (ERR_BUG) says what is wrong; the peer cannot be trusted any
 * more.
 */
enum frame_status frame_parse(const char *data, size_t len, struct frame *frame, size_t *used,
			      struct err *err);

/* struct err as a value (map: kind status retry_after_ms stop message hint) and back. */
void wire_put_err(struct buf *out, const struct err *err);
void wire_get_err(const void *payload, size_t len, struct err *err);

#endif
