/* What vendors can give and accounts do give. */
#include "connector/capability.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "connector/json_value.h"
#include "store/session.h"

enum { SESSIONS_LOOKED_AT = 50 };

/* The better one first: of several streams that give the same, the best one counts. */
enum state { YES, NOT_GRANTED, NOT_LICENSED, UNKNOWN, NO };

static const char *const STATES[] = {
	[YES] = "yes",
	[NOT_GRANTED] = "not_granted",
	[NOT_LICENSED] = "not_licensed",
	[UNKNOWN] = "unknown",
	[NO] = "no",
};

/* A capability is there where a stream emits rows of the entity whose column says something. */
static const struct kind {
	const char *name, *entity;
	const char *column; /* NULL: any row will do */
	const char *value;  /* that the column has to be able to have; NULL: two different ones */
} KINDS[] = {
	{ "users", "user", NULL, NULL },
	{ "user_status", "user", "status", NULL },
	{ "licenses", "user_license", NULL, NULL },
	{ "devices", "device", NULL, NULL },
	{ "device_users", "device_user", NULL, NULL },
	{ "managed_apps", "device_app", "origins", "managed" },
	{ "unmanaged_apps", "device_app", "origins", "discovered" },
	{ "sso_apps", "user_app", NULL, NULL },
	{ "groups", "group", NULL, NULL },
	{ "group_members", "group_member", NULL, NULL },
};

struct finding {
	enum state state;
	json_t *streams, *permissions;
	const char *reason;
};

/* --- how streams ended --- */

static void take_results(json_t **seen, const char *streams)
{
	json_t *results = streams ? json_loads(streams, 0, NULL) : NULL;
	size_t i;
	json_t *result;

	json_array_foreach(results, i, result)
	{
		const char *name = json_string_value(json_object_get(result, "stream"));

		if (name && !json_object_get(*seen, name))
			json_put(seen, name, json_incref(result));
	}
	json_decref(results);
}

bool capability_seen(struct store_tx *tx, const char *account_id, json_t **seen, struct err *err)
{
	struct session *sessions;
	size_t count;

	if (!session_list(tx, account_id, SESSIONS_LOOKED_AT, &sessions, &count, err))
		return false;
	*seen = json_object();
	for (size_t i = 0; i < count; i++)
		take_results(seen, sessions[i].streams);
	session_list_fini(sessions, count);
	return *seen ? true : err_oom(err);
}

static const char *stream_name(const struct value *stream)
{
	return value_text(stream, "name", "");
}

static const json_t *result_of(const json_t *seen, const struct value *stream)
{
	return json_object_get(seen, stream_name(stream));
}

static const char *said(const json_t *result, const char *key)
{
	const char *text = json_string_value(json_object_get(result, key));

	return text ? text : "";
}

static bool fell_short(const json_t *result)
{
	return str_eq(said(result, "end"), "degraded") || str_eq(said(result, "end"), "failed");
}

static const struct value *stream_named(const struct value *declaration, const struct value *name)
{
	const struct value *streams = value_get(declaration, "streams");

	for (size_t i = 0; name->type == VALUE_BYTES && i < value_count(streams); i++) {
		if (str_eq(stream_name(value_at(streams, i)), name->bytes))
			return value_at(streams, i);
	}
	return NULL;
}

/* Whose fault it is that a stream was not read: its own, or that of one it depends on. */
static const struct value *to_blame(const struct value *declaration, const json_t *seen,
				    const struct value *stream)
{
	const struct value *depends = value_get(stream, "depends");
	const json_t *result = result_of(seen, stream);

	if (!fell_short(result) || *said(result, "kind"))
		return stream;
	for (size_t i = 0; i < value_count(depends); i++) {
		const struct value *parent = stream_named(declaration, value_at(depends, i));

		if (parent && fell_short(result_of(seen, parent)))
			return to_blame(declaration, seen, parent);
	}
	return stream;
}

