/* Address ranges, connect-to, and the name cache with a resolver of the test's own. */
#include "net/resolve.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static void make_address(const char *text, struct sockaddr_storage *out)
{
	struct resolve_cidr cidr;
	struct err err = ERR_INIT;

	assert_true(resolve_cidr_parse(text, &cidr, &err));
	resolve_cidr_address(&cidr, out);
}

/* --- ranges --- */

static void ranges_are_read(void **state)
{
	static const char *const good[] = { "10.0.0.0/8", "192.168.1.0/24", "127.0.0.1",
					    "0.0.0.0/0",  "::/0",	    "fd00::/8",
					    "::1/128",	  "2001:db8::/33" };
	static const char *const bad[] = { "",		"10/8",	       "10.0.0.0/33", "10.0.0.1/8",
					   "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/x",  "::/129",
					   "fd00::1/8", "host",	       "1.2.3.4.5",   "0x7f.0.0.1",
					   "[::1]/128", "10.0.0.0/8 " };
	struct resolve_cidr cidr;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!resolve_cidr_parse(good[i], &cidr, &err))
			fail_msg("%s: %s", good[i], err.message);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (resolve_cidr_parse(bad[i], &cidr, &err))
			fail_msg("\"%s\" passes", bad[i]);
		assert_int_equal(err.kind, ERR_CONFIG);
	}
}

static void special_addresses_are_forbidden(void **state)
{
	static const char *const forbidden[] = {
		"0.0.0.0",
		"0.1.2.3",
		"10.0.0.1",
		"10.255.255.255",
		"100.64.0.1",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.255.255",
		"169.254.169.254",
		"172.16.0.1",
		"172.31.255.255",
		"192.0.0.1",
		"192.168.0.1",
		"198.18.0.1",
		"198.19.255.255",
		"224.0.0.1",
		"239.1.1.1",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"::127.0.0.1",
		"::ffff:8.8.8.8",
		"::ffff:127.0.0.1",
		"64:ff9b::1",
		"64:ff9b::7f00:1",
		"2002:7f00:1::",
		"2001::1",
		"fc00::1",
		"fd12:3456::1",
		"fe80::1",
		"febf::1",
		"fec0::1",
		"ff02::1",
		"::ffff:0:127.0.0.1",
		"4000::1",
		"fbff::1",
	};
	static const char *const free_ones[] = {
		"1.1.1.1",	"9.255.255.255", "11.0.0.1",	"100.63.255.255", "100.128.0.1",
		"126.0.0.1",	"128.0.0.1",	 "169.253.0.1", "172.15.0.1",	  "172.32.0.1",
		"192.0.1.1",	"192.167.0.1",	 "198.17.0.1",	"198.20.0.1",	  "223.255.255.255",
		"2606:4700::1", "2001:200::1",	 "2003::1",	"3fff::1",
	};
	struct sockaddr_storage address;

	(void)state;
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		make_address(forbidden[i], &address);
		if (resolve_forbidden_range((struct sockaddr *)&address) == NULL)
			fail_msg("%s is not forbidden", forbidden[i]);
	}
	for (size_t i = 0; i < sizeof(free_ones) / sizeof(free_ones[0]); i++) {
		make_address(free_ones[i], &address);
		if (resolve_forbidden_range((struct sockaddr *)&address) != NULL)
			fail_msg("%s is forbidden", free_ones[i]);
	}
}

static void what_is_left_after_the_filter(void **state)
{
	struct resolve_cidr allowed;
	const struct resolve_policy none = { 0 }, ten = { &allowed, 1 };
	struct loop_addresses addresses = { .count = 3 };
	struct err err = ERR_INIT;
	char text[RESOLVE_ADDRESS_TEXT];

	(void)state;
	assert_true(resolve_cidr_parse("10.1.0.0/16", &allowed, &err));
	make_address("10.1.2.3", &addresses.at[0]);
	make_address("1.1.1.1", &addresses.at[1]);
	make_address("::1", &addresses.at[2]);
	assert_true(resolve_filter(&none, "h.test", &addresses, &err));
	assert_int_equal(addresses.count, 1);
	assert_string_equal(resolve_address_text((struct sockaddr *)&addresses.at[0], text),
			    "1.1.1.1");
	make_address("10.1.2.3", &addresses.at[0]);
	assert_true(resolve_filter(&ten, "h.test", &addresses, &err));
	assert_int_equal(addresses.count, 1);
	assert_false(resolve_filter(&none, "h.test", &addresses, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.message, "h.test is 10.1.2.3, in 10.0.0.0/8"));
	assert_non_null(strstr(err.hint, "--allow-cidr"));
}

/* --- connect-to --- */

