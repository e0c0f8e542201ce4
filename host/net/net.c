/* The client of an account: its options, its life, and how a call begins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/str.h"
#include "net/net_call.h"

/* --- chance --- */

/* xorshift64*: jitter needs spread, not secrecy. */
double net_chance(struct net *net)
{
	net->random ^= net->random >> 12;
	net->random ^= net->random << 25;
	net->random ^= net->random >> 27;
	return (double)((net->random * 0x2545f4914f6cdd1dULL) >> 11) / 9007199254740992.0;
}

static void draw_seed(struct net *net)
{
	net->random = net->options.tuning.seed;
	while (net->random == 0) {
		if (getrandom(&net->random, sizeof(net->random), 0) < 0)
			net->random = (uint64_t)getpid();
	}
}

/* --- options --- */

static void copy_calls(struct net *net)
{
	struct net_options *options = &net->options;
	struct net_endpoint_rate *rates =
		net_blocks_copy(&net->blocks, options->endpoint_rates,
				options->endpoint_rate_count * sizeof(*rates));

	options->endpoint_rates = rates;
	for (size_t i = 0; rates != NULL && i < options->endpoint_rate_count; i++) {
		struct net_allowed_call *call = &rates[i].call;

		call->method = net_blocks_text(&net->blocks, call->method);
		call->base_url = net_blocks_text(&net->blocks, call->base_url);
		call->path = net_blocks_text(&net->blocks, call->path);
		call->query = net_blocks_headers(&net->blocks, call->query, call->query_count);
	}
}

static void copy_quotas(struct net *net)
{
	struct net_options *options = &net->options;
	struct net_quota *quotas = net_blocks_copy(&net->blocks, options->quotas,
						   options->quota_count * sizeof(*quotas));

	options->quotas = quotas;
	for (size_t i = 0; quotas != NULL && i < options->quota_count; i++) {
		quotas[i].remaining = net_blocks_text(&net->blocks, quotas[i].remaining);
		quotas[i].reset = net_blocks_text(&net->blocks, quotas[i].reset);
	}
}

static void default_tuning(struct net_tuning *tuning)
{
	const struct {
		int64_t *value, standard;
	} times[] = {
		{ &tuning->connect_ms, 10000 },
		{ &tuning->total_ms, 120000 },
		{ &tuning->low_speed_ms, 30000 },
		{ &tuning->retry_base_ms, 1000 },
		{ &tuning->resolve_ttl_ms, 60000 },
		{ &tuning->breaker_ms, 30000 },
		{ &tuning->pause_max_ms, RETRY_WAIT_MAX_MS },
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		if (*times[i].value <= 0)
			*times[i].value = times[i].standard;
	}
	if (tuning->resolve == NULL)
		tuning->resolve = loop_resolve;
}

static bool copy_options(struct net *net, const struct net_options *options, struct err *err)
{
	struct net_options *copy = &net->options;

	*copy = *options;
	copy->account_id = net_blocks_text(&net->blocks, options->account_id);
	copy->budget_id = options->budget_id != NULL
				  ? net_blocks_text(&net->blocks, options->budget_id)
				  : copy->account_id;
	copy->ca_file = net_blocks_text(&net->blocks, options->ca_file);
	copy->proxy = net_blocks_text(&net->blocks, options->proxy);
	copy->rates = net_blocks_copy(&net->blocks, options->rates,
				      options->rate_count * sizeof(*options->rates));
	copy->connect_to = NULL; /* kept parsed: routes, policy */
	copy->allow_cidrs = NULL;
	copy_calls(net);
	copy_quotas(net);
	if (copy->concurrent <= 0)
		copy->concurrent = NET_CONCURRENT;
	default_tuning(&copy->tuning);
	if (copy->rate_count > NET_RATES_MAX)
		return err_set(err, ERR_CONFIG, "more than %d rates", NET_RATES_MAX);
	return !net->blocks.failed || err_oom(err);
}

static bool parse_cidrs(struct net *net, const struct net_options *options, struct err *err)
{
	net->policy.allowed = calloc(options->allow_cidr_count + 1, sizeof(*net->policy.allowed));
	if (net->policy.allowed == NULL)
		return err_oom(err);
	for (size_t i = 0; i < options->allow_cidr_count; i++) {
		if (!resolve_cidr_parse(options->allow_cidrs[i], &net->policy.allowed[i], err))
			return err_context(err, "allow-cidr");
		net->policy.allowed_count++;
	}
	return true;
}

