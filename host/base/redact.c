/*
 * One pass over the text, whatever the number of patterns. Let m be the shortest pattern's length:
 * then of any m - 3 neighbouring positions, exactly one is looked at in the text, and the 4 bytes
 * there (a window) are asked of a bit filter that knows the first m - 3 windows of every pattern.
 * Nearly every position ends there; the rest is looked up in a hash table and compared in full.
 */
#define _GNU_SOURCE
#include "base/redact.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/redact_forms.h"
#include "base/secret.h"
#include "base/str.h"

enum {
	SECRET_MIN = 6,
	WINDOW_SIZE = 4,
	STRIDE_MAX = 8,
	FILTER_BITS_LOG2_MIN = 16, /* 8 KiB: stays in the first-level cache */
	FILTER_PER_SLOT_LOG2 = 4,
	SLOTS_LOG2_MIN = 8,
};

struct pattern {
	size_t at, len; /* in `bytes` */
	size_t name;
	bool is_whole; /* a secret as it is, all of whose forms are patterns too */
};

struct slot {
	uint32_t window;
	uint32_t pattern_plus_1; /* 0 = empty */
	uint32_t offset;	 /* of the window in the pattern */
};

/* Windows of the patterns: an open-addressed table and the filter before it. */
struct index {
	struct secret memory; /* slots, then filter: they hold parts of the secrets */
	struct slot *slots;
	uint64_t *filter;
	unsigned slots_log2, filter_log2;
	size_t used;
};

struct redact {
	pthread_rwlock_t lock;
	struct secret bytes; /* the patterns, one after the other */
	size_t bytes_used;
	struct pattern *patterns;
	size_t pattern_count, pattern_room;
	char **names;
	size_t name_count;
	struct index index;
	size_t stride;
};

struct match {
	size_t start, len, name;
};

/* --- windows --- */

static uint32_t window_at(const uint8_t *text)
{
	uint32_t window;

	memcpy(&window, text, sizeof(window));
	return window;
}

static uint32_t window_hash(uint32_t window)
{
	return window * 0x9e3779b1u;
}

static bool filter_has(const struct index *index, uint32_t hash)
{
	uint32_t bit = hash >> (32 - index->filter_log2);

	return (index->filter[bit / 64] >> (bit % 64) & 1) != 0;
}

static void index_put(struct index *index, struct slot slot)
{
	uint32_t hash = window_hash(slot.window), mask = (1u << index->slots_log2) - 1;
	uint32_t bit = hash >> (32 - index->filter_log2);
	uint32_t at = hash >> (32 - index->slots_log2);

	while (index->slots[at].pattern_plus_1 != 0)
		at = (at + 1) & mask;
	index->slots[at] = slot;
	index->filter[bit / 64] |= (uint64_t)1 << (bit % 64);
	index->used++;
}

static bool index_init(struct index *index, unsigned slots_log2, struct err *err)
{
	size_t slots_bytes = sizeof(struct slot) << slots_log2;
	unsigned filter_log2 = slots_log2 + FILTER_PER_SLOT_LOG2;

	*index = (struct index){ .slots_log2 = slots_log2 };
	if (filter_log2 < FILTER_BITS_LOG2_MIN)
		filter_log2 = FILTER_BITS_LOG2_MIN;
	if (filter_log2 > 32)
		return err_set(err, ERR_OVER_LIMIT, "too many live secrets");
	if (!secret_init(&index->memory, slots_bytes + ((size_t)1 << filter_log2) / 8, err))
		return false;
	index->filter_log2 = filter_log2;
	index->slots = (struct slot *)(void *)index->memory.data;
	index->filter = (uint64_t *)(void *)(index->memory.data + slots_bytes);
	return true;
}

/* Keeps the table at most half full once `more` windows came in. */
static bool index_reserve(struct index *index, size_t more, struct err *err)
{
	struct index grown;
	unsigned slots_log2 = index->slots_log2 > 0 ? index->slots_log2 : SLOTS_LOG2_MIN;

	while ((index->used + more) * 2 > (size_t)1 << slots_log2)
		slots_log2++;
	if (slots_log2 == index->slots_log2)
		return true;
	if (!index_init(&grown, slots_log2, err))
		return false;
	for (size_t i = 0; index->slots != NULL && i < (size_t)1 << index->slots_log2; i++) {
		if (index->slots[i].pattern_plus_1 != 0)
			index_put(&grown, index->slots[i]);
	}
	secret_fini(&index->memory);
	*index = grown;
	return true;
}

