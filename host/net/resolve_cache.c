/*
 * The name cache of an account: a lookup under way is shared by all who ask for the same name and
 * port; a found answer is kept for a minute, a failure only for those who waited. A lookup cannot
 * be stopped, so its name outlives the resolver until getaddrinfo has returned.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "net/resolve.h"

enum { NAMES_MAX = 64 };

struct name {
	struct resolver *resolver; /* NULL: nobody wants the answer any more */
	struct name *next;
	char *host;
	uint16_t port;
	bool is_looking;
	int64_t fresh_until; /* monotonic; of `addresses` */
	struct loop_addresses addresses;
	struct resolve_ask *asks;
};

struct resolve_ask {
	struct name *name;
	struct resolve_ask *next;
	struct loop_timer
		*timer; /* the deadline, or the next turn of the loop for a cached answer */
	resolve_answer_fn *answer;
	void *arg;
};

struct resolver {
	struct loop *loop;
	struct net_tuning tuning;
	struct name *names;
	size_t count;
};

static void free_name(struct name *name)
{
	free(name->host);
	free(name);
}

static void unlink_ask(struct resolve_ask *ask)
{
	struct resolve_ask **at = &ask->name->asks;

	while (*at != ask)
		at = &(*at)->next;
	*at = ask->next;
}

static void answer_ask(struct resolve_ask *ask, const struct loop_addresses *addresses,
		       const struct err *err)
{
	resolve_answer_fn *answer = ask->answer;
	void *arg = ask->arg;

	unlink_ask(ask);
	loop_timer_close(ask->timer);
	free(ask);
	answer(arg, addresses, err);
}

static void on_cached(void *arg)
{
	struct resolve_ask *ask = arg;
	struct loop_addresses addresses = ask->name->addresses;
	struct err none = ERR_INIT;

	ask->timer = NULL;
	answer_ask(ask, &addresses, &none);
}

static void on_deadline(void *arg)
{
	struct resolve_ask *ask = arg;
	struct err err = ERR_INIT;

	ask->timer = NULL;
	err_set(&err, ERR_TIMEOUT, "cannot resolve %s: no answer from the name service",
		ask->name->host);
	answer_ask(ask, NULL, &err);
}

static void on_resolved(void *arg, const struct loop_addresses *addresses, const struct err *err)
{
	struct name *name = arg;

	name->is_looking = false;
	if (name->resolver == NULL) {
		free_name(name);
		return;
	}
	if (addresses != NULL) {
		name->addresses = *addresses;
		name->fresh_until = clock_monotonic_ms() + name->resolver->tuning.resolve_ttl_ms;
	}
	/* An answer may free the resolver, and with it this name: it is then detached. */
	name->is_looking = true;
	while (name->resolver != NULL && name->asks != NULL)
		answer_ask(name->asks, addresses, err);
	name->is_looking = false;
	if (name->resolver == NULL)
		free_name(name);
}

static struct name *find_name(struct resolver *resolver, const char *host, uint16_t port)
{
	struct name *name = resolver->names;

	while (name != NULL && (name->port != port || !str_eq(name->host, host)))
		name = name->next;
	return name;
}

/* Makes room by dropping a name that nobody waits for. */
static void drop_idle_name(struct resolver *resolver)
{
	for (struct name **at = &resolver->names; *at != NULL; at = &(*at)->next) {
		struct name *name = *at;

		if (name->is_looking || name->asks != NULL)
			continue;
		*at = name->next;
		resolver->count--;
		free_name(name);
		return;
	}
}

static struct name *add_name(struct resolver *resolver, const char *host, uint16_t port)
{
	struct name *name = calloc(1, sizeof(*name));

	if (name == NULL)
		return NULL;
	name->host = str_dup(host);
	if (name->host == NULL) {
		free(name);
		return NULL;
	}
	if (resolver->count >= NAMES_MAX)
		drop_idle_name(resolver);
	name->resolver = resolver;
	name->port = port;
	name->next = resolver->names;
	resolver->names = name;
	resolver->count++;
	return name;
}

static bool look_up(struct name *name, struct err *err)
{
	const struct net_tuning *tuning = &name->resolver->tuning;

	name->is_looking = tuning->resolve(name->resolver->loop, name->host, name->port,
					   on_resolved, name, err);
	return name->is_looking;
}

struct resolve_ask *resolver_ask(struct resolver *resolver, const char *host, uint16_t port,
				 resolve_answer_fn *answer, void *arg, struct err *err)
{
	struct name *name = find_name(resolver, host, port);
	struct resolve_ask *ask;
	bool is_cached;

	if (name == NULL)
		name = add_name(resolver, host, port);
	if (name == NULL) {
		err_oom(err);
		return NULL;
	}
	is_cached = !name->is_looking && name->fresh_until > clock_monotonic_ms();
	if (!is_cached && !name->is_looking && !look_up(name, err))
		return NULL;
	ask = calloc(1, sizeof(*ask));
	if (ask != NULL)
		ask->timer = loop_timer_start(resolver->loop,
					      is_cached ? 0 : resolver->tuning.connect_ms,
					      is_cached ? on_cached : on_deadline, ask);
	if (ask == NULL || ask->timer == NULL) {
		free(ask);
		err_oom(err);
		return NULL;
	}
	ask->name = name;
	ask->answer = answer;
	ask->arg = arg;
	ask->next = name->asks;
	name->asks = ask;
	return ask;
}

void resolver_cancel(struct resolve_ask *ask)
{
	if (ask == NULL)
		return;
	unlink_ask(ask);
	loop_timer_close(ask->timer);
	free(ask);
}

struct resolver *resolver_new(struct loop *loop, const struct net_tuning *tuning, struct err *err)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	if (resolver == NULL) {
		err_oom(err);
		return NULL;
	}
	resolver->loop = loop;
	resolver->tuning = *tuning;
	return resolver;
}

void resolver_free(struct resolver *resolver)
{
	struct name *next;

	if (resolver == NULL)
		return;
	for (struct name *name = resolver->names; name != NULL; name = next) {
		next = name->next;
		while (name->asks != NULL)
			resolver_cancel(name->asks);
		name->resolver = NULL;
		if (!name->is_looking)
			free_name(name);
	}
	free(resolver);
}
