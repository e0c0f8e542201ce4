/* A sandbox's way out to the vendor. */
#include "connector/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"
#include "connector/authorization.h"
#include "connector/json_value.h"
#include "connector/keeper.h"
#include "connector/limits.h"
#include "connector/route.h"
#include "wire/frame.h"

enum { HEADERS_MAX = 32, ABSENT_MAX = 16, METHOD_SIZE = 8 };

struct gateway {
	struct host *host;
	struct gateway_options options;
	json_t *settings;
	struct endpoint *endpoint;
	struct authorizer *authorizer;
	struct exchange *exchange;
	struct keeper *keeper;
	struct request *requests;
	int round;  /* of gateway_allow */
	int ending; /* parts that have not finished yet */
	struct err finish_err;
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
	char method[METHOD_SIZE];
	struct buf url;
	bool is_held; /* until the recording has caught up */
	struct authorization authorization;
	struct request *next;
};

static void send_held(void *arg);

static bool open_exchange(struct gateway *gateway, struct err *err)
{
	const struct account *account = gateway->options.account;
	struct route route = { 0 };
	struct limits limits = { 0 };
	const struct limits_owner owner = { account, gateway->options.credential_id,
					    gateway->options.declaration, gateway->settings };
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

	gateway->keeper = keeper_new(gateway->host->store, err);
	if (gateway->keeper != NULL && route_init(&route, account, &options, err) &&
	    limits_init(&limits, &owner, &options, err)) {
		struct recording *recording = gateway->options.recording;

		gateway->options.recording = NULL;
		options.keeper = keeper_functions(gateway->keeper);
		gateway->exchange = exchange_open(gateway->host->loop, &options,
						  gateway->host->redact, recording, err);
		if (gateway->exchange != NULL)
			exchange_watch(gateway->exchange, send_held, gateway);
	}
	route_fini(&route);
	limits_fini(&limits);
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
	authorization_fini(&request->authorization);
	free(request);
}

static void free_gateway(struct gateway *gateway)
{
	while (gateway->requests != NULL)
		free_request(gateway->requests);
	endpoint_free(gateway->endpoint);
	json_decref(gateway->settings);
	keeper_release(gateway->keeper);
	recording_abandon(gateway->options.recording);
	free(gateway);
}

static bool open_authorizer(struct gateway *gateway, struct err *err)
{
	const struct gateway_options *options = &gateway->options;
	const struct tokens_options wanted = {
		.account = options->account,
		.credential_id = options->credential_id,
		.declaration = options->declaration,
		.settings = gateway->settings,
		.secrets = options->secrets,
		.secret_count = options->secret_count,
		.is_test = options->is_test,
	};

	gateway->authorizer = authorizer_open(gateway->host, &wanted, err);
	return gateway->authorizer != NULL;
}

static void on_nothing(void *arg)
{
	(void)arg;
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
	if (gateway->endpoint != NULL && open_authorizer(gateway, err) &&
	    open_exchange(gateway, err))
		return gateway;
	authorizer_finish(gateway->authorizer, on_nothing, NULL);
	free_gateway(gateway);
	return NULL;
}

bool gateway_allow(struct gateway *gateway, const struct value *calls, struct err *err)
{
	gateway->round++;
	return endpoint_allow(gateway->endpoint, calls, err);
}

bool gateway_find_key(const struct gateway *gateway, const char *id, const char **key, size_t *len,
		      struct err *err)
{
	const struct gateway_options *options = &gateway->options;
	const struct auth_parts parts = { NULL, options->secrets, options->secret_count };
	const struct value *settings = value_get(options->declaration, "settings");

	for (size_t i = 0; i < value_count(settings); i++) {
		const struct value *setting = value_at(settings, i);

		if (str_eq(value_text(setting, "id", ""), id) &&
		    str_eq(value_text(setting, "type", ""), "secret") &&
		    value_bool(setting, "signs", false))
			return auth_find_part(&parts, id, key, len, err);
	}
	err_set(err, ERR_REFUSED,
		"host.crypto: \"%s\" is no secret that is declared with signs = true", id);
	return err_hint(err, "declare the setting so, and have the connector approved");
}

struct exchange_counts gateway_counts(const struct gateway *gateway)
{
	return exchange_counts(gateway->exchange);
}