/* --- adding --- */

struct redact *redact_new(void)
{
	struct redact *redact = calloc(1, sizeof(*redact));

	if (redact == NULL)
		return NULL;
	redact->stride = STRIDE_MAX;
	pthread_rwlock_init(&redact->lock, NULL);
	return redact;
}

void redact_free(struct redact *redact)
{
	if (redact == NULL)
		return;
	for (size_t i = 0; i < redact->name_count; i++)
		free(redact->names[i]);
	free(redact->names);
	free(redact->patterns);
	secret_fini(&redact->bytes);
	secret_fini(&redact->index.memory);
	pthread_rwlock_destroy(&redact->lock);
	free(redact);
}

static struct pattern *known_pattern(const struct redact *redact, const void *bytes, size_t len)
{
	for (size_t i = 0; i < redact->pattern_count; i++) {
		struct pattern *pattern = &redact->patterns[i];

		if (pattern->len == len &&
		    memcmp(redact->bytes.data + pattern->at, bytes, len) == 0)
			return pattern;
	}
	return NULL;
}

static bool reserve_bytes(struct redact *redact, size_t more, struct err *err)
{
	struct secret grown;

	if (redact->bytes_used + more <= redact->bytes.len)
		return true;
	if (!secret_init(&grown, (redact->bytes_used + more) * 2, err))
		return false;
	if (redact->bytes_used > 0)
		memcpy(grown.data, redact->bytes.data, redact->bytes_used);
	secret_fini(&redact->bytes);
	redact->bytes = grown;
	return true;
}

static bool reserve_pattern(struct redact *redact, struct err *err)
{
	size_t room = redact->pattern_room > 0 ? redact->pattern_room * 2 : 32;
	struct pattern *grown;

	if (redact->pattern_count < redact->pattern_room)
		return true;
	grown = realloc(redact->patterns, room * sizeof(*grown));
	if (grown == NULL)
		return err_oom(err);
	redact->patterns = grown;
	redact->pattern_room = room;
	return true;
}

/* The windows at offsets below today's stride are enough for ever: the stride only shrinks. */
static void index_pattern(struct redact *redact, const uint8_t *bytes, size_t len)
{
	size_t stride = len - WINDOW_SIZE + 1;

	if (stride < redact->stride)
		redact->stride = stride;
	for (size_t offset = 0; offset < redact->stride; offset++)
		index_put(&redact->index,
			  (struct slot){ .window = window_at(bytes + offset),
					 .pattern_plus_1 = (uint32_t)redact->pattern_count,
					 .offset = (uint32_t)offset });
}

static bool add_pattern(struct redact *redact, const void *bytes, size_t len, size_t name,
			struct err *err)
{
	if (known_pattern(redact, bytes, len) != NULL)
		return true;
	if (!reserve_bytes(redact, len, err) || !reserve_pattern(redact, err) ||
	    !index_reserve(&redact->index, STRIDE_MAX, err))
		return false;
	memcpy(redact->bytes.data + redact->bytes_used, bytes, len);
	redact->patterns[redact->pattern_count++] =
		(struct pattern){ .at = redact->bytes_used, .len = len, .name = name };
	redact->bytes_used += len;
	index_pattern(redact, bytes, len);
	return true;
}

static bool add_name(struct redact *redact, const char *name, struct err *err)
{
	char **grown = realloc(redact->names, (redact->name_count + 1) * sizeof(*grown));

	if (grown == NULL)
		return err_oom(err);
	redact->names = grown;
	grown[redact->name_count] = str_dup(name);
	if (grown[redact->name_count] == NULL)
		return err_oom(err);
	redact->name_count++;
	return true;
}

