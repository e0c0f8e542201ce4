/* Copies that live as long as their owner. */
#include <stdlib.h>
#include <string.h>

#include "net/net_call.h"

struct net_block {
	struct net_block *next;
	max_align_t data[];
};

void *net_blocks_copy(struct net_blocks *blocks, const void *data, size_t len)
{
	struct net_block *block = malloc(sizeof(*block) + len + 1);

	if (block == NULL) {
		blocks->failed = true;
		return NULL;
	}
	block->next = blocks->first;
	blocks->first = block;
	if (data != NULL)
		memcpy(block->data, data, len);
	return block->data;
}

const char *net_blocks_text(struct net_blocks *blocks, const char *text)
{
	return text != NULL ? net_blocks_copy(blocks, text, strlen(text) + 1) : NULL;
}

struct net_header net_blocks_header(struct net_blocks *blocks, const struct net_header *header)
{
	return (struct net_header){ net_blocks_text(blocks, header->name),
				    net_blocks_text(blocks, header->value) };
}

struct net_header *net_blocks_headers(struct net_blocks *blocks, const struct net_header *headers,
				      size_t count)
{
	struct net_header *copy = net_blocks_copy(blocks, headers, count * sizeof(*headers));

	for (size_t i = 0; copy != NULL && i < count; i++)
		copy[i] = net_blocks_header(blocks, &headers[i]);
	return copy;
}

void net_blocks_fini(struct net_blocks *blocks)
{
	while (blocks->first != NULL) {
		struct net_block *next = blocks->first->next;

		free(blocks->first);
		blocks->first = next;
	}
}
