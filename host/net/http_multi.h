/* What the files of http share. No other file includes it. */
#ifndef MUSTER_NET_HTTP_MULTI_H
#define MUSTER_NET_HTTP_MULTI_H

#include <curl/curl.h>

#include "net/http.h"

struct http {
	struct loop *loop;
	struct http_options options;
	CURLM *multi;
	struct loop_timer *timer;
	struct http_watch *watches;
	struct http_exchange *exchanges;
	int depth; /* of calls into libcurl that may end exchanges */
	bool is_closed;
};

struct http_exchange {
	struct http *http;
	struct http_exchange *prev, *next;
	struct http_request request;
	http_done_fn *done;
	void *arg;
	CURL *easy;
	struct curl_slist *headers, *resolve, *connect_to;
	char detail[CURL_ERROR_SIZE];
	char ip[RESOLVE_ADDRESS_TEXT];
	struct buf head; /* "name\0value\0" ... */
	size_t head_bytes, header_count;
	int64_t started_monotonic;
	struct err abort; /* why one of our callbacks ended it; ERR_NONE = none did */
	struct http_result result;
};

/* Takes part in the multi from now on. */
bool http_multi_add(struct http_exchange *exchange, struct err *err);
void http_multi_remove(struct http_exchange *exchange);

/* http.c: the transfer ended; fills the result, calls done and frees the exchange. */
void http_exchange_end(struct http_exchange *exchange, CURLcode code);

/* CURLOPT_CLOSESOCKETFUNCTION with the http as its argument. */
int http_multi_close_socket(void *arg, curl_socket_t fd);

/* http_receive.c: the callbacks that take in an answer, with the exchange as their argument. */
size_t http_receive_header(char *line, size_t size, size_t count, void *arg);
size_t http_receive_body(char *data, size_t size, size_t count, void *arg);
bool http_receive_finish(struct http_exchange *exchange);

#endif
