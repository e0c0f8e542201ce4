/* What a map looks at of one row, as a hash: equal inputs give equal rows. */
#include "sandbox/emit/emit_job.h"

enum { NO_VALUE = 0xff };

/* Length, kind and bytes: no two lists of values look the same. */
static void put_span(struct buf *out, struct json_span value)
{
	uint32_t len = (uint32_t)value.len;

	if (value.at == NULL) {
		buf_char(out, (char)NO_VALUE);
		return;
	}
	buf_char(out, (char)value.is_dead_end);
	buf_append(out, &len, sizeof(len));
	buf_append(out, value.at, value.len);
}

static void put_slots(struct buf *out, const struct json_pick *pick, const struct json_span *slots)
{
	for (size_t i = 0; i < json_pick_count(pick); i++)
		put_span(out, slots[i]);
}

/* A function may look at all of the row. */
static void put_row(struct emit_job *job, const struct map_run *run)
{
	const struct map *map = job->map;

	if (map->has_functions)
		put_span(&job->input, page_span(&job->page, job->next));
	else
		put_slots(&job->input, map->row, run->slots);
	for (size_t i = 0; i < map->extra_count; i++) {
		if (map->has_functions)
			put_span(&job->input, job->extra_rows[i]);
		else
			put_slots(&job->input, map->extras[i], run->extra_slots[i]);
	}
}

bool emit_input(struct emit_job *job, const struct map_run *run, uint8_t out[HASH128_SIZE])
{
	buf_clear(&job->input);
	put_row(job, run);
	if (!buf_ok(&job->input, &job->err))
		return false;
	hash128(job->input.data, job->input.len, out);
	return true;
}
