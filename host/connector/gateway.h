/*
 * A sandbox's way out: its `http` and `crypto` calls, checked against what the connector declares
 * and carried out with the account's credential, which the sandbox never sees.
 */
#ifndef MUSTER_CONNECTOR_GATEWAY_H
#define MUSTER_CONNECTOR_GATEWAY_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "connector/connector.h"
#include "connector/endpoint.h"
#include "connector/guest.h"
#include "connector/host.h"
#include "record/exchange.h"
#include "store/account.h"

struct gateway;

struct gateway_options {
	const struct account *account;	   /* settings, ca_file, connect_to, proxy, allow_cidrs */
	const struct value *declaration;   /* borrowed until finished */
	const struct auth_secret *secrets; /* borrowed until finished */
	const char *credential_id;	   /* they are stored there; NULL = typed for a test */
	size_t secret_count;
	bool is_test;		     /* of the connection, while a person waits */
	struct recording *recording; /* taken over; NULL = none */
	/*
	 * A request was asked for; it failed and was not declared absent, so the listing it belongs
	 * to has a hole. scope: which part of the stream (sync/proof.h). Both may be NULL.
	 */
	void (*asked)(void *arg, int64_t scope);
	void (*failed)(void *arg, int64_t scope, const struct err *err);
	/* Why a request waits: for the progress line. Both may be NULL. */
	void (*waiting)(void *arg, const char *why, int64_t ms);
	void *arg;
};

struct gateway *gateway_open(struct host *host, const struct gateway_options *options,
			     struct err *err);

/* Only these calls from now on. */
bool gateway_allow(struct gateway *gateway, const struct value *calls, struct err *err);

/* Answers an `http` call of the guest, later. `guest` must outlive the gateway's requests. */
void gateway_http(struct gateway *gateway, struct guest *guest, uint32_t id, const void *args,
		  size_t len);

/* Answers a `crypto` call at once. */
void gateway_crypto(const struct gateway *gateway, struct guest *guest, uint32_t id,
		    const void *args, size_t len);

/*
 * The secret that a script has something signed with, borrowed. ERR_REFUSED for a setting that is
 * not declared for that (`signs = true`).
 */
bool gateway_find_key(const struct gateway *gateway, const char *id, const char **key, size_t *len,
		      struct err *err);

struct exchange_counts gateway_counts(const struct gateway *gateway);

/* Ends everything; `finished` follows. NULL gateway: at once. */
void gateway_finish(struct gateway *gateway, void (*finished)(void *arg, const struct err *err),
		    void *arg);

#endif