static enum state state_of(const json_t *result)
{
	if (result && !fell_short(result))
		return YES;
	if (str_eq(said(result, "kind"), "forbidden"))
		return NOT_GRANTED;
	return str_eq(said(result, "kind"), "unlicensed") ? NOT_LICENSED : UNKNOWN;
}

/* --- findings --- */

static struct finding finding_new(void)
{
	return (struct finding){ .state = NO,
				 .streams = json_array(),
				 .permissions = json_array() };
}

static bool has_text(const json_t *list, const char *text)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		if (str_eq(json_string_value(item), text))
			return true;
	}
	return false;
}

static void add_texts(json_t **list, json_t *more)
{
	size_t i;
	json_t *item;

	json_array_foreach(more, i, item)
	{
		if (!has_text(*list, json_string_value(item)))
			json_add(list, json_incref(item));
	}
	if (!more)
		json_add(list, NULL);
	json_decref(more);
}

/* Another stream that gives it: a better one takes the place of those before, an equal one joins.
 */
static void join(struct finding *finding, enum state state, const struct value *stream,
		 const struct value *needy, const char *reason)
{
	json_t *name = json_array();

	if (state > finding->state) {
		json_decref(name);
		return;
	}
	if (state < finding->state) {
		json_array_clear(finding->streams);
		json_array_clear(finding->permissions);
		finding->reason = NULL;
	}
	finding->state = state;
	finding->reason = finding->reason ? finding->reason : reason;
	json_add(&name, json_string(stream_name(stream)));
	add_texts(&finding->streams, name);
	add_texts(&finding->permissions, capability_needs(needy));
}

/* What a stream that could give it does give. `can_tell`: its map says what the vendor may not. */
static void look_at(struct finding *finding, const struct value *declaration, const json_t *seen,
		    const struct value *stream, bool can_tell)
{
	const struct value *needy = to_blame(declaration, seen, stream);
	const json_t *result = result_of(seen, needy);
	enum state state = seen ? state_of(result) : YES;

	if (!value_bool(stream, "enabled", true))
		join(finding, NO, stream, stream, "the stream is switched off");
	else if (state == YES && !can_tell)
		join(finding, UNKNOWN, stream, stream, "the vendor's own words are taken");
	else if (state == YES)
		join(finding, YES, stream, stream, NULL);
	else
		join(finding, state, stream, needy, result ? said(result, "reason") : "never read");
}

/* --- what maps tell --- */

static const struct value *field_named(const struct value *map, const char *name)
{
	const struct value *fields = value_get(map, "fields");

	for (size_t i = 0; i < value_count(fields); i++) {
		if (str_eq(value_text(value_at(fields, i), "name", ""), name))
			return value_at(fields, i);
	}
	return NULL;
}

static bool holds(const struct value *values, const char *text)
{
	for (size_t i = 0; i < value_count(values); i++) {
		const struct value *at = value_at(values, i);

		if (at->type == VALUE_BYTES && str_eq(at->bytes, text))
			return true;
	}
	return false;
}

enum telling { TELLS_NOT, TELLS_MAYBE, TELLS };

static enum telling telling_of(const struct kind *kind, const struct value *map)
{
	const struct value *field, *values;

	if (!str_eq(value_text(map, "entity", ""), kind->entity))
		return TELLS_NOT;
	if (!kind->column)
		return TELLS;
	field = field_named(map, kind->column);
	values = value_get(field, "values");
	if (!field || (values && !kind->value && value_count(values) < 2) ||
	    (values && kind->value && !holds(values, kind->value)))
		return TELLS_NOT;
	return values || !kind->value ? TELLS : TELLS_MAYBE;
}

/* The most that one of a stream's maps tells; *emits = it has rows of the entity at all. */
static enum telling stream_tells(const struct value *declaration, const struct kind *kind,
				 const struct value *stream, bool *emits)
{
	const struct value *names = value_get(stream, "emits");
	enum telling best = TELLS_NOT;

	for (size_t i = 0; i < value_count(names); i++) {
		const struct value *map = value_get(value_get(declaration, "maps"), names->keys[i]);
		enum telling telling = telling_of(kind, map);

		*emits |= str_eq(value_text(map, "entity", ""), kind->entity);
		best = telling > best ? telling : best;
	}
	return best;
}

