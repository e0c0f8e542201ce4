/* One exchange: how libcurl is set up for it, and what comes of it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/sabotage.h"
#include "base/secret.h"
#include "base/str.h"
#include "net/http_multi.h"

/*
 * As large as libcurl allows. When an HTTP/2 stream's data outgrow this buffer, libcurl 7.88 pauses
 * the session, and when they were the last to come, it never learns that the stream has ended: the
 * answer is there and the transfer runs into its time-out. libcurl reads a stream at most ten times
 * 32 KiB before the others have their turn, which 512 KiB hold.
 */
enum { RECEIVE_BUFFER = 512 * 1024 };

/* --- options that are the same for every exchange --- */

static bool set_constants(CURL *easy)
{
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{ CURLOPT_NOSIGNAL, 1 },
		{ CURLOPT_FOLLOWLOCATION, sabotage_is(SABOTAGE_FOLLOW_REDIRECTS) },
		{ CURLOPT_UNRESTRICTED_AUTH, 0 },
		{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
		{ CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
		{ CURLOPT_SSL_VERIFYPEER, !sabotage_is(SABOTAGE_ANY_CERTIFICATE) },
		{ CURLOPT_SSL_VERIFYHOST, sabotage_is(SABOTAGE_ANY_NAME) ? 0 : 2 },
		{ CURLOPT_CERTINFO, 1 },
		{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
		{ CURLOPT_PROXY_SSL_VERIFYPEER, 1 },
		{ CURLOPT_PROXY_SSL_VERIFYHOST, 2 },
		{ CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
		{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
		{ CURLOPT_HTTP09_ALLOWED, 0 },
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS },
		{ CURLOPT_PIPEWAIT, 1 },
		{ CURLOPT_BUFFERSIZE, RECEIVE_BUFFER },
		{ CURLOPT_PATH_AS_IS, 1 },
		{ CURLOPT_TCP_KEEPALIVE, 1 },
		{ CURLOPT_LOW_SPEED_LIMIT, 100 },
	};
	static const struct {
		CURLoption option;
		const char *value;
	} texts[] = {
		{ CURLOPT_PROTOCOLS_STR, "https" },
		{ CURLOPT_REDIR_PROTOCOLS_STR, "https" },
		{ CURLOPT_PROXY, "" },	 /* "" and not NULL: the environment is not asked */
		{ CURLOPT_NOPROXY, "" }, /* likewise */
		{ CURLOPT_ACCEPT_ENCODING, "gzip" },
		{ CURLOPT_USERAGENT, "muster" },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (curl_easy_setopt(easy, numbers[i].option, numbers[i].value) != CURLE_OK)
			return false;
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (curl_easy_setopt(easy, texts[i].option, texts[i].value) != CURLE_OK)
			return false;
	}
	return true;
}

/* --- the peer --- */

static bool is_pinned(const struct http_exchange *exchange, const struct sockaddr *address)
{
	const struct loop_addresses *pinned = &exchange->request.pinned;

	for (size_t i = 0; i < pinned->count; i++) {
		if (resolve_same_address((const struct sockaddr *)&pinned->at[i], address))
			return true;
	}
	return false;
}

static void refuse_peer(struct http_exchange *exchange, const struct sockaddr *address)
{
	char text[RESOLVE_ADDRESS_TEXT];

	err_set(&exchange->abort, ERR_REFUSED, "address not allowed: %s is at %s now",
		exchange->request.peer_host, resolve_address_text(address, text));
}

/* libcurl connects to pinned addresses only; should it ever try another one, it ends here. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_exchange *exchange = arg;

	(void)purpose;
	if ((address->family != AF_INET && address->family != AF_INET6) ||
	    !is_pinned(exchange, &address->addr)) {
		refuse_peer(exchange, &address->addr);
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool read_address(const char *text, struct sockaddr_storage *out)
{
	struct resolve_cidr cidr;
	struct err err = ERR_INIT;

	if (!resolve_cidr_parse(text, &cidr, &err))
		return false;
	resolve_cidr_address(&cidr, out);
	return true;
}

/* The first line of the peer's own certificate that begins so; NULL on a kept connection. */
static const char *certificate_line(CURL *easy, const char *name)
{
	struct curl_certinfo *chain = NULL;

	curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain);
	if (chain == NULL || chain->num_of_certs == 0)
		return NULL;
	for (const struct curl_slist *at = chain->certinfo[0]; at != NULL; at = at->next) {
		if (str_has_prefix(at->data, name))
			return at->data + strlen(name);
	}
	return NULL;
}

/*
 * libcurl falls back to the common name of a certificate without alternative names, which no
 * standard has allowed since RFC 6125. A kept connection has been looked at before: no list then.
 */
static bool has_alternative_name(CURL *easy)
{
	struct curl_certinfo *chain = NULL;

	curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain);
	return chain == NULL || chain->num_of_certs == 0 ||
	       certificate_line(easy, "X509v3 Subject Alternative Name:") != NULL;
}

/* Just before the request is sent, on a new connection or one that was kept. */
static int check_peer(void *arg, char *peer_ip, char *local_ip, int peer_port, int local_port)
{
	struct http_exchange *exchange = arg;
	const struct http *http = exchange->http;
	struct sockaddr_storage peer;
	const struct sockaddr *address = (const struct sockaddr *)&peer;

	(void)local_ip;
	(void)peer_port;
	(void)local_port;
	if (!read_address(peer_ip, &peer) ||
	    !(is_pinned(exchange, address) || resolve_is_allowed(http->options.policy, address)))
		err_set(&exchange->abort, ERR_REFUSED, "address not allowed: %s is at %s now",
			exchange->request.peer_host, peer_ip);
	else if (!has_alternative_name(exchange->easy))
		err_set(&exchange->abort, ERR_NET,
			"certificate refused: it has no alternative name, only a common name");
	else
		return CURL_PREREQFUNC_OK;
	/* HTTP/2 keeps a connection whose request was called off; nobody may use this one. */
	curl_easy_setopt(exchange->easy, CURLOPT_FORBID_REUSE, 1L);
	return CURL_PREREQFUNC_ABORT;
}

static bool is_address(const char *host)
{
	struct sockaddr_storage unused;

	return read_address(host, &unused);
}

/* "host:port:address,address": libcurl's name cache then holds what we resolved. */
static bool pin(struct http_exchange *exchange)
{
	const struct http_request *request = &exchange->request;
	struct buf line = BUF_INIT;
	char text[RESOLVE_ADDRESS_TEXT];

	if (is_address(request->peer_host))
		return true;
	buf_printf(&line, "%s:%u:", request->peer_host, request->peer_port);
	for (size_t i = 0; i < request->pinned.count; i++) {
		const struct sockaddr *at = (const struct sockaddr *)&request->pinned.at[i];

		buf_printf(&line, at->sa_family == AF_INET6 ? "%s[%s]" : "%s%s", i > 0 ? "," : "",
			   resolve_address_text(at, text));
	}
	if (!line.failed)
		exchange->resolve = curl_slist_append(NULL, line.data);
	buf_fini(&line);
	return exchange->resolve != NULL &&
	       curl_easy_setopt(exchange->easy, CURLOPT_RESOLVE, exchange->resolve) == CURLE_OK;
}

static bool set_peer(struct http_exchange *exchange)
{
	const struct resolve_route *route = exchange->request.route;
	const struct http_options *options = &exchange->http->options;
	CURL *easy = exchange->easy;

	if (route != NULL) {
		exchange->connect_to = curl_slist_append(NULL, route->text);
		if (exchange->connect_to == NULL ||
		    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, exchange->connect_to) != CURLE_OK)
			return false;
	}
	if (options->ca_file != NULL &&
	    (curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file) != CURLE_OK ||
	     curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, options->ca_file) != CURLE_OK))
		return false;
	if (options->proxy != NULL &&
	    curl_easy_setopt(easy, CURLOPT_PROXY, options->proxy) != CURLE_OK)
		return false;
	return pin(exchange);
}

