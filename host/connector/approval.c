/* Approval: the hosts, calls and auth of a connector as sorted lines, their hash and their
 * difference. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "connector/connector.h"
#include "crypto/digest.h"

struct lines {
	char **items;
	size_t count;
	bool failed;
};

static void lines_fini(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->items[i]);
	free(lines->items);
}

/* Takes the text over. */
static void lines_add(struct lines *lines, struct buf *text)
{
	char **items = realloc(lines->items, (lines->count + 1) * sizeof(*items));
	char *line = buf_take(text);

	if (items != NULL)
		lines->items = items;
	if (items == NULL || line == NULL) {
		lines->failed = true;
		free(line);
		return;
	}
	items[lines->count++] = line;
}

/* Any value as one line: what changes in it changes the line. */
static void put_plain(struct buf *out, const struct value *value)
{
	switch (value->type) {
	case VALUE_NIL:
		buf_str(out, "none");
		return;
	case VALUE_FALSE:
	case VALUE_TRUE:
		buf_str(out, value->type == VALUE_TRUE ? "true" : "false");
		return;
	case VALUE_INT:
		buf_printf(out, "%lld", (long long)value->i);
		return;
	case VALUE_DOUBLE:
		buf_printf(out, "%.17g", value->d);
		return;
	case VALUE_BYTES:
		buf_append(out, value->bytes, value->len);
		return;
	case VALUE_LIST:
	case VALUE_MAP:
		buf_char(out, '{');
		for (size_t i = 0; i < value->count; i++) {
			buf_printf(out, "%s%s%s", i > 0 ? ", " : "",
				   value->type == VALUE_MAP ? value->keys[i] : "",
				   value->type == VALUE_MAP ? " = " : "");
			put_plain(out, &value->items[i]);
		}
		buf_char(out, '}');
		return;
	}
}

/* A bound query is part of what is approved: without it the call may do more. */
static void add_calls(struct lines *lines, const char *who, const struct value *calls)
{
	for (size_t i = 0; i < value_count(calls); i++) {
		const struct value *call = value_at(calls, i), *query = value_get(call, "query");
		struct buf line = BUF_INIT;

		buf_printf(&line, "call %s %s", who,
			   call->type == VALUE_BYTES ? call->bytes : value_text(call, "call", "?"));
		if (query != NULL) {
			buf_char(&line, ' ');
			put_plain(&line, query);
		}
		lines_add(lines, &line);
	}
}

static void add_hosts(struct lines *lines, const struct value *settings)
{
	for (size_t i = 0; i < value_count(settings); i++) {
		const struct value *setting = value_at(settings, i);
		const struct value *hosts = value_get(setting, "hosts");
		struct buf line = BUF_INIT;

		if (hosts == NULL)
			continue;
		if (hosts->type == VALUE_BYTES) {
			buf_printf(&line, "host (any that the administrator names in %s)",
				   value_text(setting, "id", "?"));
			lines_add(lines, &line);
			continue;
		}
		for (size_t h = 0; h < value_count(hosts); h++) {
			buf_str(&line, "host ");
			put_plain(&line, value_at(hosts, h));
			lines_add(lines, &line);
		}
	}
}

static void add_map_lines(struct lines *lines, const char *word, const struct value *map)
{
	for (size_t i = 0; map != NULL && i < value_count(map); i++) {
		struct buf line = BUF_INIT;

		buf_printf(&line, "%s %s ", word, map->keys[i]);
		put_plain(&line, &map->items[i]);
		lines_add(lines, &line);
	}
}

/* What a part of an address may be. */
static void add_choices(struct lines *lines, const struct value *settings)
{
	for (size_t i = 0; i < value_count(settings); i++) {
		const struct value *setting = value_at(settings, i);
		const struct value *choices = value_get(setting, "choices");
		struct buf line = BUF_INIT;

		if (choices == NULL)
			continue;
		buf_printf(&line, "choices %s ", value_text(setting, "id", "?"));
		put_plain(&line, choices);
		lines_add(lines, &line);
		add_map_lines(lines, "table", value_get(setting, "table"));
	}
}

