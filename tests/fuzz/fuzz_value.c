/*
 * Bytes as one value: whatever is taken for a value can be skipped too, and its encoding is stable.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "wire/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void check_skip(const uint8_t *data, size_t len)
{
	struct value_cursor cursor = value_cursor(data, len);
	struct err err = ERR_INIT;

	demand(value_skip(&cursor, &err));
	demand(cursor.at == cursor.end);
}

/*
 * Encodes what was parsed, and what comes of parsing that: the bytes are the same. Only a map with
 * a key twice has no such encoding.
 */
static void check_stable(const struct value *root)
{
	struct err err = ERR_INIT;
	struct buf once = BUF_INIT, twice = BUF_INIT;
	struct value_tree *again;

	value_put(&once, root);
	if (once.failed) {
		buf_fini(&once);
		return;
	}
	again = value_parse(once.data, once.len, &err);
	demand(again != NULL);
	value_put(&twice, value_root(again));
	demand(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	value_tree_free(again);
	buf_fini(&once);
	buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct err err = ERR_INIT;
	struct value_tree *tree = value_parse(data, len, &err);

	if (tree == NULL)
		return 0;
	check_skip(data, len);
	check_stable(value_root(tree));
	value_tree_free(tree);
	return 0;
}
