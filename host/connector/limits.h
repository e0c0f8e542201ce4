/* The limits that a connector declares, as net/ takes them. */
#ifndef MUSTER_CONNECTOR_LIMITS_H
#define MUSTER_CONNECTOR_LIMITS_H

#include "connector/endpoint.h"

enum { LIMITS_ENDPOINT_RATES_MAX = 32 };

/* What net_options points to until net_open has copied it. All zeros at first. */
struct limits {
	struct net_rate rates[NET_RATES_MAX];
	struct net_endpoint_rate endpoint_rates[LIMITS_ENDPOINT_RATES_MAX];
	struct net_quota quota;
	struct value_tree *calls;
	struct endpoint *limited;
};

/* Fills rates, endpoint_rates, quotas and concurrent of `options`. ERR_CONFIG names what it is in
 * the declaration. Fini it in any case. */
bool limits_init(struct limits *limits, const struct value *declaration, const json_t *settings,
		 struct net_options *options, struct err *err);
void limits_fini(struct limits *limits);

#endif
