/*
 * The misbehaving HTTPS servers of tests/faults, and a client of one account that reaches them:
 * https://api.vendor.test goes to the listener that a test names.
 */
#ifndef MUSTER_TESTS_FIXTURE_NET_H
#define MUSTER_TESTS_FIXTURE_NET_H

#include <sys/types.h>

#include "base/loop.h"
#include "net/net.h"

enum { FIXTURE_LISTENERS_MAX = 32 };

struct fixture_servers {
	struct loop *loop;
	char folder[64]; /* holds ca.pem */
	pid_t pid;
	int input; /* closing it ends the servers */
	size_t count;
	struct {
		char name[32];
		int port;
	} listeners[FIXTURE_LISTENERS_MAX];
};

/* cmocka group fixtures; *state is the struct fixture_servers. */
int fixture_servers_start(void **state);
int fixture_servers_stop(void **state);

int fixture_port(const struct fixture_servers *servers, const char *listener);

/* A client whose options may be changed before fixture_open. Short times, no waiting. */
struct fixture_client {
	struct fixture_servers *servers;
	struct net *net;
	struct net_options options;
	char ca_file[96], route[96];
	const char *routes[1];
	int waits; /* how often `waiting` was called ... */
	int64_t longest_wait_ms;
	char last_wait[160]; /* ... and with what, last */
};

void fixture_client_init(struct fixture_client *client, struct fixture_servers *servers,
			 const char *listener);
void fixture_open(struct fixture_client *client);
void fixture_close(struct fixture_client *client);

/* What came of a request. */
struct fixture_outcome {
	struct loop *loop;
	bool is_done, has_reply;
	struct err err;
	int status, attempts;
	int told; /* attempts that `attempted` was called for */
	size_t body_len;
	char body[4096];  /* the beginning, NUL-terminated */
	char header[256]; /* of the header X-Interim, if there was one */
	char ip[64];
};

/* A request to api.vendor.test with a path of one to four segments, and what allows it. */
struct fixture_request {
	struct net_request request;
	struct net_allow allow;
	struct net_allowed_call calls[4];
};

/* `attempted` counts; it and fixture_done expect a fixture_outcome. */
void fixture_request_init(struct fixture_request *request, const char *method, const char *url);

/* Sends and runs the loop until it is done. */
void fixture_send(struct fixture_client *client, const struct fixture_request *request,
		  struct fixture_outcome *out);
void fixture_get(struct fixture_client *client, const char *path, struct fixture_outcome *out);

/* For calls that a test sends itself: fills the outcome and stops the loop. */
void fixture_done(void *arg, struct net_reply *reply, const struct err *err);

#endif
