/* The calls that go without the credential. */
#include "connector/bare.h"

#include <string.h>

#include "base/str.h"

static const char *text_of(const struct value *call)
{
	return call->type == VALUE_BYTES ? call->bytes : value_text(call, "call", "");
}

static bool has_text(const struct value *list, const char *text, size_t len)
{
	for (size_t i = 0; i < value_count(list); i++) {
		const char *one = text_of(value_at(list, i));

		if (strlen(one) == len && memcmp(one, text, len) == 0)
			return true;
	}
	return false;
}

/* --- all calls that a connector declares --- */

typedef void call_fn(void *arg, const char *call);

static void each_of(const struct value *owner, call_fn *visit, void *arg)
{
	const struct value *calls = value_get(owner, "calls");

	for (size_t i = 0; i < value_count(calls); i++)
		visit(arg, text_of(value_at(calls, i)));
}

static void each_call(const struct value *declaration, call_fn *visit, void *arg)
{
	const struct value *streams = value_get(declaration, "streams");

	each_of(value_get(declaration, "check"), visit, arg);
	for (size_t i = 0; i < value_count(streams); i++)
		each_of(value_at(streams, i), visit, arg);
}

struct search {
	const char *call;
	bool is_found;
};

static void compare(void *arg, const char *call)
{
	struct search *search = arg;

	search->is_found = search->is_found || str_eq(search->call, call);
}

/* --- what is declared --- */

static bool check_except(const struct value *declaration, const struct value *except,
			 struct err *err)
{
	for (size_t i = 0; i < value_count(except); i++) {
		struct search search = { .call = text_of(value_at(except, i)) };

		each_call(declaration, compare, &search);
		if (!search.is_found)
			return err_set(err, ERR_CONFIG,
				       "auth.except: \"%s\" is none of the declared calls",
				       search.call);
	}
	return true;
}

static bool check_bases(const struct value *declaration, const struct value *bases, struct err *err)
{
	for (size_t i = 0; i < value_count(bases); i++) {
		const char *base = text_of(value_at(bases, i));

		if (value_get(value_get(declaration, "bases"), base) == NULL)
			return err_set(err, ERR_CONFIG, "auth.bases: no base \"%s\" is declared",
				       base);
	}
	return true;
}

/* --- the list --- */

struct list {
	const struct value *declaration, *except, *bases;
	const json_t *settings;
	struct buf calls;
	size_t count;
};

static bool is_bare(const struct list *list, const char *call)
{
	const char *base = call + strcspn(call, " ");

	base += strspn(base, " ");
	return has_text(list->except, call, strlen(call)) ||
	       (list->bases != NULL && !has_text(list->bases, base, strcspn(base, ":")));
}

/* A base that belongs to another way of signing in has no address here, nor have its calls. */
static bool has_address(const struct list *list, const char *call)
{
	const struct value *bases = value_get(list->declaration, "bases");
	const char *name = call + strcspn(call, " ");

	name += strspn(name, " ");
	for (size_t i = 0; i < value_count(bases); i++) {
		size_t len = strlen(bases->keys[i]);

		if (strncmp(bases->keys[i], name, len) == 0 && name[len] == ':')
			return !endpoint_lacks_base(list->declaration, text_of(&bases->items[i]),
						    list->settings);
	}
	return false;
}

static void add(void *arg, const char *call)
{
	struct list *list = arg;

	if (!is_bare(list, call) || !has_address(list, call))
		return;
	value_put_str(&list->calls, call);
	list->count++;
}

/* The endpoint that lets just these calls through. */
static struct endpoint *open_list(const struct list *list, struct err *err)
{
	struct endpoint *endpoint = endpoint_new(list->declaration, list->settings, err);
	struct buf text = BUF_INIT;
	struct value_tree *calls = NULL;

	value_put_list(&text, list->count);
	buf_append(&text, list->calls.data, list->calls.len);
	if (endpoint != NULL && buf_ok(&list->calls, err) && buf_ok(&text, err))
		calls = value_parse(text.data, text.len, err);
	if (calls == NULL || !endpoint_allow(endpoint, value_root(calls), err)) {
		endpoint_free(endpoint);
		endpoint = NULL;
	}
	value_tree_free(calls);
	buf_fini(&text);
	return endpoint;
}

bool bare_open(struct endpoint **out, const struct value *declaration, const struct value *auth,
	       const json_t *settings, struct err *err)
{
	struct list list = {
		.declaration = declaration,
		.except = value_get(auth, "except"),
		.bases = value_get(auth, "bases"),
		.settings = settings,
	};

	*out = NULL;
	if (!check_except(declaration, list.except, err) ||
	    !check_bases(declaration, list.bases, err))
		return false;
	each_call(declaration, add, &list);
	if (list.count > 0)
		*out = open_list(&list, err);
	buf_fini(&list.calls);
	return list.count == 0 || *out != NULL;
}

bool bare_has(const struct endpoint *bare, const char *method, const char *url)
{
	struct err unused = ERR_INIT;

	return bare != NULL && net_check_url(endpoint_allowed(bare), method, url, &unused);
}
