/* An account's way to its vendor, as net/ takes it. */
#ifndef MUSTER_CONNECTOR_ROUTE_H
#define MUSTER_CONNECTOR_ROUTE_H

#include <jansson.h>

#include "net/net.h"
#include "store/account.h"

enum { ROUTE_CONNECT_MAX = 16, ROUTE_CIDRS_MAX = 64 };

/* What net_options points to until net_open has copied it. */
struct route {
	json_t *connect_to, *cidrs;
	const char *connect_texts[ROUTE_CONNECT_MAX], *cidr_texts[ROUTE_CIDRS_MAX];
};

/* Fills ca_file, proxy, connect_to and allow_cidrs of `options`; they borrow from both. Fini it in
 * any case. */
bool route_init(struct route *route, const struct account *account, struct net_options *options,
		struct err *err);
void route_fini(struct route *route);

#endif
