/*
 * The calls that go without the credential: those of `except`, and those of bases that are not
 * among `bases`, where an auth declares them. What counts is the URL that is sent, not what a
 * script calls it: one that fits such a call bears nothing, also as a vendor's next link.
 */
#ifndef MUSTER_CONNECTOR_BARE_H
#define MUSTER_CONNECTOR_BARE_H

#include "connector/endpoint.h"

/*
 * *out is NULL where every call bears the credential; endpoint_free it. ERR_CONFIG for a call or a
 * base that the connector does not declare.
 */
bool bare_open(struct endpoint **out, const struct value *declaration, const struct value *auth,
	       const json_t *settings, struct err *err);

/* `bare` may be NULL. */
bool bare_has(const struct endpoint *bare, const char *method, const char *url);

#endif