/* `form` has room for every form, so that it never moves and one wipe at the end is enough. */
static bool add_forms(struct redact *redact, const void *secret, size_t len, struct buf *form,
		      struct err *err)
{
	for (int i = 0; i < REDACT_FORM_COUNT; i++) {
		buf_clear(form);
		redact_put_form(form, i, secret, len);
		if (!buf_ok(form, err) ||
		    !add_pattern(redact, form->data, form->len, redact->name_count - 1, err))
			return false;
	}
	known_pattern(redact, secret, len)->is_whole = true;
	return true;
}

static bool add_new(struct redact *redact, const char *name, const void *secret, size_t len,
		    struct err *err)
{
	struct buf form = BUF_INIT;
	bool ok;

	if (len > SIZE_MAX / REDACT_FORM_GROWTH / 2)
		return err_oom(err);
	buf_room(&form, len * REDACT_FORM_GROWTH + 1);
	ok = buf_ok(&form, err) && add_name(redact, name, err) &&
	     add_forms(redact, secret, len, &form, err);
	if (form.data != NULL)
		secret_wipe(form.data, form.size);
	buf_fini(&form);
	return ok;
}

bool redact_add(struct redact *redact, const char *name, const void *secret, size_t len,
		struct err *err)
{
	const struct pattern *known;
	bool ok;

	if (len < SECRET_MIN)
		return true;
	pthread_rwlock_wrlock(&redact->lock);
	known = known_pattern(redact, secret, len);
	ok = (known != NULL && known->is_whole) || add_new(redact, name, secret, len, err);
	pthread_rwlock_unlock(&redact->lock);
	return ok;
}

/* --- finding --- */

/* Is there a pattern around the window at text[at]? The leftmost, of those the longest. */
static bool match_window(const struct redact *redact, const uint8_t *text, size_t len, size_t at,
			 struct match *best)
{
	const struct index *index = &redact->index;
	uint32_t window = window_at(text + at), mask = (1u << index->slots_log2) - 1;
	uint32_t i = window_hash(window) >> (32 - index->slots_log2);
	bool found = false;

	for (; index->slots[i].pattern_plus_1 != 0; i = (i + 1) & mask) {
		const struct slot *slot = &index->slots[i];
		const struct pattern *pattern = &redact->patterns[slot->pattern_plus_1 - 1];
		size_t start = at - slot->offset;

		if (slot->window != window || slot->offset >= redact->stride ||
		    pattern->len > len - start ||
		    memcmp(text + start, redact->bytes.data + pattern->at, pattern->len) != 0)
			continue;
		if (found &&
		    (start > best->start || (start == best->start && pattern->len <= best->len)))
			continue;
		*best = (struct match){ start, pattern->len, pattern->name };
		found = true;
	}
	return found;
}

/* The first match that starts at or after `from`. */
static bool find(const struct redact *redact, const uint8_t *text, size_t len, size_t from,
		 struct match *match)
{
	if (redact->pattern_count == 0)
		return false;
	for (size_t at = from + redact->stride - 1; at + WINDOW_SIZE <= len; at += redact->stride) {
		if (filter_has(&redact->index, window_hash(window_at(text + at))) &&
		    match_window(redact, text, len, at, match))
			return true;
	}
	return false;
}

/* Locking changes nothing a caller could see: hence const outside, not inside. */
static pthread_rwlock_t *lock_of(const struct redact *redact)
{
	return &((struct redact *)(uintptr_t)redact)->lock;
}

bool redact_finds(const struct redact *redact, const void *text, size_t len)
{
	struct match match;
	bool found;

	pthread_rwlock_rdlock(lock_of(redact));
	found = find(redact, text, len, 0, &match);
	pthread_rwlock_unlock(lock_of(redact));
	return found;
}

size_t redact_copy(const struct redact *redact, const void *text, size_t len, struct buf *out)
{
	const char *bytes = text;
	size_t from = 0, count = 0;
	struct match match;

	pthread_rwlock_rdlock(lock_of(redact));
	for (; find(redact, text, len, from, &match); from = match.start + match.len, count++) {
		buf_append(out, bytes + from, match.start - from);
		buf_printf(out, "<secret:%s>", redact->names[match.name]);
	}
	pthread_rwlock_unlock(lock_of(redact));
	buf_append(out, bytes + from, len - from);
	return count;
}