static void routes_are_read(void **state)
{
	static const char *const bad[] = { "",		 "a",	      "a:1",	     "a:1:b",
					   "a:1:b:2:3",	 "a:x:b:2",   "a:1:b:99999", "a:0:b:1",
					   "[::1:1:b:2", "a:1:b,c:2", "a:1:b@c:2",   "a:1:b/c:2" };
	struct resolve_route route;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(resolve_route_parse("API.vendor.test:443:127.0.0.1:8443", &route, &err));
	assert_string_equal(route.from_host, "api.vendor.test");
	assert_int_equal(route.from_port, 443);
	assert_string_equal(route.to_host, "127.0.0.1");
	assert_int_equal(route.to_port, 8443);
	resolve_route_fini(&route);
	assert_true(resolve_route_parse("::[::1]:", &route, &err));
	assert_string_equal(route.from_host, "");
	assert_int_equal(route.from_port, 0);
	assert_string_equal(route.to_host, "::1");
	assert_int_equal(route.to_port, 0);
	resolve_route_fini(&route);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (resolve_route_parse(bad[i], &route, &err))
			fail_msg("\"%s\" passes", bad[i]);
		assert_int_equal(err.kind, ERR_CONFIG);
	}
}

static void the_first_route_that_fits_is_taken(void **state)
{
	struct resolve_route routes[3];
	struct err err = ERR_INIT;

	(void)state;
	assert_true(resolve_route_parse("a.test:443:x:1", &routes[0], &err));
	assert_true(resolve_route_parse("a.test::y:2", &routes[1], &err));
	assert_true(resolve_route_parse(":8443:z:3", &routes[2], &err));
	assert_ptr_equal(resolve_route_find(routes, 3, "a.test", 443), &routes[0]);
	assert_ptr_equal(resolve_route_find(routes, 3, "a.test", 8443), &routes[1]);
	assert_ptr_equal(resolve_route_find(routes, 3, "b.test", 8443), &routes[2]);
	assert_null(resolve_route_find(routes, 3, "b.test", 443));
	assert_null(resolve_route_find(routes, 3, "xa.test", 443));
	for (int i = 0; i < 3; i++)
		resolve_route_fini(&routes[i]);
}

/* --- the cache --- */

struct lookup {
	loop_resolved_fn *done;
	void *arg;
};

/* What the resolver of the test was asked; it answers when the test says so. */
static struct lookup lookups[8];
static int lookup_count;

static bool note_lookup(struct loop *loop, const char *host, uint16_t port, loop_resolved_fn *done,
			void *arg, struct err *err)
{
	(void)loop;
	(void)host;
	(void)port;
	(void)err;
	lookups[lookup_count++] = (struct lookup){ done, arg };
	return true;
}

static void answer_lookup(int number, const char *address)
{
	struct loop_addresses addresses = { .count = 1 };
	struct err err = ERR_INIT;

	if (address != NULL)
		make_address(address, &addresses.at[0]);
	else
		err_set(&err, ERR_NET, "cannot resolve");
	lookups[number].done(lookups[number].arg, address != NULL ? &addresses : NULL, &err);
}

struct heard {
	int count;
	enum err_kind kind;
	char address[RESOLVE_ADDRESS_TEXT];
	struct loop *loop; /* stopped on an answer, unless NULL */
};

static void hear(void *arg, const struct loop_addresses *addresses, const struct err *err)
{
	struct heard *heard = arg;

	heard->count++;
	heard->kind = err->kind;
	if (addresses != NULL)
		resolve_address_text((const struct sockaddr *)&addresses->at[0], heard->address);
	if (heard->loop != NULL)
		loop_stop(heard->loop);
}

struct cache {
	struct loop *loop;
	struct resolver *resolver;
};

static int open_cache(void **state)
{
	static struct cache cache;
	const struct net_tuning tuning = { .connect_ms = 100000,
					   .resolve_ttl_ms = 100000,
					   .resolve = note_lookup };
	struct err err = ERR_INIT;

	lookup_count = 0;
	cache.loop = loop_new(&err);
	cache.resolver = resolver_new(cache.loop, &tuning, &err);
	assert_non_null(cache.resolver);
	*state = &cache;
	return 0;
}

static int close_cache(void **state)
{
	struct cache *cache = *state;

	resolver_free(cache->resolver);
	loop_free(cache->loop);
	return 0;
}

