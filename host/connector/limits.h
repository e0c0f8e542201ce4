/* The limits that a connector declares, as net/ takes them, and who counts together. */
#ifndef MUSTER_CONNECTOR_LIMITS_H
#define MUSTER_CONNECTOR_LIMITS_H

#include "connector/endpoint.h"
#include "store/account.h"

enum { LIMITS_ENDPOINT_RATES_MAX = 32, LIMITS_QUOTAS_MAX = 4 };

/* What net_options points to until net_open has copied it. All zeros at first. */
struct limits {
	struct net_rate rates[NET_RATES_MAX];
	struct net_endpoint_rate endpoint_rates[LIMITS_ENDPOINT_RATES_MAX];
	struct net_quota quotas[LIMITS_QUOTAS_MAX];
	struct buf budget;
	struct value_tree *calls;
	struct endpoint *limited;
};

/* Whose they are. credential_id is NULL where it is not stored. */
struct limits_owner {
	const struct account *account;
	const char *credential_id;
	const struct value *declaration;
	const json_t *settings;
};

/* Fills rates, endpoint_rates, quotas, concurrent and budget_id of `options`. ERR_CONFIG names what
 * it is in the declaration. Fini it in any case. */
bool limits_init(struct limits *limits, const struct limits_owner *owner,
		 struct net_options *options, struct err *err);
void limits_fini(struct limits *limits);

#endif