/* --- the request --- */

/* "Name: value"; for an empty value libcurl wants "Name;". */
static bool add_header(struct http_exchange *exchange, const char *name, const char *value)
{
	struct buf line = BUF_INIT;
	struct curl_slist *list = NULL;

	buf_printf(&line, *value != '\0' ? "%s: %s" : "%s;", name, value);
	if (!line.failed)
		list = curl_slist_append(exchange->headers, line.data);
	if (line.data != NULL)
		secret_wipe(line.data, line.size);
	buf_fini(&line);
	if (list != NULL)
		exchange->headers = list;
	return list != NULL;
}

static bool add_headers(struct http_exchange *exchange)
{
	const struct http_request *request = &exchange->request;

	for (size_t i = 0; i < request->header_count; i++) {
		if (!add_header(exchange, request->headers[i].name, request->headers[i].value))
			return false;
	}
	for (size_t i = 0; i < request->credential_count; i++) {
		if (!add_header(exchange, request->credentials[i].name,
				request->credentials[i].value))
			return false;
	}
	return true;
}

/* libcurl adds a form's type to every body, and asks before it sends a large one. */
static bool drop_defaults(struct http_exchange *exchange)
{
	struct curl_slist *list = curl_slist_append(exchange->headers, "Expect:");

	if (list == NULL)
		return false;
	exchange->headers = list;
	for (; list != NULL; list = list->next) {
		if (strncasecmp(list->data, "Content-Type:", 13) == 0)
			return true;
	}
	list = curl_slist_append(exchange->headers, "Content-Type:");
	return list != NULL;
}

