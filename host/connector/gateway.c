/* A sandbox's way out to the vendor. */
#include "connector/gateway.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "connector/json_value.h"
#include "connector/keeper.h"
#include "connector/route.h"
#include "wire/frame.h"

enum { HEADERS_MAX = 32, ABSENT_MAX = 16, ENDPOINT_RATES_MAX = 32 };

struct gateway {
	struct host *host;
	struct gateway_options options;
	json_t *settings;
	struct endpoint *endpoint;
	struct auth auth;
	struct exchange *exchange;
	struct keeper *keeper;
	struct request *requests;
	int round; /* of gateway_allow */
	void (*finished)(void *arg, const struct err *err);
	void *finished_arg;
};

/* One `http` call on its way; owns what net_send borrows. */
struct request {
	struct gateway *gateway;
	struct guest *guest;
	uint32_t id;
	int round; /* in which it was asked: a later one is another listing */
	struct value_tree *args;
	struct buf url;
	bool is_held; /* until the recording has caught up */
	struct request *next;
};

static void send_held(void *arg);

/* --- options for net/ --- */

/* What net_options points to while net_open copies it. */
struct net_texts {
	struct route route;
	struct net_rate rates[NET_RATES_MAX];
	struct net_endpoint_rate endpoint_rates[ENDPOINT_RATES_MAX];
	struct net_quota quota;
	struct value_tree *calls;
	struct endpoint *limited;
};

static bool take_rate(const struct value *text, struct net_rate *rate, struct err *err)
{
	return net_rate_parse(text->type == VALUE_BYTES ? text->bytes : "", rate, err) ||
	       err_context(err, "limits");
}

/* The headers that tell what is left: { remaining = ..., reset = ..., window = "1h" }. */
static bool add_quota(struct net_options *options, struct net_texts *texts,
		      const struct value *headers, struct err *err)
{
	const char *window = value_text(headers, "window", NULL);
	struct net_rate rate = { 0 };
	struct buf text = BUF_INIT;
	bool fine = true;

	if (value_text(headers, "remaining", NULL) == NULL)
		return true;
	if (window != NULL) {
		buf_printf(&text, "1/%s", window);
		fine = buf_ok(&text, err) && net_rate_parse(buf_text(&text), &rate, err);
		buf_fini(&text);
	}
	texts->quota = (struct net_quota){
		.remaining = value_text(headers, "remaining", ""),
		.reset = value_text(headers, "reset", NULL),
		.window_ms = rate.window_ms,
	};
	options->quotas = &texts->quota;
	options->quota_count = 1;
	return fine;
}

/* per_endpoint: call -> rates. The calls are expanded like those of a stream. */
static bool add_endpoint_rates(struct gateway *gateway, struct net_options *options,
			       struct net_texts *texts, const struct value *per_endpoint,
			       struct err *err)
{
	const struct net_allow *allow;
	struct buf list = BUF_INIT;

	if (value_count(per_endpoint) == 0)
		return true;
	value_put_list(&list, value_count(per_endpoint));
	for (size_t i = 0; i < value_count(per_endpoint); i++)
		value_put_str(&list, per_endpoint->keys[i]);
	texts->calls = buf_ok(&list, err) ? value_parse(list.data, list.len, err) : NULL;
	buf_fini(&list);
	texts->limited = endpoint_new(gateway->options.declaration, gateway->settings, err);
	if (texts->calls == NULL || texts->limited == NULL ||
	    !endpoint_allow(texts->limited, value_root(texts->calls), err))
		return err_context(err, "limits");
	allow = endpoint_allowed(texts->limited);
	for (size_t i = 0; i < allow->call_count; i++) {
		const struct value *rates = &per_endpoint->items[i];

		for (size_t r = 0; r < value_count(rates); r++) {
			struct net_endpoint_rate *rate =
				&texts->endpoint_rates[options->endpoint_rate_count];

			if (options->endpoint_rate_count == ENDPOINT_RATES_MAX)
				return err_set(err, ERR_CONFIG,
					       "limits: at most %d in per_endpoint",
					       ENDPOINT_RATES_MAX);
			rate->call = allow->calls[i];
			if (!take_rate(value_at(rates, r), &rate->rate, err))
				return false;
			options->endpoint_rate_count++;
		}
	}
	options->endpoint_rates = texts->endpoint_rates;
	return true;
}

static bool add_limits(struct gateway *gateway, struct net_options *options,
		       struct net_texts *texts, struct err *err)
{
	const struct value *limits = value_get(gateway->options.declaration, "limits");
	const struct value *rates = value_get(limits, "rates");

	for (size_t i = 0; i < value_count(rates) && i < NET_RATES_MAX; i++) {
		if (!take_rate(value_at(rates, i), &texts->rates[i], err))
			return false;
		options->rate_count = i + 1;
	}
	options->rates = texts->rates;
	options->concurrent = (int)value_int(limits, "concurrent", 0);
	return add_quota(options, texts, value_get(limits, "headers"), err) &&
	       add_endpoint_rates(gateway, options, texts, value_get(limits, "per_endpoint"), err);
}

