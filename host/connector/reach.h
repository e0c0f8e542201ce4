/*
 * Can an account's hosts be reached at all? One request to each base of its connector, without a
 * credential, on the account's own way (ca_file, connect_to, proxy, allowed addresses). Any answer
 * of the vendor counts, whatever its status: name, connection, TLS and certificate were fine then.
 */
#ifndef MUSTER_CONNECTOR_REACH_H
#define MUSTER_CONNECTOR_REACH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "connector/host.h"
#include "store/account.h"
#include "wire/value.h"

struct reach {
	const char *url;
	struct err err; /* ERR_NONE: an answer came */
	int status;
	char ip[64]; /* of the peer: a proxy's, if there is one */
	int64_t duration_ms;
	int64_t expires_ms;	/* the certificate, since 1970; 0 = not known */
	int64_t vendor_time_ms; /* the answer's Date; 0 = not said */
	int64_t asked_ms;	/* our clock, when the request began */
};

/* `reach` is valid during the call only. */
typedef void reach_each_fn(void *arg, const struct reach *reach);

/*
 * Calls `each` for every base, each once. Blocks: runs host->loop, on which nothing else may be
 * under way. false and err when nothing could be tried (settings, memory).
 */
bool reach_account(struct host *host, const struct value *declaration,
		   const struct account *account, reach_each_fn *each, void *arg, struct err *err);

#endif
