/*
 * A small HTTP server on the loop, for browsers of this machine: the only place that includes
 * microhttpd.h. It listens on 127.0.0.1, the literal, and on nothing else.
 *
 * Requests are bounded (32 KiB for line and headers, 10 s, 16 connections at a time) and have no
 * body: one that has, or that has not exactly one Host, is refused before anybody looks at it. Each
 * connection carries one request. Answers are HTML and bear what keeps them out of caches, other
 * sites' logs and frames. Nothing of a request is logged.
 */
#ifndef MUSTER_NET_SERVER_H
#define MUSTER_NET_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"

struct server;

/* Borrowed during the call. */
struct server_request {
	const char *method;
	const char *host;   /* the Host header */
	const char *target; /* path and query as they were sent */
};

struct server_reply {
	unsigned status;
	const char *location; /* of a redirect; NULL = none. Borrowed until the call returned */
	const char *allow;    /* of a 405; NULL = none. Likewise */
	struct buf body;      /* HTML; released by the server */
	bool is_last;	      /* `last_sent` is called when this one has gone out */
};

/* The reply is empty, with status 200. */
typedef void server_answer_fn(void *arg, const struct server_request *request,
			      struct server_reply *reply);

struct server_options {
	uint16_t port;
	server_answer_fn *answer;
	void (*last_sent)(void *arg); /* may close the server */
	void *arg;
};

/* ERR_NET when nobody can listen there; says why. */
struct server *server_open(struct loop *loop, const struct server_options *options,
			   struct err *err);
/* Not from within `answer`. NULL is fine. */
void server_close(struct server *server);

/* The version of the library that is loaded. */
const char *server_library(void);

#endif