/* What scripts may sign with: signatures leave in requests that they write. */
static void add_signing(struct lines *lines, const struct value *settings)
{
	for (size_t i = 0; i < value_count(settings); i++) {
		const struct value *setting = value_at(settings, i);
		struct buf line = BUF_INIT;

		if (!value_bool(setting, "signs", false))
			continue;
		buf_printf(&line, "sign with %s", value_text(setting, "id", "?"));
		lines_add(lines, &line);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool connector_approval(const struct connector *connector, struct buf *text, char hash[65],
			struct err *err)
{
	const struct value *declared = connector_declaration(connector);
	const struct value *streams = value_get(declared, "streams");
	struct lines lines = { 0 };
	size_t start = text->len;

	add_hosts(&lines, value_get(declared, "settings"));
	add_choices(&lines, value_get(declared, "settings"));
	add_signing(&lines, value_get(declared, "settings"));
	add_map_lines(&lines, "base", value_get(declared, "bases"));
	add_map_lines(&lines, "auth", value_get(declared, "auth"));
	add_calls(&lines, "check", value_get(value_get(declared, "check"), "calls"));
	for (size_t i = 0; i < value_count(streams); i++) {
		const struct value *stream = value_at(streams, i);

		add_calls(&lines, value_text(stream, "name", "?"), value_get(stream, "calls"));
	}
	if (lines.count > 0)
		qsort(lines.items, lines.count, sizeof(*lines.items), by_text);
	for (size_t i = 0; i < lines.count; i++)
		buf_printf(text, "%s\n", lines.items[i]);
	if (lines.failed)
		text->failed = true;
	lines_fini(&lines);
	return buf_ok(text, err) &&
	       digest_sha256_hex(buf_text(text) + start, text->len - start, hash, err);
}

static bool has_line(const char *text, const char *line, size_t len)
{
	for (const char *at = text; *at != '\0';) {
		size_t n = strcspn(at, "\n");

		if (n == len && memcmp(at, line, len) == 0)
			return true;
		at += n + (at[n] == '\n');
	}
	return false;
}

static void put_absent(struct buf *out, const char *sign, const char *lines, const char *in)
{
	for (const char *at = lines; *at != '\0';) {
		size_t n = strcspn(at, "\n");

		if (n > 0 && !has_line(in, at, n))
			buf_printf(out, "%s%.*s\n", sign, (int)n, at);
		at += n + (at[n] == '\n');
	}
}

void connector_approval_diff(const char *approved, const char *now, struct buf *out)
{
	put_absent(out, "- ", approved, now);
	put_absent(out, "+ ", now, approved);
}

/* Messages are one line: "+ host a; - host b". */
static void join_lines(struct buf *lines)
{
	while (lines->len > 0 && lines->data[lines->len - 1] == '\n')
		lines->data[--lines->len] = '\0';
	for (size_t i = 0; i < lines->len; i++) {
		if (lines->data[i] == '\n')
			lines->data[i] = ';';
	}
}

static bool refuse(const struct account *account, const char *now, struct err *err)
{
	struct buf diff = BUF_INIT;

	connector_approval_diff(account->approved != NULL ? account->approved : "", now, &diff);
	join_lines(&diff);
	err_set(err, ERR_CONFIG,
		"the connector's hosts, calls or auth changed since they were approved: %s",
		buf_text(&diff));
	buf_fini(&diff);
	return err_hint(err, "look at it, then: muster vendors approve %s", account->vendor);
}

bool connector_check_approval(const struct connector *connector, const struct account *account,
			      bool *is_other, struct err *err)
{
	struct buf text = BUF_INIT;
	char hash[65];
	bool done = connector_approval(connector, &text, hash, err), is_same = false;

	if (done)
		is_same = account->approved_hash != NULL && str_eq(account->approved_hash, hash);
	if (is_other != NULL)
		*is_other = done && !is_same;
	if (done && !is_same)
		refuse(account, buf_text(&text), err);
	buf_fini(&text);
	return is_same;
}