static void end_part(struct gateway *gateway)
{
	void (*finished)(void *, const struct err *) = gateway->finished;
	void *finished_arg = gateway->finished_arg;
	const struct err err = gateway->finish_err;

	if (--gateway->ending > 0)
		return;
	free_gateway(gateway);
	finished(finished_arg, &err);
}

static void on_authorizer_finished(void *arg)
{
	end_part(arg);
}

static void on_exchange_finished(void *arg, const struct err *err)
{
	struct gateway *gateway = arg;

	gateway->finish_err = *err;
	end_part(gateway);
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
	gateway->ending = 2;
	authorizer_finish(gateway->authorizer, on_authorizer_finished, gateway);
	exchange_finish(gateway->exchange, on_exchange_finished, gateway);
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

		if (name == NULL) {
			json_put(&headers, "", NULL);
			break;
		}
		str_lower(name);
		before = json_string_value(json_object_get(headers, name));
		buf_printf(&joined, "%s%s", before != NULL ? before : "",
			   before != NULL ? ", " : "");
		/* A vendor that echoes the token must not hand it to the script. */
		redact_copy(gateway->host->redact, reply->headers[i].value,
			    strlen(reply->headers[i].value), &joined);
		/* A header that is no UTF-8 is left out: it could not be shown either. */
		if (joined.failed || str_is_utf8(buf_text(&joined), joined.len))
			json_put(&headers, name,
				 joined.failed ? NULL : json_string(buf_text(&joined)));
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

static void authorize(struct request *request);

static void on_done(void *arg, struct net_reply *reply, const struct err *failure)
{
	struct request *request = arg;
	struct err err = *failure;

	if (reply != NULL && authorization_is_spent(&request->authorization, reply)) {
		authorize(request);
		return;
	}
	if (reply != NULL && err.kind != ERR_NONE)
		authorization_explain(&request->authorization, reply, &err);
	if (err.kind != ERR_NONE)
		note_failure(request, &err);
	if (reply != NULL)
		answer(request, reply, &err);
	else
		guest_fail(request->guest, request->id, &err);
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
		.method = request->method,
		.url = buf_text(&request->url),
		.headers = headers,
		.header_count = take_headers(value_get(args, "headers"), headers),
		.body = body != NULL && body->type == VALUE_BYTES ? body->bytes : NULL,
		.body_len = body != NULL && body->type == VALUE_BYTES ? body->len : 0,
		.content_type = value_text(args, "content_type", NULL),
		.allow = endpoint_allowed(gateway->endpoint),
		.is_idempotent = value_bool(args, "idempotent", false),
		.absent = absent,
		.absent_count = take_absent(value_get(args, "absent"), absent),
	};

	authorization_attach(&request->authorization, &wanted);
	if (!has_header(headers, wanted.header_count, "Accept"))
		headers[wanted.header_count++] =
			(struct net_header){ "Accept", "application/json" };
	return exchange_send(gateway->exchange, &wanted, on_done, request, err);
}

static void fail_request(struct request *request, const struct err *err)
{
	note_failure(request, err);
	guest_fail(request->guest, request->id, err);
	free_request(request);
}

static void on_authorized(void *ctx, const struct err *failure)
{
	struct request *request = ctx;
	struct err err = *failure;

	if (err.kind != ERR_NONE || !request_send(request, &err))
		fail_request(request, &err);
}

static void authorize(struct request *request)
{
	struct err err = ERR_INIT;

	if (!authorization_get(&request->authorization, request->gateway->authorizer,
			       request->method, buf_text(&request->url), on_authorized, request,
			       &err))
		fail_request(request, &err);
}

static void begin(struct request *request)
{
	const struct endpoint *endpoint = request->gateway->endpoint;
	const char *method;
	struct err err = ERR_INIT;

	if (!endpoint_resolve(endpoint, value_root(request->args), &method, &request->url, &err)) {
		fail_request(request, &err);
		return;
	}
	snprintf(request->method, sizeof(request->method), "%s", method);
	authorize(request);
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
		request->is_held = false;
		begin(request);
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
	if (request->args == NULL) {
		fail_request(request, &err);
		return;
	}
	request->is_held = exchange_is_behind(gateway->exchange);
	if (!request->is_held)
		begin(request);
}
