/* Memory that is given back all at once. */
#include "sandbox/map/scratch.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 4096 };

struct scratch_chunk {
	struct scratch_chunk *next;
	alignas(max_align_t) char bytes[];
};

void scratch_fini(struct scratch *scratch)
{
	while (scratch->chunks != NULL) {
		struct scratch_chunk *next = scratch->chunks->next;

		free(scratch->chunks);
		scratch->chunks = next;
	}
	*scratch = SCRATCH_INIT;
}

/* The newest chunk is the largest: each is at least twice the one before. */
void scratch_reset(struct scratch *scratch)
{
	struct scratch newest = *scratch;

	scratch->used = 0;
	if (newest.chunks == NULL || newest.chunks->next == NULL)
		return;
	*scratch = (struct scratch){ .chunks = newest.chunks->next };
	scratch_fini(scratch);
	newest.chunks->next = NULL;
	*scratch = (struct scratch){ .chunks = newest.chunks, .size = newest.size };
}

static int add_chunk(struct scratch *scratch, size_t need)
{
	size_t size = scratch->size < FIRST_SIZE ? FIRST_SIZE : scratch->size * 2;
	struct scratch_chunk *chunk;

	while (size < need)
		size *= 2;
	chunk = malloc(sizeof(*chunk) + size);
	if (chunk == NULL)
		return 0;
	chunk->next = scratch->chunks;
	*scratch = (struct scratch){ .chunks = chunk, .size = size };
	return 1;
}

void *scratch_take(struct scratch *scratch, size_t len)
{
	const size_t align = alignof(max_align_t);
	void *piece;

	if (len > SIZE_MAX / 4)
		return NULL;
	len = (len + align - 1) / align * align;
	if (scratch->size - scratch->used < len && !add_chunk(scratch, len))
		return NULL;
	piece = scratch->chunks->bytes + scratch->used;
	scratch->used += len;
	return memset(piece, 0, len);
}

char *scratch_copy(struct scratch *scratch, const char *text, size_t len)
{
	char *copy = scratch_take(scratch, len + 1);

	if (copy != NULL && len > 0)
		memcpy(copy, text, len);
	return copy;
}
