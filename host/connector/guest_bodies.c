/* Bodies on their way to a sandbox. */
#include "connector/guest_bodies.h"

#include <stdlib.h>

#include "wire/frame.h"

enum { OUT_HIGH = 1024 * 1024 }; /* bodies wait while more than this is unsent */

struct guest_body {
	uint32_t id;
	struct buf body, result;
	size_t sent;
	struct guest_body *next;
};

void guest_bodies_init(struct guest_bodies *bodies)
{
	*bodies = (struct guest_bodies){ .window = FRAME_BODY_WINDOW };
	bodies->tail = &bodies->first;
}

static void drop_first(struct guest_bodies *bodies)
{
	struct guest_body *first = bodies->first;

	bodies->first = first->next;
	if (bodies->first == NULL)
		bodies->tail = &bodies->first;
	buf_fini(&first->body);
	buf_fini(&first->result);
	free(first);
}

void guest_bodies_fini(struct guest_bodies *bodies)
{
	while (bodies->first != NULL)
		drop_first(bodies);
}

bool guest_bodies_add(struct guest_bodies *bodies, uint32_t id, struct buf *body,
		      const struct buf *result)
{
	struct guest_body *added = calloc(1, sizeof(*added));

	if (added == NULL)
		return false;
	buf_append(&added->result, result->data, result->len);
	if (added->result.failed || result->failed) {
		buf_fini(&added->result);
		free(added);
		return false;
	}
	added->id = id;
	added->body = *body;
	*body = BUF_INIT;
	*bodies->tail = added;
	bodies->tail = &added->next;
	return true;
}

/* The next part of the first body; its result when it is through. */
static void put_part(struct guest_bodies *bodies, struct buf *out)
{
	struct guest_body *first = bodies->first;
	size_t part = first->body.len - first->sent;

	if (part > FRAME_PAYLOAD_MAX)
		part = FRAME_PAYLOAD_MAX;
	if ((int64_t)part > bodies->window)
		part = (size_t)bodies->window;
	if (part > 0) {
		frame_put(out, FRAME_CHUNK, first->id, first->body.data + first->sent, part);
		first->sent += part;
		bodies->window -= (int64_t)part;
	}
	if (first->sent < first->body.len)
		return;
	frame_put(out, FRAME_RESULT, first->id, first->result.data, first->result.len);
	drop_first(bodies);
}

void guest_bodies_pump(struct guest_bodies *bodies, struct buf *out)
{
	while (bodies->first != NULL && out->len < OUT_HIGH) {
		if (bodies->window <= 0 && bodies->first->sent < bodies->first->body.len)
			return;
		put_part(bodies, out);
	}
}

bool guest_bodies_grant(struct guest_bodies *bodies, int64_t bytes)
{
	if (bytes <= 0 || bytes > FRAME_BODY_WINDOW || bodies->window > FRAME_BODY_WINDOW - bytes)
		return false;
	bodies->window += bytes;
	return true;
}