static bool open_exchange(struct gateway *gateway, struct err *err)
{
	const struct account *account = gateway->options.account;
	struct net_texts texts = { 0 };
	struct net_options options = {
		/* Before it is stored an account has no id: its tests share their vendor's limits.
		 */
		.account_id = account->id != NULL ? account->id : account->vendor,
		.is_test = gateway->options.is_test,
		.log = gateway->host->log,
		.redact = gateway->host->redact,
		.waiting = gateway->options.waiting,
		.waiting_arg = gateway->options.arg,
	};
	bool fine = route_init(&texts.route, account, &options, err);

	gateway->keeper = fine ? keeper_new(gateway->host->store, err) : NULL;
	fine = gateway->keeper != NULL && add_limits(gateway, &options, &texts, err);
	if (fine) {
		struct recording *recording = gateway->options.recording;

		gateway->options.recording = NULL;
		options.keeper = keeper_functions(gateway->keeper);
		gateway->exchange = exchange_open(gateway->host->loop, &options,
						  gateway->host->redact, recording, err);
		if (gateway->exchange != NULL)
			exchange_watch(gateway->exchange, send_held, gateway);
	}
	route_fini(&texts.route);
	endpoint_free(texts.limited);
	value_tree_free(texts.calls);
	return gateway->exchange != NULL;
}

static void free_request(struct request *request)
{
	struct request **at = &request->gateway->requests;

	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	value_tree_free(request->args);
	buf_fini(&request->url);
	free(request);
}

static void free_gateway(struct gateway *gateway)
{
	while (gateway->requests != NULL)
		free_request(gateway->requests);
	endpoint_free(gateway->endpoint);
	auth_fini(&gateway->auth);
	json_decref(gateway->settings);
	keeper_release(gateway->keeper);
	recording_abandon(gateway->options.recording);
	free(gateway);
}

struct gateway *gateway_open(struct host *host, const struct gateway_options *options,
			     struct err *err)
{
	struct gateway *gateway = calloc(1, sizeof(*gateway));

	if (gateway == NULL) {
		recording_abandon(options->recording);
		err_oom(err);
		return NULL;
	}
	gateway->host = host;
	gateway->options = *options;
	gateway->settings = json_loads(options->account->settings, 0, NULL);
	gateway->endpoint = endpoint_new(options->declaration, gateway->settings, err);
	if (gateway->endpoint != NULL &&
	    auth_build(&gateway->auth, options->declaration, gateway->settings, options->secrets,
		       options->secret_count, err) &&
	    open_exchange(gateway, err))
		return gateway;
	free_gateway(gateway);
	return NULL;
}

bool gateway_allow(struct gateway *gateway, const struct value *calls, struct err *err)
{
	gateway->round++;
	return endpoint_allow(gateway->endpoint, calls, err);
}

struct exchange_counts gateway_counts(const struct gateway *gateway)
{
	return exchange_counts(gateway->exchange);
}

static void on_finished(void *arg, const struct err *err)
{
	struct gateway *gateway = arg;
	void (*finished)(void *, const struct err *) = gateway->finished;
	void *finished_arg = gateway->finished_arg;

	free_gateway(gateway);
	finished(finished_arg, err);
}

void gateway_finish(struct gateway *gateway, void (*finished)(void *arg, const struct err *err),
		    void *arg)
{
	const struct err none = ERR_INIT;

	if (gateway == NULL) {
		finished(arg, &none);
		return;
	}
	gateway->finished = finished;
	gateway->finished_arg = arg;
	exchange_finish(gateway->exchange, on_finished, gateway);
}

/* --- an answer --- */

/* Same name twice (Link, Set-Cookie): joined by ", " as RFC 9110 section 5.3 allows. */
static void put_headers(const struct gateway *gateway, struct buf *out,
			const struct net_reply *reply)
{
	json_t *headers = json_object();

	for (size_t i = 0; i < reply->header_count; i++) {
		char *name = str_dup(reply->headers[i].name);
		const char *before;
		struct buf joined = BUF_INIT;

		if (name == NULL)
			break;
		str_lower(name);
		before = json_string_value(json_object_get(headers, name));
		buf_printf(&joined, "%s%s", before != NULL ? before : "",
			   before != NULL ? ", " : "");
		/* A vendor that echoes the token must not hand it to the script. */
		redact_copy(gateway->host->redact, reply->headers[i].value,
			    strlen(reply->headers[i].value), &joined);
		/* A header that is no UTF-8 is left out: it could not be shown either. */
		json_object_set_new(headers, name, json_string(buf_text(&joined)));
		buf_fini(&joined);
		free(name);
	}
	value_put_json(out, headers);
	json_decref(headers);
}

