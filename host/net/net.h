/*
 * The host's HTTP client: one `struct net` per account session, all on the loop's thread.
 *
 * A request passes, in this order: the policy (https, declared host, declared call), the limits of
 * its account (concurrency, quota, breaker, rates), the resolver with its address policy; only then
 * are the credentials attached and the request sent. Failures of the retry class are repeated with
 * full jitter, never before a Retry-After, within a budget (reliability.md 3.3). Redirects are
 * never followed. TLS verification cannot be switched off; proxy variables of the environment,
 * netrc and cookies are not looked at.
 */
#ifndef MUSTER_NET_NET_H
#define MUSTER_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/redact.h"

struct net;
struct net_call;

/* Both texts are never NULL. */
struct net_header {
	const char *name, *value;
};

/* --- what may be asked: declared by the connector, approved by the administrator --- */

/*
 * One declared call. The URL of a request has to be base_url + path, segment by segment and byte
 * by byte; a `{name}` in the path stands for one non-empty segment (or the rest of one:
 * "{id}.json"). `query` lists parameters that must occur exactly once with exactly this (decoded)
 * value, and in no second spelling (another case, behind ";") that a server may prefer; other
 * parameters are free. HEAD is not implied by GET.
 */
struct net_allowed_call {
	const char *method;   /* GET HEAD POST PUT PATCH DELETE */
	const char *base_url; /* "https://acme.api.kandji.io/api/v1", no trailing slash */
	const char *path;     /* "/devices/{id}/apps" */
	const struct net_header *query;
	size_t query_count;
};

/*
 * Hosts are "api.vendor.com", "*.vendor.com" (exactly one label in place of the star) or either
 * with ":port"; without one only 443 is meant.
 */
struct net_allow {
	const char *const *hosts;
	size_t host_count;
	const struct net_allowed_call *calls;
	size_t call_count;
};

/* Is this a host that net_allow.hosts may hold? err says what is wrong with it. */
bool net_check_host_pattern(const char *pattern, struct err *err);

/*
 * Are these texts that net_options.connect_to, allow_cidrs and proxy may hold? ERR_CONFIG says what
 * was expected. The text of a proxy is not repeated: it may hold a password.
 */
bool net_check_route(const char *text, struct err *err);
bool net_check_cidr(const char *text, struct err *err);
bool net_check_proxy(const char *text, struct err *err);

/* The request check by itself (net_send makes it anyway): ERR_REFUSED names the rule. */
bool net_check_url(const struct net_allow *allow, const char *method, const char *url,
		   struct err *err);

/* --- limits --- */

struct net_rate {
	int64_t count, window_ms;
};

enum { NET_RATES_MAX = 8 };

/* "50/s", "10000/h", "300/5m": a count, a slash, optionally a number, and s, m, h or d. */
bool net_rate_parse(const char *text, struct net_rate *out, struct err *err);

struct net_endpoint_rate {
	struct net_allowed_call call;
	struct net_rate rate; /* in addition to the budget's rates */
};

/*
 * Headers of an answer that tell what is left of a quota: when `remaining` is 0, nobody of its
 * budget sends anything to this host before `reset` (seconds from now, or seconds since 1970).
 * Without a `reset` header: not before the next multiple of window_ms.
 */
struct net_quota {
	const char *remaining; /* "RateLimit-Remaining" */
	const char *reset;     /* "RateLimit-Reset", or NULL */
	int64_t window_ms;     /* 0 when there is a reset header */
};

/*
 * State that outlives the process and is shared by several. All functions are asynchronous and
 * answer exactly once, on the loop's thread, also after net_close (the answer is then dropped).
 * They may answer before they return. Members may be NULL: then the state lives and dies with the
 * net. A failing `take` fails the request; a failing `load` counts as "nothing kept".
 */
struct net_keeper {
	void *arg;

