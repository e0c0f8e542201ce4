/*
 * Which requests may leave: pure functions over texts (reliability.md EG1, EG3). A URL is parsed
 * once, by curl's own parser, and only in spellings that leave no room for a second reading; what
 * is compared is what is sent.
 */
#ifndef MUSTER_NET_POLICY_H
#define MUSTER_NET_POLICY_H

#include "net/net.h"

enum { POLICY_URL_MAX = 8192, POLICY_HOST_MAX = 253 };

struct Curl_URL; /* CURLU */

/* Owner: whoever declared it, with policy_url_fini. */
struct policy_url {
	struct Curl_URL *parsed; /* to be handed to curl */
	char *text;		 /* the canonical URL */
	char *host;		 /* lower case, no trailing dot, no brackets around IPv6 */
	char *path;		 /* begins with a slash */
	char *query;		 /* without the question mark; NULL = none */
	uint16_t port;
};

/*
 * ERR_REFUSED names the rule that the text breaks: https only; no userinfo, fragment, control
 * byte, space or backslash; a host of plain ASCII labels or an address in its usual spelling; no
 * path whose meaning depends on who decodes it ("//", dot segments, %2e, %2f, %5c, %00, %25xx).
 */
bool policy_url_parse(const char *text, struct policy_url *out, struct err *err);
void policy_url_fini(struct policy_url *url);

/* The byte that two hexadecimal digits stand for; -1 if they are none. */
int policy_hex_byte(const char *text);

bool policy_host_matches(const char *pattern, const struct policy_url *url);

bool policy_call_matches(const struct net_allowed_call *call, const char *method,
			 const struct policy_url *url);

/* Host, then method and path. The message says what is declared. */
bool policy_check(const struct net_allow *allow, const char *method, const struct policy_url *url,
		  struct err *err);

/*
 * Headers of a request that are not credentials: none that changes the peer, the method, the path,
 * the framing or the encoding behind the policy's back, in no spelling that a server takes for the
 * same name, and no byte that could end a header line.
 */
bool policy_check_header(const struct net_header *header, struct err *err);

/* The same for credentials, among them cookies. The message never holds the value. */
bool policy_check_credential(const struct net_header *header, struct err *err);

/* The bytes of a header line only. */
bool policy_check_header_bytes(const struct net_header *header, struct err *err);

#endif
