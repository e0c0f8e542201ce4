/*
 * curl's multi handle on the loop. libuv aborts when it is told about a descriptor that is closed
 * already, so a watch ends before its socket does, whoever closes it: in libcurl's REMOVE, and
 * again in our own close function (libraries.md 3.1).
 */
#include "net/http_multi.h"

#include <stdlib.h>
#include <unistd.h>

struct http_watch {
	struct http *http;
	struct http_watch *next;
	struct loop_watch *watch;
	curl_socket_t fd;
	int events;
};

/* --- what libcurl did while we were in it --- */

static void destroy(struct http *http)
{
	curl_multi_cleanup(http->multi); /* closes kept connections, through close_socket */
	loop_timer_close(http->timer);
	free(http);
	curl_global_cleanup();
}

static void drain(struct http *http)
{
	CURLMsg *message;
	int left;

	while (!http->is_closed && (message = curl_multi_info_read(http->multi, &left)) != NULL) {
		CURLcode code = message->data.result;
		struct http_exchange *exchange;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
		http_exchange_end(exchange, code);
	}
}

/*
 * There was no memory for a transfer's socket or for the timer, and libcurl does not say of which:
 * it would never hear of that one again.
 */
static void give_up(struct http *http)
{
	for (struct http_exchange *at = http->exchanges; at != NULL; at = at->next)
		err_oom(&at->abort);
}

static struct http_exchange *find_given_up(const struct http *http)
{
	struct http_exchange *at = http->exchanges;

	while (at != NULL && at->abort.kind == ERR_NONE)
		at = at->next;
	return at;
}

/* Not those that the end of others began. */
static void end_given_up(struct http *http)
{
	struct http_exchange *exchange;

	while (!http->is_closed && (exchange = find_given_up(http)) != NULL)
		http_exchange_end(exchange, CURLE_OUT_OF_MEMORY);
}

static void act(struct http *http, curl_socket_t fd, int events)
{
	int running;
	CURLMcode code;

	http->depth++;
	code = curl_multi_socket_action(http->multi, fd, events, &running);
	if (code != CURLM_OK)
		give_up(http);
	drain(http);
	if (code != CURLM_OK)
		end_given_up(http);
	http->depth--;
	if (http->is_closed && http->depth == 0)
		destroy(http);
}

/* --- timer --- */

static void on_timer(void *arg)
{
	struct http *http = arg;

	http->timer = NULL;
	act(http, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http *http = arg;

	(void)multi;
	loop_timer_close(http->timer);
	http->timer = NULL;
	if (timeout_ms < 0)
		return 0;
	http->timer = loop_timer_start(http->loop, timeout_ms, on_timer, http);
	return http->timer != NULL ? 0 : -1;
}

/* --- sockets --- */

static void on_ready(void *arg, int events)
{
	struct http_watch *watch = arg;
	int flags = 0;

	if (events & LOOP_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & LOOP_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	if (events & LOOP_FAILED) {
		/* libuv watches no further. libcurl finds the cause when it reads or writes, and
		 * what came before it; CURL_CSELECT_ERR would throw both away. */
		loop_watch_set(watch->watch, watch->events);
		flags |= CURL_CSELECT_IN | CURL_CSELECT_OUT;
	}
	act(watch->http, watch->fd, flags);
}

static void unwatch(struct http *http, curl_socket_t fd)
{
	struct http_watch **at = &http->watches;

	while (*at != NULL && (*at)->fd != fd)
		at = &(*at)->next;
	if (*at != NULL) {
		struct http_watch *watch = *at;

		*at = watch->next;
		loop_watch_close(watch->watch);
		free(watch);
	}
}

static struct http_watch *find_watch(struct http *http, curl_socket_t fd)
{
	struct http_watch *watch = http->watches;

	while (watch != NULL && watch->fd != fd)
		watch = watch->next;
	return watch;
}

static bool watch_new(struct http *http, curl_socket_t fd, int events)
{
	struct http_watch *watch = calloc(1, sizeof(*watch));
	struct err err = ERR_INIT;

	if (watch == NULL)
		return false;
	*watch = (struct http_watch){
		.http = http, .fd = fd, .events = events, .next = http->watches
	};
	watch->watch = loop_watch_start(http->loop, fd, events, on_ready, watch, &err);
	if (watch->watch == NULL) {
		log_write(http->options.log, LOG_WARN, "http: %s", err.message);
		free(watch);
		return false;
	}
	http->watches = watch;
	return true;
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	struct http *http = arg;
	struct http_watch *watch = find_watch(http, fd);
	int events = 0;

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE) {
		unwatch(http, fd);
		return 0;
	}
	if (what != CURL_POLL_OUT)
		events |= LOOP_READABLE;
	if (what != CURL_POLL_IN)
		events |= LOOP_WRITABLE;
	if (watch == NULL)
		return watch_new(http, fd, events) ? 0 : -1;
	watch->events = events;
	loop_watch_set(watch->watch, events);
	return 0;
}

int http_multi_close_socket(void *arg, curl_socket_t fd)
{
	unwatch(arg, fd);
	return close(fd);
}

/* --- exchanges --- */

bool http_multi_add(struct http_exchange *exchange, struct err *err)
{
	struct http *http = exchange->http;

	/* What fails here is memory: libcurl's own, or in set_timer. */
	if (curl_multi_add_handle(http->multi, exchange->easy) != CURLM_OK)
		return err_oom(err);
	exchange->next = http->exchanges;
	if (exchange->next != NULL)
		exchange->next->prev = exchange;
	http->exchanges = exchange;
	return true;
}

void http_multi_remove(struct http_exchange *exchange)
{
	struct http *http = exchange->http;

	curl_multi_remove_handle(http->multi, exchange->easy);
	if (exchange->prev != NULL)
		exchange->prev->next = exchange->next;
	else
		http->exchanges = exchange->next;
	if (exchange->next != NULL)
		exchange->next->prev = exchange->prev;
}

/* --- life --- */

static bool set_up(CURLM *multi, struct http *http)
{
	return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, set_socket) == CURLM_OK &&
	       curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, http) == CURLM_OK &&
	       curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer) == CURLM_OK &&
	       curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http) == CURLM_OK &&
	       curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) == CURLM_OK;
}

struct http *http_new(struct loop *loop, const struct http_options *options, struct err *err)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(http);
		err_oom(err);
		return NULL;
	}
	http->loop = loop;
	http->options = *options;
	http->multi = curl_multi_init();
	if (http->multi != NULL && set_up(http->multi, http))
		return http;
	destroy(http);
	err_oom(err);
	return NULL;
}

void http_free(struct http *http)
{
	if (http == NULL)
		return;
	http->is_closed = true;
	while (http->exchanges != NULL)
		http_cancel(http->exchanges);
	if (http->depth == 0)
		destroy(http);
}