static bool set_method(CURL *easy, const struct http_request *request)
{
	bool has_body = request->body_len > 0 || str_eq(request->method, "POST") ||
			str_eq(request->method, "PUT") || str_eq(request->method, "PATCH");

	if (str_eq(request->method, "HEAD"))
		return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
	if (has_body &&
	    (curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len) ||
	     curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
			      request->body != NULL ? request->body : "")))
		return false;
	return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK;
}

static bool set_blob(CURL *easy, CURLoption option, const void *data, size_t len)
{
	struct curl_blob blob = { (void *)(uintptr_t)data, len, CURL_BLOB_NOCOPY };

	return curl_easy_setopt(easy, option, &blob) == CURLE_OK;
}

/* libcurl compares the certificate when it looks for a connection to use again. */
static bool set_certificate(CURL *easy, const struct net_certificate *certificate)
{
	return certificate == NULL ||
	       (set_blob(easy, CURLOPT_SSLCERT_BLOB, certificate->certificate,
			 certificate->certificate_len) &&
		set_blob(easy, CURLOPT_SSLKEY_BLOB, certificate->key, certificate->key_len));
}

static bool set_request(struct http_exchange *exchange)
{
	const struct http_request *request = &exchange->request;
	CURL *easy = exchange->easy;

	return curl_easy_setopt(easy, CURLOPT_CURLU, request->url->parsed) == CURLE_OK &&
	       set_method(easy, request) && add_headers(exchange) && drop_defaults(exchange) &&
	       set_certificate(easy, request->certificate) &&
	       curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)!request->is_idempotent) ==
		       CURLE_OK;
}

static bool set_limits(struct http_exchange *exchange)
{
	const struct net_tuning *tuning = exchange->http->options.tuning;
	CURL *easy = exchange->easy;

	return curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)tuning->connect_ms) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)tuning->total_ms) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
				(long)((tuning->low_speed_ms + 999) / 1000)) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
				(curl_off_t)exchange->request.max_body_bytes) == CURLE_OK;
}

static bool set_callbacks(struct http_exchange *exchange)
{
	CURL *easy = exchange->easy;

	return curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->detail) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_receive_body) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_receive_header) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, exchange) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, http_multi_close_socket) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, exchange->http) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, check_peer) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange) == CURLE_OK;
}

/* --- start and end --- */