static void one_lookup_answers_all(void **state)
{
	struct cache *cache = *state;
	struct heard first = { 0 }, second = { 0 }, third = { .loop = cache->loop }, other = { 0 };
	struct err err = ERR_INIT;

	assert_non_null(resolver_ask(cache->resolver, "a.test", 443, hear, &first, &err));
	assert_non_null(resolver_ask(cache->resolver, "a.test", 443, hear, &second, &err));
	assert_non_null(resolver_ask(cache->resolver, "a.test", 444, hear, &other, &err));
	assert_int_equal(lookup_count, 2);
	answer_lookup(0, "1.1.1.1");
	assert_int_equal(first.count, 1);
	assert_int_equal(second.count, 1);
	assert_int_equal(other.count, 0);
	/* From the cache, but not before the question has returned. */
	assert_non_null(resolver_ask(cache->resolver, "a.test", 443, hear, &third, &err));
	assert_int_equal(third.count, 0);
	loop_run(cache->loop);
	assert_int_equal(third.count, 1);
	assert_string_equal(third.address, "1.1.1.1");
	assert_int_equal(lookup_count, 2);
	answer_lookup(1, "2.2.2.2");
	assert_int_equal(other.count, 1);
}

static void failures_are_not_kept(void **state)
{
	struct cache *cache = *state;
	struct heard first = { 0 }, second = { 0 };
	struct err err = ERR_INIT;

	assert_non_null(resolver_ask(cache->resolver, "a.test", 443, hear, &first, &err));
	answer_lookup(0, NULL);
	assert_int_equal(first.kind, ERR_NET);
	assert_non_null(resolver_ask(cache->resolver, "a.test", 443, hear, &second, &err));
	assert_int_equal(lookup_count, 2);
	answer_lookup(1, "1.1.1.1");
	assert_int_equal(second.kind, ERR_NONE);
}

static void a_cancelled_ask_hears_nothing(void **state)
{
	struct cache *cache = *state;
	struct heard first = { 0 }, second = { 0 };
	struct err err = ERR_INIT;
	struct resolve_ask *ask = resolver_ask(cache->resolver, "a.test", 443, hear, &first, &err);

	assert_non_null(resolver_ask(cache->resolver, "a.test", 443, hear, &second, &err));
	resolver_cancel(ask);
	answer_lookup(0, "1.1.1.1");
	assert_int_equal(first.count, 0);
	assert_int_equal(second.count, 1);
}

static void a_lookup_may_outlive_the_resolver(void **state)
{
	struct cache *cache = *state;
	struct heard heard = { 0 };
	struct err err = ERR_INIT;

	assert_non_null(resolver_ask(cache->resolver, "a.test", 443, hear, &heard, &err));
	resolver_free(cache->resolver);
	cache->resolver = NULL;
	answer_lookup(0, "1.1.1.1");
	assert_int_equal(heard.count, 0);
}

static void free_resolver(void *arg, const struct loop_addresses *addresses, const struct err *err)
{
	struct cache *cache = arg;

	(void)addresses;
	(void)err;
	resolver_free(cache->resolver);
	cache->resolver = NULL;
}

static void an_answer_may_end_the_resolver(void **state)
{
	struct cache *cache = *state;
	struct heard heard = { 0 };
	struct err err = ERR_INIT;

	assert_non_null(resolver_ask(cache->resolver, "a.test", 443, hear, &heard, &err));
	assert_non_null(resolver_ask(cache->resolver, "a.test", 443, free_resolver, cache, &err));
	answer_lookup(0, "1.1.1.1");
	assert_null(cache->resolver);
	assert_int_equal(heard.count, 0);
}

static void silence_ends_at_a_deadline(void **state)
{
	struct cache *cache = *state;
	const struct net_tuning tuning = { .connect_ms = 1,
					   .resolve_ttl_ms = 100000,
					   .resolve = note_lookup };
	struct heard heard = { .loop = cache->loop };
	struct err err = ERR_INIT;

	resolver_free(cache->resolver);
	cache->resolver = resolver_new(cache->loop, &tuning, &err);
	assert_non_null(resolver_ask(cache->resolver, "a.test", 443, hear, &heard, &err));
	loop_run(cache->loop);
	assert_int_equal(heard.kind, ERR_TIMEOUT);
	answer_lookup(0, "1.1.1.1"); /* too late for this one, kept for the next */
	assert_int_equal(heard.count, 1);
}

#define CACHE_TEST(test) cmocka_unit_test_setup_teardown(test, open_cache, close_cache)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_read),
		cmocka_unit_test(special_addresses_are_forbidden),
		cmocka_unit_test(what_is_left_after_the_filter),
		cmocka_unit_test(routes_are_read),
		cmocka_unit_test(the_first_route_that_fits_is_taken),
		CACHE_TEST(one_lookup_answers_all),
		CACHE_TEST(failures_are_not_kept),
		CACHE_TEST(a_cancelled_ask_hears_nothing),
		CACHE_TEST(a_lookup_may_outlive_the_resolver),
		CACHE_TEST(an_answer_may_end_the_resolver),
		CACHE_TEST(silence_ends_at_a_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