	/*
	 * Takes one from every rate of `scope`, or from none: wait_ms is 0 when it was taken, else
	 * how long to wait before asking again. net/limit.h has the rule and the form of the kept
	 * text (limit_take); the keeper reads and writes it in one transaction. `scope` and `rates`
	 * are valid during the call only.
	 */
	void (*take)(void *arg, const char *scope, const struct net_rate *rates, size_t count,
		     void (*answer)(void *ctx, int64_t wait_ms, const struct err *err), void *ctx);

	/* A small text per scope (breaker, pauses, retry budget); `state` NULL = nothing kept. */
	void (*load)(void *arg, const char *scope,
		     void (*answer)(void *ctx, const char *state, const struct err *err),
		     void *ctx);
	void (*save)(void *arg, const char *scope, const char *state);
};

/* --- the client of an account --- */

/* 0 and NULL mean the defaults, which are those of reliability.md; tests make them shorter. */
struct net_tuning {
	int64_t connect_ms;	/* 10,000: resolving, and connecting with the TLS handshake */
	int64_t total_ms;	/* 120,000: one attempt */
	int64_t low_speed_ms;	/* 30,000: less than 100 B/s for so long ends the attempt */
	int64_t retry_base_ms;	/* 1,000: doubled with each attempt, up to 60 times */
	int64_t resolve_ttl_ms; /* 60,000 */
	int64_t breaker_ms;	/* 30,000: first pause, doubled up to 60 times */
	int64_t pause_max_ms;	/* 3,600,000: a longer pause of the vendor's is not waited for */
	uint64_t seed;		/* of the jitter; 0 = drawn */
	/* Stands in for loop_resolve. */
	bool (*resolve)(struct loop *loop, const char *host, uint16_t port, loop_resolved_fn *done,
			void *arg, struct err *err);
};

/* Copied by net_open, texts and all; `keeper.arg`, `log`, `redact` and `waiting_arg` are
 * borrowed. */
struct net_options {
	const char *account_id; /* scope of breakers and retries */
	/* Scope of rates and of the pauses that a vendor asks for: accounts that share it count
	 * together. NULL = account_id. */
	const char *budget_id;
	const char *ca_file; /* PEM file; trusted in addition to the system's; or NULL */
	const char *proxy;   /* http://, https:// or socks5h://HOST:PORT; or NULL */
	const char *const
		*connect_to;	 /* HOST:PORT:HOST2:PORT2, as curl has it: names in the URL, */
	size_t connect_to_count; /* TLS and Host stay; a HOST2 is thereby allowed */
	const char *const *allow_cidrs; /* private addresses that this account may reach */
	size_t allow_cidr_count;
	const struct net_rate *rates;
	size_t rate_count; /* at most NET_RATES_MAX */
	const struct net_endpoint_rate *endpoint_rates;
	size_t endpoint_rate_count;
	const struct net_quota *quotas;
	size_t quota_count;
	/* A person waits: the breaker's pause, not the vendor's, is passed over, and where nobody
	 * answers two attempts are enough. */
	bool is_test;
	int concurrent; /* requests under way per host; 0 = 4 */
	struct net_keeper keeper;
	struct log *log;	     /* may be NULL */
	const struct redact *redact; /* what errors must not show; may be NULL */
	/* Progress, may be NULL: why a request waits ("rate limit", "attempt 3 of 6 after
	 * HTTP 503"). */
	void (*waiting)(void *arg, const char *why, int64_t ms);
	void *waiting_arg;
	struct net_tuning tuning;
};

/* ERR_CONFIG names the option that cannot be used. */
struct net *net_open(struct loop *loop, const struct net_options *options, struct err *err);

/* Cancels what is under way: no callback of it comes any more. Of the callbacks, only
 * net_done_fn may call this. */
void net_close(struct net *net);

struct net_reply {
	int status;
	struct net_header *headers; /* as received, in order */
	size_t header_count;
	struct buf body; /* decoded; buf_take() it to keep it */
	int attempts;
	int64_t bytes_received;	  /* on the wire, this attempt: headers and encoded body */
	int64_t started_ms;	  /* wall clock, this attempt */
	int64_t duration_ms;	  /* this attempt */
	const char *effective_ip; /* of the peer (a proxy's, if there is one); "" = none */
	int64_t peer_expires_ms;  /* its certificate, since 1970; 0 = not looked at this time */
};

