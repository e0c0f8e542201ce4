/* An account's way to its vendor. */
#include "connector/route.h"

static size_t texts_of(const json_t *list, const char **out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(list) && count < max; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text != NULL)
			out[count++] = text;
	}
	return count;
}

static json_t *list_of(const char *text)
{
	return json_loads(text != NULL ? text : "[]", 0, NULL);
}

bool route_init(struct route *route, const struct account *account, struct net_options *options,
		struct err *err)
{
	route->connect_to = list_of(account->connect_to);
	route->cidrs = list_of(account->allow_cidrs);
	options->ca_file = account->ca_file;
	options->proxy = account->proxy;
	options->connect_to = route->connect_texts;
	options->connect_to_count =
		texts_of(route->connect_to, route->connect_texts, ROUTE_CONNECT_MAX);
	options->allow_cidrs = route->cidr_texts;
	options->allow_cidr_count = texts_of(route->cidrs, route->cidr_texts, ROUTE_CIDRS_MAX);
	return (route->connect_to != NULL && route->cidrs != NULL) || err_oom(err);
}

void route_fini(struct route *route)
{
	json_decref(route->connect_to);
	json_decref(route->cidrs);
}