static bool parse_routes(struct net *net, const struct net_options *options, struct err *err)
{
	net->routes = calloc(options->connect_to_count + 1, sizeof(*net->routes));
	if (net->routes == NULL)
		return err_oom(err);
	for (size_t i = 0; i < options->connect_to_count; i++) {
		if (!resolve_route_parse(options->connect_to[i], &net->routes[i], err))
			return err_context(err, "connect-to");
		net->route_count++;
	}
	return true;
}

static bool check_ca_file(const struct net_options *options, struct err *err)
{
	FILE *file = options->ca_file != NULL ? fopen(options->ca_file, "re") : NULL;
	char line[256];
	bool is_pem = false;

	if (options->ca_file == NULL)
		return true;
	if (file == NULL)
		return err_set(err, ERR_CONFIG, "ca-file %s: cannot be read", options->ca_file);
	while (!is_pem && fgets(line, sizeof(line), file) != NULL)
		is_pem = str_has_prefix(line, "-----BEGIN CERTIFICATE") ||
			 str_has_prefix(line, "-----BEGIN TRUSTED CERTIFICATE");
	fclose(file);
	if (is_pem)
		return true;
	err_set(err, ERR_CONFIG, "ca-file %s: no certificate in PEM form in it", options->ca_file);
	return err_hint(err,
			"it has to hold the authority's certificate: -----BEGIN CERTIFICATE-----");
}

/* The proxy's host and port, by way of the URL rules: scheme://HOST:PORT and nothing else. */
static bool read_proxy(const char *text, struct policy_url *out, struct err *err)
{
	static const char *const schemes[] = { "http://", "https://", "socks5h://" };
	struct err why = ERR_INIT;
	char url[512] = "";

	*out = (struct policy_url){ 0 };
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (str_has_prefix(text, schemes[i]))
			snprintf(url, sizeof(url), "https://%s", text + strlen(schemes[i]));
	}
	if (url[0] != '\0' && strchr(url + 8, ':') != NULL && policy_url_parse(url, out, &why) &&
	    str_eq(out->path, "/") && out->query == NULL)
		return true;
	policy_url_fini(out);
	return err_set(err, ERR_CONFIG,
		       "expected http://HOST:PORT, https://HOST:PORT or socks5h://HOST:PORT, "
		       "without user and password");
}

bool net_check_proxy(const char *text, struct err *err)
{
	struct policy_url unused;

	if (!read_proxy(text, &unused, err))
		return false;
	policy_url_fini(&unused);
	return true;
}

static bool parse_proxy(struct net *net, struct err *err)
{
	const char *proxy = net->options.proxy;

	return proxy == NULL || read_proxy(proxy, &net->proxy, err) || err_context(err, "proxy");
}

/* --- life --- */

static bool set_up(struct net *net, const struct net_options *options, struct err *err)
{
	char scope[256];

	if (!copy_options(net, options, err) || !parse_cidrs(net, options, err) ||
	    !parse_routes(net, options, err) || !check_ca_file(&net->options, err) ||
	    !parse_proxy(net, err))
		return false;
	snprintf(scope, sizeof(scope), "%s retries", net->options.account_id);
	net->retry_scope = net_blocks_text(&net->blocks, scope);
	if (net->retry_scope == NULL)
		return err_oom(err);
	retry_budget_init(&net->budget);
	draw_seed(net);
	net->resolver = resolver_new(net->loop, &net->options.tuning, err);
	if (net->resolver == NULL)
		return false;
	net->http = http_new(net->loop,
			     &(struct http_options){ .ca_file = net->options.ca_file,
						     .proxy = net->options.proxy,
						     .tuning = &net->options.tuning,
						     .policy = &net->policy,
						     .log = net->options.log },
			     err);
	return net->http != NULL;
}

struct net *net_open(struct loop *loop, const struct net_options *options, struct err *err)
{
	struct net *net = calloc(1, sizeof(*net));

	if (net == NULL) {
		err_oom(err);
		return NULL;
	}
	net->loop = loop;
	if (set_up(net, options, err))
		return net;
	net_close(net);
	return NULL;
}

static void free_scopes(struct net *net)
{
	while (net->scopes != NULL) {
		struct net_scope *next = net->scopes->next;

		free(net->scopes->name);
		free(net->scopes->state);
		free(net->scopes);
		net->scopes = next;
	}
}

void net_close(struct net *net)
{
	if (net == NULL)
		return;
	net->is_closing = true;
	while (net->calls != NULL)
		net_call_drop(net->calls);
	http_free(net->http);
	resolver_free(net->resolver);
	while (net->gates != NULL) {
		struct net_gate *next = net->gates->next;

		net_gate_free(net->gates);
		net->gates = next;
	}
	free_scopes(net);
	for (size_t i = 0; i < net->route_count; i++)
		resolve_route_fini(&net->routes[i]);
	free(net->routes);
	free(net->policy.allowed);
	policy_url_fini(&net->proxy);
	net_blocks_fini(&net->blocks);
	free(net);
}

