/* The frames of a recording (layout: recording.h): packing, sealing and their reverse. No file. */
#ifndef MUSTER_RECORD_RECORDING_FRAME_H
#define MUSTER_RECORD_RECORDING_FRAME_H

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "record/recording.h"

enum {
	RECORDING_SALT_SIZE = 16,
	RECORDING_HEAD_SIZE = 8 + 8 + RECORDING_SALT_SIZE,
	RECORDING_FRAME_HEAD_SIZE = 4 + 4 + 8,
};

/* Number of the frame that ends a recording; its content is the count of exchanges. */
enum { RECORDING_END = -1 };

/* What all frames of one file share. */
struct recording_seal {
	struct secret key;
	int64_t session_id;
};

/* The file's head with a fresh salt, and the seal for what follows. */
bool recording_seal_new(struct recording_seal *out, int64_t session_id, const uint8_t key[32],
			uint8_t head[RECORDING_HEAD_SIZE], struct err *err);
bool recording_seal_read(struct recording_seal *out, const uint8_t key[32],
			 const uint8_t head[RECORDING_HEAD_SIZE], struct err *err);
void recording_seal_fini(struct recording_seal *seal);

/* Replaces `frame` with a whole frame around `content`. */
bool recording_seal_frame(const struct recording_seal *seal, int64_t position, int64_t number,
			  const struct buf *content, struct buf *frame, struct err *err);

/* false (ERR_STORE) if the head is damaged. */
bool recording_read_frame_head(const uint8_t head[RECORDING_FRAME_HEAD_SIZE], int64_t *number,
			       size_t *sealed_len, struct err *err);

/* Opens sealed bytes in place: afterwards `sealed` holds the content. */
bool recording_open_frame(const struct recording_seal *seal, int64_t position, int64_t number,
			  struct buf *sealed, struct err *err);

/* --- content --- */

/* Replaces `out` with the exchange, all but its number. */
bool recording_pack(const struct recording_exchange *exchange, struct buf *out, struct err *err);

/* `out` points into `packed`. */
bool recording_unpack(const struct buf *packed, struct recording_exchange *out, struct err *err);

#endif