/* One attempt, for the recording. Everything is valid during the call only. */
struct net_attempt {
	int number; /* 1, 2 ... */
	const char *method, *url;
	const struct net_header *headers; /* sent, Content-Type among them; no credentials */
	size_t header_count;
	const void *body;
	size_t body_len;
	const struct net_reply *reply; /* NULL: no status line came */
	const struct err *err;	       /* kind ERR_NONE: success */
	bool will_retry;
};

/*
 * The end of a call. Three cases:
 *   err->kind == ERR_NONE, reply: a 2xx, or a status of `absent`.
 *   err->kind set, reply:	   the vendor answered with a failure (4xx, 5xx, a refused 3xx).
 *Kind and err->status follow from the status; the message carries the first 300 characters of the
 *body. err->kind set, no reply:	   no usable answer: refused, not reached, broken, over a
 *limit. The reply belongs to the net and ends with the callback.
 */
typedef void net_done_fn(void *arg, struct net_reply *reply, const struct err *err);
typedef void net_attempt_fn(void *arg, const struct net_attempt *attempt);

/* A certificate for our end of TLS and its private key, both in PEM form. */
struct net_certificate {
	const void *certificate, *key;
	size_t certificate_len, key_len;
};

/* A request as it is about to be sent. Everything is valid during the call only. */
struct net_sending {
	const char *method, *path;
	const char *host;  /* as in the Host header, with a port that is not 443 */
	const char *query; /* without the question mark; "" = none */
	const void *body;
	size_t body_len;
};

/* Writes credentials that depend on the request or the time. false + err: it cannot be sent. */
typedef bool net_sign_fn(void *arg, const struct net_sending *sending, struct err *err);

/*
 * Copied, but for `credentials`, `certificate` and `body` (they may hold secrets): these are
 * borrowed until done. `allow` is looked at during net_send only.
 */
struct net_request {
	const char *method, *url; /* the URL is absolute */
	const struct net_header *headers;
	size_t header_count; /* not secret */
	const struct net_header *credentials;
	size_t credential_count; /* attached after all checks; never logged, never in `attempted` */
	/*
	 * NULL = nothing. Before each attempt: writes the values of `credentials` anew, in the
	 * array that was given; names and count stay. The values are checked again.
	 */
	net_sign_fn *sign;
	void *sign_arg;
	/* NULL = none. A connection that was made with it serves no request without it, and none
	 * with another one. */
	const struct net_certificate *certificate;
	const void *body;
	size_t body_len;
	const char *content_type; /* NULL = none */
	const struct net_allow *allow;
	bool is_idempotent;    /* may be sent again after a failure; GET and HEAD always may */
	size_t max_body_bytes; /* decoded; 0 = 32 MiB */
	const int *absent;     /* statuses that are no failure */
	size_t absent_count;
	net_attempt_fn *attempted; /* may be NULL; gets the arg of net_send */
};

/*
 * Sends. NULL + err: refused by the policy (ERR_REFUSED), or out of memory; done is not called.
 * Otherwise done is called exactly once, never before net_send returned, unless cancelled.
 */
struct net_call *net_send(struct net *net, const struct net_request *request, net_done_fn *done,
			  void *arg, struct err *err);

/* done will not be called. Never after it was. */
void net_cancel(struct net_call *call);

/* Which libcurl is loaded, and what it stands on: "7.88.1, OpenSSL/3.0.17". Returns `out`. */
const char *net_library(char *out, size_t size);

/* A date of HTTP or of a certificate, in milliseconds since 1970; 0 = it is none. */
int64_t net_date(const char *text);

/* The first header of that name, in any case; NULL if there is none. */
const char *net_reply_header(const struct net_reply *reply, const char *name);

#endif