/* --- the beginning of a call --- */

static const char *known_method(const char *method)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (str_eq(method, methods[i]))
			return methods[i];
	}
	return NULL;
}

static bool check_headers(const struct net_request *request, struct err *err)
{
	const struct net_header type = { "Content-Type", request->content_type };

	for (size_t i = 0; i < request->header_count; i++) {
		if (!policy_check_header(&request->headers[i], err))
			return false;
	}
	for (size_t i = 0; i < request->credential_count; i++) {
		if (!policy_check_credential(&request->credentials[i], err))
			return false;
	}
	return type.value == NULL || policy_check_header_bytes(&type, err);
}

/* An address in the URL can be judged although a proxy connects. */
static bool check_literal(const struct net *net, const struct policy_url *url, struct err *err)
{
	struct resolve_cidr literal;
	struct loop_addresses address = { .count = 1 };
	struct err none = ERR_INIT;

	if (net->options.proxy == NULL || !resolve_cidr_parse(url->host, &literal, &none))
		return true;
	resolve_cidr_address(&literal, &address.at[0]);
	return resolve_filter(&net->policy, url->host, &address, err);
}

static bool check(struct net_call *call, const struct net_request *request, struct err *err)
{
	call->request.method = known_method(request->method);
	if (call->request.method == NULL)
		return err_set(err, ERR_REFUSED,
			       "method \"%.20s\" is not one of GET, HEAD, POST, "
			       "PUT, PATCH, DELETE",
			       request->method);
	if (request->allow == NULL)
		return err_set(err, ERR_BUG, "request without a declaration of what is allowed");
	if (!policy_url_parse(request->url, &call->url, err))
		return err_context(err, "%s", request->method);
	if (policy_check(request->allow, request->method, &call->url, err) &&
	    check_headers(request, err) && check_literal(call->net, &call->url, err))
		return true;
	return err_context(err, "%s https://%s%s", request->method, call->url.host, call->url.path);
}

/* The content type is one header more. */
static void copy_headers(struct net_request *copy, const struct net_request *request,
			 struct net_blocks *blocks)
{
	const struct net_header type = { "Content-Type", request->content_type };
	size_t count = request->header_count;
	struct net_header *headers = net_blocks_copy(blocks, NULL, (count + 1) * sizeof(*headers));

	copy->headers = headers;
	copy->content_type = NULL;
	if (headers == NULL)
		return;
	for (size_t i = 0; i < count; i++)
		headers[i] = net_blocks_header(blocks, &request->headers[i]);
	if (type.value != NULL)
		headers[copy->header_count++] = net_blocks_header(blocks, &type);
}

static bool copy_request(struct net_call *call, const struct net_request *request, struct err *err)
{
	struct net_request *copy = &call->request;
	struct net_blocks *blocks = &call->blocks;
	const char *method = copy->method;

	*copy = *request;
	copy->method = method;
	copy->allow = NULL;
	copy->url = call->url.text;
	copy_headers(copy, request, blocks);
	copy->absent = net_blocks_copy(blocks, request->absent,
				       request->absent_count * sizeof(*request->absent));
	if (str_eq(method, "GET") || str_eq(method, "HEAD"))
		copy->is_idempotent = true;
	if (copy->max_body_bytes == 0)
		copy->max_body_bytes = HTTP_BODY_MAX;
	return !blocks->failed || err_oom(err);
}

static void enlist(struct net_call *call)
{
	struct net *net = call->net;

	call->next = net->calls;
	if (call->next != NULL)
		call->next->prev = call;
	net->calls = call;
}

struct net_call *net_send(struct net *net, const struct net_request *request, net_done_fn *done,
			  void *arg, struct err *err)
{
	struct net_call *call = calloc(1, sizeof(*call));

	if (call == NULL) {
		err_oom(err);
		return NULL;
	}
	call->net = net;
	call->done = done;
	call->arg = arg;
	if (check(call, request, err) && copy_request(call, request, err))
		call->gate = net_gate_find(net, call->url.host, call->url.port, err);
	if (call->gate != NULL && net_gate_enter(call->gate, call, err)) {
		enlist(call);
		return call;
	}
	policy_url_fini(&call->url);
	net_blocks_fini(&call->blocks);
	free(call);
	return NULL;
}

void net_cancel(struct net_call *call)
{
	net_call_drop(call);
}
