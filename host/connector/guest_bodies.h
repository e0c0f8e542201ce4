/*
 * Bodies on their way to a sandbox: in chunks, as far as the sandbox has granted room, each
 * followed by the result it belongs to.
 */
#ifndef MUSTER_CONNECTOR_GUEST_BODIES_H
#define MUSTER_CONNECTOR_GUEST_BODIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct guest_body;

/* Made by guest_bodies_init, in place. */
struct guest_bodies {
	struct guest_body *first, **tail;
	int64_t window; /* bytes of chunks that may still be sent */
};

void guest_bodies_init(struct guest_bodies *bodies);
void guest_bodies_fini(struct guest_bodies *bodies);

/* Takes the body's bytes over, copies the result. false = out of memory; then neither. */
bool guest_bodies_add(struct guest_bodies *bodies, uint32_t id, struct buf *body,
		      const struct buf *result);

/* Appends frames to out, until it is full enough or there is no more room over there. */
void guest_bodies_pump(struct guest_bodies *bodies, struct buf *out);

/* The sandbox has room for so many bytes more. false: for more than it ever took. */
bool guest_bodies_grant(struct guest_bodies *bodies, int64_t bytes);

#endif
