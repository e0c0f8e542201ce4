/* Can an account's hosts be reached? */
#include "connector/reach.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/loop.h"
#include "base/str.h"
#include "connector/endpoint.h"
#include "connector/route.h"

enum { BASES_MAX = 16, CONNECT_MS = 5000, TOTAL_MS = 15000, BODY_MAX = 1024 * 1024 };

struct bases {
	char *urls[BASES_MAX];
	size_t count;
};

/* --- one request --- */

struct asking {
	struct loop *loop;
	struct reach reach;
	bool is_done;
};

static void end(struct asking *asking)
{
	asking->is_done = true;
	loop_stop(asking->loop);
}

static void keep(struct reach *reach, const struct net_reply *reply)
{
	reach->status = reply->status;
	reach->duration_ms = reply->duration_ms;
	reach->expires_ms = reply->peer_expires_ms;
	reach->vendor_time_ms = net_date(net_reply_header(reply, "Date"));
	reach->asked_ms = reply->started_ms;
	snprintf(reach->ip, sizeof(reach->ip), "%s", reply->effective_ip);
}

/* The first attempt tells all: nobody waits for repetitions. */
static void on_attempt(void *arg, const struct net_attempt *attempt)
{
	struct asking *asking = arg;

	if (asking->is_done)
		return;
	if (attempt->reply != NULL)
		keep(&asking->reach, attempt->reply);
	else
		asking->reach.err = *attempt->err;
	end(asking);
}

/* Without an attempt: the name has no address, or none that is allowed. */
static void on_done(void *arg, struct net_reply *reply, const struct err *err)
{
	struct asking *asking = arg;

	if (asking->is_done)
		return;
	if (reply != NULL)
		keep(&asking->reach, reply);
	else
		asking->reach.err = *err;
	end(asking);
}

static bool send_request(struct net *net, struct asking *asking, const struct net_allow *hosts,
			 const char *base, struct err *err)
{
	const struct net_allowed_call call = { .method = "GET", .base_url = base, .path = "/" };
	const struct net_allow allow = { .hosts = hosts->hosts,
					 .host_count = hosts->host_count,
					 .calls = &call,
					 .call_count = 1 };
	struct net_request request = { .method = "GET",
				       .allow = &allow,
				       .max_body_bytes = BODY_MAX,
				       .attempted = on_attempt };
	struct buf url = BUF_INIT;
	bool sent = false;

	buf_printf(&url, "%s/", base);
	request.url = buf_text(&url);
	if (buf_ok(&url, err))
		sent = net_send(net, &request, on_done, asking, err) != NULL;
	buf_fini(&url);
	return sent;
}

static void ask(struct host *host, const struct account *account, const struct net_allow *hosts,
		const char *base, struct asking *asking)
{
	struct net_options options = {
		.account_id = account->id,
		.is_test = true,
		.log = host->log,
		.redact = host->redact,
		.tuning = { .connect_ms = CONNECT_MS, .total_ms = TOTAL_MS },
	};
	struct err *err = &asking->reach.err;
	struct route route;
	struct net *net = NULL;

	if (route_init(&route, account, &options, err))
		net = net_open(host->loop, &options, err);
	route_fini(&route);
	if (net != NULL && send_request(net, asking, hosts, base, err)) {
		while (!asking->is_done)
			loop_run(host->loop);
	}
	if (net != NULL)
		net_close(net);
}

/* --- the bases --- */

static bool add_base(struct bases *bases, const char *url, struct err *err)
{
	for (size_t i = 0; i < bases->count; i++) {
		if (str_eq(bases->urls[i], url))
			return true;
	}
	if (bases->count == BASES_MAX)
		return true;
	bases->urls[bases->count] = str_dup(url);
	return bases->urls[bases->count++] != NULL || err_oom(err);
}

static bool add_bases(struct bases *bases, struct endpoint *endpoint, const struct value *calls,
		      struct err *err)
{
	const struct net_allow *allow;

	if (!endpoint_allow(endpoint, calls, err))
		return false;
	allow = endpoint_allowed(endpoint);
	for (size_t i = 0; i < allow->call_count; i++) {
		if (!add_base(bases, allow->calls[i].base_url, err))
			return false;
	}
	return true;
}

static bool find_bases(struct bases *bases, struct endpoint *endpoint,
		       const struct value *declaration, struct err *err)
{
	const struct value *streams = value_get(declaration, "streams");

	if (!add_bases(bases, endpoint, value_get(value_get(declaration, "check"), "calls"), err))
		return false;
	for (size_t i = 0; i < value_count(streams); i++) {
		if (!add_bases(bases, endpoint, value_get(value_at(streams, i), "calls"), err))
			return false;
	}
	return true;
}

bool reach_account(struct host *host, const struct value *declaration,
		   const struct account *account, reach_each_fn *each, void *arg, struct err *err)
{
	json_t *settings = json_loads(account->settings, 0, NULL);
	struct endpoint *endpoint = endpoint_new(declaration, settings, err);
	struct bases bases = { 0 };
	bool done = endpoint != NULL && find_bases(&bases, endpoint, declaration, err);

	for (size_t i = 0; i < bases.count; i++) {
		struct asking asking = { .loop = host->loop,
					 .reach = { .url = bases.urls[i], .err = ERR_INIT } };

		if (done) {
			ask(host, account, endpoint_allowed(endpoint), bases.urls[i], &asking);
			each(arg, &asking.reach);
		}
		free(bases.urls[i]);
	}
	endpoint_free(endpoint);
	json_decref(settings);
	return done;
}