static struct finding find_rows(const struct value *declaration, const json_t *seen,
				const struct kind *kind)
{
	const struct value *streams = value_get(declaration, "streams");
	struct finding finding = finding_new();
	bool emits = false;

	for (size_t i = 0; i < value_count(streams); i++) {
		const struct value *stream = value_at(streams, i);
		enum telling telling = stream_tells(declaration, kind, stream, &emits);

		if (telling != TELLS_NOT)
			look_at(&finding, declaration, seen, stream, telling == TELLS);
	}
	if (finding.state == NO && !finding.reason && emits)
		finding.reason = kind->value ? "listed with the others, not told apart"
					     : "the vendor does not tell it";
	return finding;
}

static struct finding find_incremental(const struct value *declaration, const json_t *seen)
{
	const struct value *streams = value_get(declaration, "streams");
	struct finding finding = finding_new();

	for (size_t i = 0; i < value_count(streams); i++) {
		const struct value *stream = value_at(streams, i);

		if (str_eq(value_text(stream, "mode", ""), "events"))
			look_at(&finding, declaration, seen, stream, true);
	}
	return finding;
}

static struct finding find_actions(const struct value *declaration)
{
	struct finding finding = finding_new();

	if (value_count(value_get(declaration, "actions")) > 0)
		finding.reason = "declared, not carried out by this version";
	return finding;
}

/* --- the list --- */

static void put_finding(json_t **list, const char *name, struct finding finding)
{
	json_t *object = json_object();

	json_put_text(&object, "capability", name);
	json_put_text(&object, "state", STATES[finding.state]);
	json_put(&object, "streams", finding.streams);
	json_put(&object, "permissions", finding.permissions);
	json_put_text(&object, "reason", finding.reason);
	json_add(list, object);
}

json_t *capability_list(const struct value *declaration, const json_t *seen)
{
	struct finding several = finding_new();
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
		put_finding(&list, KINDS[i].name, find_rows(declaration, seen, &KINDS[i]));
	put_finding(&list, "incremental", find_incremental(declaration, seen));
	put_finding(&list, "actions", find_actions(declaration));
	/* Of every vendor, whatever it is like: accounts never touch each other's rows. */
	several.state = YES;
	put_finding(&list, "several_accounts", several);
	return list;
}

/* --- auth, permissions --- */

static json_t *auth_text(const struct value *auth)
{
	const char *flow = value_text(auth, "flow", NULL);
	const char *kind = value_text(auth, "kind", "none");
	struct buf text = BUF_INIT;
	json_t *json;

	buf_printf(&text, "%s%s%s", kind, flow ? " " : "", flow ? flow : "");
	json = text.failed ? NULL : json_string(buf_text(&text));
	buf_fini(&text);
	return json;
}

json_t *capability_auth(const struct value *declaration)
{
	const struct value *auth = value_get(declaration, "auth");
	const struct value *alternatives = value_get(auth, "alternatives");
	json_t *list = json_array();

	for (size_t i = 0; i < value_count(alternatives); i++)
		json_add(&list, auth_text(value_get(alternatives, alternatives->keys[i])));
	if (!alternatives)
		json_add(&list, auth_text(auth));
	return list;
}

static json_t *need_text(const struct value *need)
{
	const struct value *name = value_at(need, 0), *path = value_at(need, 1);
	struct buf text = BUF_INIT;
	json_t *json;

	if (name && name->type == VALUE_BYTES)
		buf_str(&text, name->bytes);
	if (path && path->type == VALUE_BYTES)
		buf_printf(&text, " (%s)", path->bytes);
	json = text.failed ? NULL : json_string(buf_text(&text));
	buf_fini(&text);
	return json;
}

json_t *capability_needs(const struct value *stream)
{
	const struct value *needs = value_get(stream, "needs");
	json_t *list = json_array();

	for (size_t i = 0; i < value_count(needs); i++)
		json_add(&list, need_text(value_at(needs, i)));
	return list;
}