static void free_list_wiped(struct curl_slist *list)
{
	for (struct curl_slist *at = list; at != NULL; at = at->next)
		secret_wipe(at->data, strlen(at->data));
	curl_slist_free_all(list);
}

static void free_exchange(struct http_exchange *exchange)
{
	curl_easy_cleanup(exchange->easy);
	free_list_wiped(exchange->headers);
	curl_slist_free_all(exchange->resolve);
	curl_slist_free_all(exchange->connect_to);
	buf_fini(&exchange->head);
	buf_fini(&exchange->result.reply.body);
	free(exchange->result.reply.headers);
	free(exchange);
}

struct http_exchange *http_start(struct http *http, const struct http_request *request,
				 http_done_fn *done, void *arg, struct err *err)
{
	struct http_exchange *exchange = calloc(1, sizeof(*exchange));

	if (exchange == NULL) {
		err_oom(err);
		return NULL;
	}
	*exchange = (struct http_exchange){ .http = http,
					    .request = *request,
					    .done = done,
					    .arg = arg,
					    .abort = ERR_INIT,
					    .easy = curl_easy_init() };
	exchange->started_monotonic = clock_monotonic_ms();
	exchange->result.reply.started_ms = clock_wall_ms();
	if (exchange->easy == NULL || !set_constants(exchange->easy) || !set_callbacks(exchange) ||
	    !set_limits(exchange) || !set_request(exchange) || !set_peer(exchange))
		err_oom(err);
	else if (http_multi_add(exchange, err))
		return exchange;
	free_exchange(exchange);
	return NULL;
}

void http_cancel(struct http_exchange *exchange)
{
	http_multi_remove(exchange);
	free_exchange(exchange);
}

static void read_facts(struct http_exchange *exchange)
{
	struct net_reply *reply = &exchange->result.reply;
	curl_off_t body = 0;
	long status = 0;
	char *ip = NULL;

	curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(exchange->easy, CURLINFO_SIZE_DOWNLOAD_T, &body);
	curl_easy_getinfo(exchange->easy, CURLINFO_PRIMARY_IP, &ip);
	if (ip != NULL && strlen(ip) < sizeof(exchange->ip))
		snprintf(exchange->ip, sizeof(exchange->ip), "%s", ip);
	reply->status = (int)status;
	reply->effective_ip = exchange->ip;
	reply->peer_expires_ms = net_date(certificate_line(exchange->easy, "Expire date:"));
	reply->bytes_received = (int64_t)exchange->head_bytes + body;
	reply->duration_ms = clock_monotonic_ms() - exchange->started_monotonic;
}

static void judge_transfer(struct http_exchange *exchange, CURLcode code)
{
	struct http_result *result = &exchange->result;
	const char *proxy = exchange->http->options.proxy;
	long verify = 0, answer = 0;
	curl_off_t begun = 0;

	curl_easy_getinfo(exchange->easy, CURLINFO_SSL_VERIFYRESULT, &verify);
	curl_easy_getinfo(exchange->easy, CURLINFO_HTTP_CONNECTCODE, &answer);
	curl_easy_getinfo(exchange->easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
	result->class = http_fault_of_transfer((int)code, exchange->detail, verify,
					       result->reply.status != 0, &result->err);
	if (proxy != NULL)
		result->class = http_fault_of_proxy(proxy, (int)answer, begun > 0, result->class,
						    &result->err);
}

void http_exchange_end(struct http_exchange *exchange, CURLcode code)
{
	struct http_result *result = &exchange->result;

	read_facts(exchange);
	http_multi_remove(exchange);
	result->err = ERR_INIT;
	if (exchange->abort.kind != ERR_NONE) {
		result->err = exchange->abort;
	} else if (code != CURLE_OK) {
		judge_transfer(exchange, code);
	} else if (!http_receive_finish(exchange)) {
		err_oom(&result->err);
	}
	if (result->err.kind != ERR_NONE)
		result->reply.status = 0;
	exchange->done(exchange->arg, result);
	free_exchange(exchange);
}