static void answer(struct request *request, struct net_reply *reply, const struct err *err)
{
	bool has_failed = err->kind != ERR_NONE;
	struct buf result = BUF_INIT;

	value_put_map(&result, has_failed ? 3 : 2);
	value_put_str(&result, "status");
	value_put_int(&result, reply->status);
	value_put_str(&result, "headers");
	put_headers(request->gateway, &result, reply);
	if (has_failed) {
		value_put_str(&result, "error");
		wire_put_err(&result, err);
	}
	guest_answer_body(request->guest, request->id, &reply->body, &result);
	buf_fini(&result);
}

static int64_t scope_of(const struct request *request)
{
	return request->args != NULL ? value_int(value_root(request->args), "scope", 0) : 0;
}

static void note_failure(const struct request *request, const struct err *err)
{
	const struct gateway *gateway = request->gateway;

	if (gateway->options.failed != NULL && request->round == gateway->round)
		gateway->options.failed(gateway->options.arg, scope_of(request), err);
}

static void on_done(void *arg, struct net_reply *reply, const struct err *err)
{
	struct request *request = arg;

	if (err->kind != ERR_NONE)
		note_failure(request, err);
	if (reply != NULL)
		answer(request, reply, err);
	else
		guest_fail(request->guest, request->id, err);
	free_request(request);
}

/* --- a request --- */

static size_t take_headers(const struct value *list, struct net_header *out)
{
	size_t count = 0;

	for (size_t i = 0; i < value_count(list) && count < HEADERS_MAX; i++) {
		const struct value *name = value_at(value_at(list, i), 0);
		const struct value *text = value_at(value_at(list, i), 1);

		if (name != NULL && text != NULL && name->type == VALUE_BYTES &&
		    text->type == VALUE_BYTES)
			out[count++] = (struct net_header){ name->bytes, text->bytes };
	}
	return count;
}

static bool has_header(const struct net_header *headers, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(headers[i].name, name) == 0)
			return true;
	}
	return false;
}

static size_t take_absent(const struct value *list, int *out)
{
	size_t count = 0;

	for (size_t i = 0; i < value_count(list) && count < ABSENT_MAX; i++) {
		if (value_at(list, i)->type == VALUE_INT)
			out[count++] = (int)value_at(list, i)->i;
	}
	return count;
}

static bool request_send(struct request *request, struct err *err)
{
	struct gateway *gateway = request->gateway;
	const struct value *args = value_root(request->args);
	const struct value *body = value_get(args, "body");
	struct net_header headers[HEADERS_MAX + 1];
	int absent[ABSENT_MAX];
	struct net_request wanted = {
		.headers = headers,
		.header_count = take_headers(value_get(args, "headers"), headers),
		.credentials = gateway->auth.headers,
		.credential_count = gateway->auth.count,
		.body = body != NULL && body->type == VALUE_BYTES ? body->bytes : NULL,
		.body_len = body != NULL && body->type == VALUE_BYTES ? body->len : 0,
		.content_type = value_text(args, "content_type", NULL),
		.allow = endpoint_allowed(gateway->endpoint),
		.is_idempotent = value_bool(args, "idempotent", false),
		.absent = absent,
		.absent_count = take_absent(value_get(args, "absent"), absent),
	};

	if (!endpoint_resolve(gateway->endpoint, args, &wanted.method, &request->url, err))
		return false;
	wanted.url = buf_text(&request->url);
	if (!has_header(headers, wanted.header_count, "Accept"))
		headers[wanted.header_count++] =
			(struct net_header){ "Accept", "application/json" };
	return exchange_send(gateway->exchange, &wanted, on_done, request, err);
}

static void send_or_fail(struct request *request, struct err *err)
{
	if (request->args != NULL && request_send(request, err))
		return;
	note_failure(request, err);
	guest_fail(request->guest, request->id, err);
	free_request(request);
}

/* The one that has waited longest; NULL = none does. */
static struct request *oldest_held(const struct gateway *gateway)
{
	struct request *oldest = NULL;

	for (struct request *at = gateway->requests; at != NULL; at = at->next) {
		if (at->is_held)
			oldest = at;
	}
	return oldest;
}

static void send_held(void *arg)
{
	struct gateway *gateway = arg;
	struct request *request;

	while ((request = oldest_held(gateway)) != NULL) {
		struct err err = ERR_INIT;

		request->is_held = false;
		send_or_fail(request, &err);
	}
}

void gateway_http(struct gateway *gateway, struct guest *guest, uint32_t id, const void *args,
		  size_t len)
{
	struct request *request = calloc(1, sizeof(*request));
	struct err err = ERR_INIT;

	if (request == NULL) {
		err_oom(&err);
		guest_fail(guest, id, &err);
		return;
	}
	*request = (struct request){
		.gateway = gateway, .guest = guest, .id = id, .round = gateway->round
	};
	request->next = gateway->requests;
	gateway->requests = request;
	request->args = value_parse(args, len, &err);
	if (gateway->options.asked != NULL)
		gateway->options.asked(gateway->options.arg, scope_of(request));
	request->is_held = exchange_is_behind(gateway->exchange);
	if (!request->is_held)
		send_or_fail(request, &err);
}
