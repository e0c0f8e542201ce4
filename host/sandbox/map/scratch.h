/*
 * Memory that is given back all at once: what evaluating one row needs, or what one compiled map
 * consists of. Pieces stay where they are until scratch_reset or scratch_fini.
 */
#ifndef MUSTER_SANDBOX_MAP_SCRATCH_H
#define MUSTER_SANDBOX_MAP_SCRATCH_H

#include <stddef.h>

struct scratch_chunk;

struct scratch {
	struct scratch_chunk *chunks; /* the newest first */
	size_t used, size;	      /* of the newest */
};

#define SCRATCH_INIT ((struct scratch){ 0 })

void scratch_fini(struct scratch *scratch);

/* Gives everything back but keeps the largest chunk for the next use. */
void scratch_reset(struct scratch *scratch);

/* `len` bytes, aligned for any type, zeroed; NULL when memory ran out. */
void *scratch_take(struct scratch *scratch, size_t len);

/* A copy followed by a NUL. */
char *scratch_copy(struct scratch *scratch, const char *text, size_t len);

#endif
