/* Streams that fell silent. */
#include "sync/silence.h"

#include "base/str.h"
#include "sync/run.h"

void silence_fini(struct silence *silence)
{
	stream_state_free_names(silence->names, silence->count);
	*silence = (struct silence){ 0 };
}

static const struct value *declared_streams(const struct sync_run *run)
{
	return value_get(connector_declaration(run->connector), "streams");
}

bool silence_note(struct store_tx *tx, const struct sync_run *run, struct err *err)
{
	const struct value *streams = declared_streams(run);

	for (size_t i = 0; i < value_count(streams); i++) {
		const struct value *declared = value_at(streams, i);
		const char *name = value_text(declared, "name", "");

		if (stream_is_wanted(run, declared) &&
		    !stream_state_add(tx, run->account_id, name, err))
			return false;
	}
	return true;
}

/* What was refused does not count as falling short: the connector says that it may be missing. */
static bool fell_short(const struct sync_run *run)
{
	for (size_t i = 0; i < json_array_size(run->streams); i++) {
		const json_t *result = json_array_get(run->streams, i);
		const char *end = json_string_value(json_object_get(result, "end"));

		if (str_eq(end, "failed") || str_eq(end, "incomplete"))
			return true;
	}
	return false;
}

static bool is_due(const struct sync_run *run)
{
	return run->options.stream_count == 0 && run->options.limit == 0 && !fell_short(run);
}

static bool is_silent(const struct sync_run *run, const char *name)
{
	const struct value *streams = declared_streams(run);

	for (size_t i = 0; i < value_count(streams); i++) {
		const struct value *declared = value_at(streams, i);

		if (str_eq(value_text(declared, "name", ""), name))
			return !value_bool(declared, "enabled", true);
	}
	return true;
}

static bool read_names(struct store_tx *tx, void *arg, struct err *err)
{
	struct sync_run *run = arg;

	run->silence.is_read = true;
	return stream_state_names(tx, run->account_id, &run->silence.names, &run->silence.count,
				  err);
}

static void judge(struct sync_run *run, const char *name)
{
	run->stream.name = name;
	run->stream.is_silent = true;
	run->stream.started_ms = clock_monotonic_ms();
	run_unit(run, run->data, STORE_WRITE, absence_judge, stream_ended);
}

void silence_next(struct sync_run *run)
{
	struct silence *silence = &run->silence;

	if (!silence->is_read && is_due(run)) {
		run_unit(run, run->data, STORE_READ, read_names, silence_next);
		return;
	}
	while (silence->next < silence->count) {
		const char *name = silence->names[silence->next++];

		if (is_silent(run, name)) {
			judge(run, name);
			return;
		}
	}
	run_streams_done(run);
}
