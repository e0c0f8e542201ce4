/*
 * One exchange with one peer: no policy, no limits, no repetition; those are above. Here are the
 * options of libcurl that make an exchange safe (reliability.md EG3-EG5) and the translation of
 * its failures. `struct http` is a curl multi handle on the loop, with the connections it keeps.
 */
#ifndef MUSTER_NET_HTTP_H
#define MUSTER_NET_HTTP_H

#include "net/policy.h"
#include "net/resolve.h"
#include "net/retry.h"

enum {
	HTTP_BODY_MAX = 32 * 1024 * 1024,
	HTTP_HEAD_MAX = 256 * 1024,
	HTTP_HEADERS_MAX = 512,
	HTTP_RATIO_MAX = 200,	       /* decoded : received ... */
	HTTP_RATIO_FROM = 1024 * 1024, /* ... once so much is decoded */
	HTTP_EXCERPT = 300
};

struct http;
struct http_exchange;

/* Borrowed for the life of the http; tuning has no zeros left. */
struct http_options {
	const char *ca_file, *proxy;
	const struct net_tuning *tuning;
	const struct resolve_policy *policy; /* for connections that are used again */
	struct log *log;
};

struct http *http_new(struct loop *loop, const struct http_options *options, struct err *err);
/* Cancels all exchanges. Allowed inside a http_done_fn. */
void http_free(struct http *http);

/* Borrowed until done, but for `pinned`, which is copied. All checks were made before. */
struct http_request {
	const char *method;
	const struct policy_url *url;
	const struct net_header *headers, *credentials;
	size_t header_count, credential_count;
	const struct net_certificate *certificate; /* or NULL */
	const void *body;
	size_t body_len;
	size_t max_body_bytes;
	bool is_idempotent;		   /* else a connection of its own: libcurl repeats a */
					   /* request by itself when a kept one turns out dead */
	const struct resolve_route *route; /* or NULL */
	const char *peer_host;		   /* whose addresses are pinned: host, route or proxy */
	uint16_t peer_port;
	struct loop_addresses pinned; /* the only addresses that may be connected to */
};

/* Valid during http_done_fn only; the body may be taken. */
struct http_result {
	struct net_reply reply; /* status 0: no status line came, or the answer is unusable */
	enum retry_class class;
	struct err err; /* of the transport; a status >= 300 is no error here */
};

typedef void http_done_fn(void *arg, struct http_result *result);

/* done is called once, never before it returned. */
struct http_exchange *http_start(struct http *http, const struct http_request *request,
				 http_done_fn *done, void *arg, struct err *err);
void http_cancel(struct http_exchange *exchange);

/* --- faults --- */

/* What a failed transfer is to us. `detail` is libcurl's own text, `verify` OpenSSL's verdict. */
enum retry_class http_fault_of_transfer(int curl_code, const char *detail, long verify,
					bool has_status, struct err *err);

/*
 * The same for a transfer through a proxy that ended before the vendor was reached: err says so and
 * names the proxy. `answer` is the status it gave to CONNECT; 0 = none. Else, and once the request
 * itself `has_begun`, nothing is changed.
 */
enum retry_class http_fault_of_proxy(const char *proxy, int answer, bool has_begun,
				     enum retry_class class, struct err *err);

/*
 * A final status that is no success: err with its kind; the class for the retry rules. The excerpt
 * of the body is free of the secrets that `redact` knows (may be NULL).
 */
enum retry_class http_fault_of_status(const struct net_reply *reply, const struct redact *redact,
				      struct err *err);

#endif
