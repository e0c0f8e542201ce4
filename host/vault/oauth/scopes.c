/* Sets of scopes as texts. */
#include "vault/oauth/scopes.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define SEPARATORS " ,\t\r\n"

struct list {
	char **items; /* each its own */
	size_t count;
	bool failed;
};

static void list_fini(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

static void add(struct list *list, const char *text, size_t len)
{
	char **items = realloc(list->items, (list->count + 1) * sizeof(*items));

	if (items == NULL) {
		list->failed = true;
		return;
	}
	list->items = items;
	items[list->count] = str_dup_len(text, len);
	if (items[list->count] == NULL)
		list->failed = true;
	else
		list->count++;
}

static void read_all(struct list *list, const char *text)
{
	for (const char *at = text + strspn(text, SEPARATORS); *at != '\0';
	     at += strspn(at, SEPARATORS)) {
		size_t len = strcspn(at, SEPARATORS);

		add(list, at, len);
		at += len;
	}
}

static bool has(const struct list *list, const char *scope)
{
	for (size_t i = 0; i < list->count; i++) {
		if (str_eq(list->items[i], scope))
			return true;
	}
	return false;
}

/* The sorted items that `but` does not have, each once. */
static bool put(struct list *list, const struct list *but, struct buf *out, struct err *err)
{
	size_t start = out->len;

	if (list->count > 0)
		qsort(list->items, list->count, sizeof(*list->items), str_sort_order);
	for (size_t i = 0; i < list->count; i++) {
		if ((i > 0 && str_eq(list->items[i - 1], list->items[i])) ||
		    has(but, list->items[i]))
			continue;
		buf_printf(out, "%s%s", out->len > start ? " " : "", list->items[i]);
	}
	return (!list->failed && !but->failed) ? buf_ok(out, err) : err_oom(err);
}

bool scopes_unite(const char *a, const char *b, struct buf *out, struct err *err)
{
	const struct list none = { 0 };
	struct list list = { 0 };
	bool done;

	read_all(&list, a);
	read_all(&list, b);
	done = put(&list, &none, out, err);
	list_fini(&list);
	return done;
}

bool scopes_missing(const char *wanted, const char *granted, struct buf *out, struct err *err)
{
	struct list list = { 0 }, there = { 0 };
	bool done;

	read_all(&list, wanted);
	read_all(&there, granted);
	done = put(&list, &there, out, err);
	list_fini(&list);
	list_fini(&there);
	return done;
}

void scopes_write(const char *set, const char *separator, struct buf *out)
{
	for (; *set != '\0'; set++) {
		if (*set == ' ')
			buf_str(out, separator);
		else
			buf_char(out, *set);
	}
}
