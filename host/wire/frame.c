/* Frames between host and sandbox. */
#include "wire/frame.h"

#include <stdio.h>

#include "base/sabotage.h"
#include "wire/value.h"

static void put_u32(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> (8 * i));
}

static uint32_t get_u32(const char *at)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value |= (uint32_t)(unsigned char)at[i] << (8 * i);
	return value;
}

void frame_put(struct buf *out, enum frame_kind kind, uint32_t id, const void *payload, size_t len)
{
	unsigned char header[FRAME_HEADER];

	if (len > FRAME_PAYLOAD_MAX) {
		out->failed = true;
		return;
	}
	put_u32(header, (uint32_t)(len + 5));
	header[4] = (unsigned char)kind;
	put_u32(header + 5, id);
	buf_append(out, header, sizeof(header));
	buf_append(out, payload, len);
}

enum frame_status frame_parse(const char *data, size_t len, struct frame *frame, size_t *used,
			      struct err *err)
{
	uint32_t length;

	if (len < 4)
		return FRAME_MORE;
	length = get_u32(data);
	if (length < 5 || length > FRAME_MAX) {
		err_set(err, ERR_BUG, "frame of %u bytes (5 to %d are allowed)", length, FRAME_MAX);
		return FRAME_BROKEN;
	}
	if (len >= 5 && (data[4] < FRAME_CALL || data[4] > FRAME_CREDIT)) {
		err_set(err, ERR_BUG, "frame of an unknown kind: %d", data[4]);
		return FRAME_BROKEN;
	}
	if (len < 4 + (size_t)length && !sabotage_is(SABOTAGE_FRAME_BOUNDS))
		return FRAME_MORE;
	*frame = (struct frame){
		.kind = (enum frame_kind)data[4],
		.id = get_u32(data + 5),
		.payload = data + FRAME_HEADER,
		.len = length - 5,
	};
	*used = 4 + (size_t)length;
	return FRAME_READY;
}

void wire_put_err(struct buf *out, const struct err *err)
{
	value_put_map(out, 6);
	value_put_str(out, "kind");
	value_put_str(out, err_kind_info(err->kind)->name);
	value_put_str(out, "status");
	value_put_int(out, err->status);
	value_put_str(out, "retry_after_ms");
	value_put_int(out, err->retry_after_ms);
	value_put_str(out, "stop");
	value_put_bool(out, err->stop);
	value_put_str(out, "message");
	value_put_str(out, err->message);
	value_put_str(out, "hint");
	value_put_str(out, err->hint);
}

void wire_get_err(const void *payload, size_t len, struct err *err)
{
	struct err damage = ERR_INIT;
	struct value_tree *tree = value_parse(payload, len, &damage);
	const struct value *map;

	if (tree == NULL) {
		err_set(err, ERR_BUG, "an error that cannot be read: %s", damage.message);
		return;
	}
	map = value_root(tree);
	*err = ERR_INIT;
	err->kind = err_kind_by_name(value_text(map, "kind", ""));
	if (err->kind == ERR_NONE)
		err->kind = ERR_BUG;
	err->status = (int)value_int(map, "status", 0);
	err->retry_after_ms = value_int(map, "retry_after_ms", -1);
	err->stop = value_bool(map, "stop", false);
	snprintf(err->message, sizeof(err->message), "%s", value_text(map, "message", "no text"));
	snprintf(err->hint, sizeof(err->hint), "%s", value_text(map, "hint", ""));
	value_tree_free(tree);
}
