/* Sessions as the verbs show them. */
#include "cli/sessions.h"

#include <inttypes.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/errors.h"

/* A column that holds JSON; null if it holds none. */
static json_t *parsed_or_null(const char *text)
{
	json_t *json = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

	return json ? json : json_null();
}

static void put_counts(json_t **object, const struct session *session)
{
	const struct session_counts *counts = &session->counts;

	json_put(object, "seen", json_integer(counts->seen));
	json_put(object, "created", json_integer(counts->created));
	json_put(object, "updated", json_integer(counts->updated));
	json_put(object, "unchanged", json_integer(counts->unchanged));
	json_put(object, "removed", json_integer(counts->removed));
	json_put(object, "restored", json_integer(counts->restored));
	json_put(object, "dropped", json_integer(counts->dropped));
	json_put(object, "dropped_by_rule", parsed_or_null(session->dropped));
	json_put(object, "quarantined", json_integer(counts->quarantined));
	json_put(object, "skipped", json_integer(counts->skipped));
	json_put(object, "requests", json_integer(counts->requests));
	json_put(object, "retries", json_integer(counts->retries));
	json_put(object, "bytes", json_integer(counts->bytes));
}

json_t *session_json(const struct session *session)
{
	json_t *object = json_pack("{s:I, s:s?, s:s?, s:s?, s:s?, s:s?, s:f}", "session",
				   (json_int_t)session->id, "account", session->account_slug,
				   "kind", session->kind, "outcome", session->outcome, "started_at",
				   session->started_at, "ended_at", session->ended_at, "seconds",
				   session->seconds);

	put_counts(&object, session);
	json_put(&object, "streams", parsed_or_null(session->streams));
	json_put(&object, "error", parsed_or_null(session->error));
	return object;
}

void session_put_counts(const struct session_counts *counts, struct buf *out)
{
	const struct {
		const char *name;
		int64_t count;
	} named[] = {
		{ "seen", counts->seen },	{ "created", counts->created },
		{ "updated", counts->updated }, { "unchanged", counts->unchanged },
		{ "removed", counts->removed }, { "restored", counts->restored },
		{ "dropped", counts->dropped }, { "quarantined", counts->quarantined },
	};

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (i == 0 || named[i].count > 0)
			buf_printf(out, "%s%" PRId64 " %s", i ? ", " : "", named[i].count,
				   named[i].name);
	}
}

int session_exit_code(const char *outcome)
{
	return str_eq(outcome, "ok") ? EXIT_DONE : EXIT_PARTIAL;
}
