/*
 * Headers with an HMAC (RFC 2104) over each request, as a connector declares them (auth kind hmac).
 * They are written for each attempt: a signature holds the time, and a repeated request is not to
 * look like a replayed one.
 */
#ifndef MUSTER_CONNECTOR_SIGNATURE_H
#define MUSTER_CONNECTOR_SIGNATURE_H

#include "connector/auth.h"

/* Can it be carried out with these parts? ERR_AUTH, ERR_CONFIG: what is in the way. */
bool signature_check(const struct value *declared, const struct auth_parts *parts, struct err *err);

/* The headers' names, with empty values, into auth->headers; returns how many. */
size_t signature_name_headers(const struct value *declared, struct auth *auth);

/* Signs the request as it is sent now, in place of what is in `auth`. */
bool signature_write(const struct value *declared, const struct auth_parts *parts,
		     const struct net_sending *sending, int64_t now_ms, struct auth *auth,
		     struct err *err);

#endif
