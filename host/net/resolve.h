/*
 * From names to the addresses that may be connected to. Names are resolved off the loop
 * (loop_resolve: libcurl's own resolver would stall it) and cached for a short time; private and
 * special addresses are dropped unless the account's administrator allowed them
 * (reliability.md EG3). The result is pinned: libcurl never looks a name up.
 */
#ifndef MUSTER_NET_RESOLVE_H
#define MUSTER_NET_RESOLVE_H

#include "net/net.h"

/* --- address ranges: pure --- */

struct resolve_cidr {
	int family; /* AF_INET or AF_INET6 */
	int bits;
	uint8_t bytes[16];
};

/* "10.0.0.0/8", "fd00::/8", or a single address. ERR_CONFIG; bits behind the length are refused. */
bool resolve_cidr_parse(const char *text, struct resolve_cidr *out, struct err *err);
/* The first address of the range, without a port. */
void resolve_cidr_address(const struct resolve_cidr *cidr, struct sockaddr_storage *out);
bool resolve_cidr_contains(const struct resolve_cidr *cidr, const struct sockaddr *address);

/* The range that forbids this address ("127.0.0.0/8"), or NULL: it is a public one. */
const char *resolve_forbidden_range(const struct sockaddr *address);

enum { RESOLVE_ADDRESS_TEXT = 64 };

/* "192.0.2.7" or "2001:db8::7", without port or brackets. Returns `out`. */
const char *resolve_address_text(const struct sockaddr *address, char out[RESOLVE_ADDRESS_TEXT]);

bool resolve_same_address(const struct sockaddr *a, const struct sockaddr *b);

/* The policy of an account. */
struct resolve_policy {
	struct resolve_cidr *allowed;
	size_t allowed_count;
};

bool resolve_is_allowed(const struct resolve_policy *policy, const struct sockaddr *address);

/* Keeps what is allowed. ERR_REFUSED, naming the first address and its range, if nothing is left.
 */
bool resolve_filter(const struct resolve_policy *policy, const char *host,
		    struct loop_addresses *addresses, struct err *err);

/* --- connect-to --- */

struct resolve_route {
	char *text;		     /* as given, for curl */
	char *from_host, *to_host;   /* "" = any, or unchanged; without brackets */
	uint16_t from_port, to_port; /* 0 = any, or unchanged */
};

bool resolve_route_parse(const char *text, struct resolve_route *out, struct err *err);
void resolve_route_fini(struct resolve_route *route);

/* The first route for host and port, or NULL. */
const struct resolve_route *resolve_route_find(const struct resolve_route *routes, size_t count,
					       const char *host, uint16_t port);

/* --- the cache --- */

struct resolver;
struct resolve_ask;

struct resolver *resolver_new(struct loop *loop, const struct net_tuning *tuning, struct err *err);
/* Drops all asks. */
void resolver_free(struct resolver *resolver);

/* `addresses` is valid during the call only. */
typedef void resolve_answer_fn(void *arg, const struct loop_addresses *addresses,
			       const struct err *err);

/* Answers once, never before it returned. ERR_TIMEOUT after tuning.connect_ms. NULL + err. */
struct resolve_ask *resolver_ask(struct resolver *resolver, const char *host, uint16_t port,
				 resolve_answer_fn *answer, void *arg, struct err *err);
/* No answer comes any more. NULL is fine; never after the answer. */
void resolver_cancel(struct resolve_ask *ask);

#endif
