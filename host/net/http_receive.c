/*
 * Taking in an answer: headers and the decoded body, each under its cap. libcurl alone stops
 * neither a gzip bomb nor an endless body (reliability.md EG5).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/sabotage.h"
#include "net/http_multi.h"

/* What libcurl may have read from the socket without having counted it yet. */
enum { UNCOUNTED = 16384 };

/* Any size but the one received ends the transfer; the reason stands in exchange->abort. */
enum { STOP = 0 };

static bool is_status_line(const char *line, size_t len)
{
	return len > 5 && memcmp(line, "HTTP/", 5) == 0;
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && strchr(" \t\r\n", (*text)[*len - 1]) != NULL)
		(*len)--;
	while (*len > 0 && strchr(" \t", **text) != NULL) {
		(*text)++;
		(*len)--;
	}
}

static bool keep_header(struct http_exchange *exchange, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	const char *value;
	size_t value_len;

	if (colon == NULL || colon == line)
		return true; /* the empty line, or no header */
	value = colon + 1;
	value_len = len - (size_t)(value - line);
	trim(&value, &value_len);
	if (memchr(line, '\0', len) != NULL || memchr(value, '\r', value_len) != NULL)
		return err_set(&exchange->abort, ERR_DATA,
			       "answer with a control byte in a header");
	if (++exchange->header_count > HTTP_HEADERS_MAX)
		return err_set(&exchange->abort, ERR_OVER_LIMIT, "answer with more than %d headers",
			       HTTP_HEADERS_MAX);
	buf_append(&exchange->head, line, (size_t)(colon - line));
	buf_char(&exchange->head, '\0');
	buf_append(&exchange->head, value, value_len);
	buf_char(&exchange->head, '\0');
	return buf_ok(&exchange->head, &exchange->abort);
}

size_t http_receive_header(char *line, size_t size, size_t count, void *arg)
{
	struct http_exchange *exchange = arg;
	size_t len = size * count;

	exchange->head_bytes += len;
	if (exchange->head_bytes > HTTP_HEAD_MAX) {
		err_set(&exchange->abort, ERR_OVER_LIMIT, "answer with more than %d KiB of headers",
			HTTP_HEAD_MAX / 1024);
		return STOP;
	}
	if (is_status_line(line, len)) {
		buf_clear(&exchange->head); /* of an interim answer (1xx) */
		exchange->header_count = 0;
		return len;
	}
	return keep_header(exchange, line, len) ? len : STOP;
}

/* Does what is decoded stand in no proportion to what came? */
static bool is_bomb(struct http_exchange *exchange, size_t decoded)
{
	curl_off_t received = 0;

	if (decoded <= HTTP_RATIO_FROM || sabotage_is(SABOTAGE_NO_RATIO))
		return false;
	curl_easy_getinfo(exchange->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
	return decoded / HTTP_RATIO_MAX > (size_t)received + UNCOUNTED;
}

size_t http_receive_body(char *data, size_t size, size_t count, void *arg)
{
	struct http_exchange *exchange = arg;
	struct buf *body = &exchange->result.reply.body;
	size_t len = size * count, cap = exchange->request.max_body_bytes;

	if (len > cap - body->len && !sabotage_is(SABOTAGE_NO_BODY_CAP)) {
		err_set(&exchange->abort, ERR_OVER_LIMIT, "answer of more than %zu bytes", cap);
		return STOP;
	}
	if (is_bomb(exchange, body->len + len)) {
		err_set(&exchange->abort, ERR_OVER_LIMIT,
			"compressed answer that unpacks to more than %d times its size",
			HTTP_RATIO_MAX);
		return STOP;
	}
	buf_append(body, data, len);
	return buf_ok(body, &exchange->abort) ? len : STOP;
}

/* Cuts the kept headers into the reply's list. */
bool http_receive_finish(struct http_exchange *exchange)
{
	struct net_reply *reply = &exchange->result.reply;
	const char *at = exchange->head.data;

	if (exchange->header_count == 0)
		return true;
	reply->headers = calloc(exchange->header_count, sizeof(*reply->headers));
	if (reply->headers == NULL)
		return false;
	for (; reply->header_count < exchange->header_count; reply->header_count++) {
		struct net_header *header = &reply->headers[reply->header_count];

		header->name = at;
		at += strlen(at) + 1;
		header->value = at;
		at += strlen(at) + 1;
	}
	return true;
}

const char *net_reply_header(const struct net_reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->header_count; i++) {
		if (strcasecmp(reply->headers[i].name, name) == 0)
			return reply->headers[i].value;
	}
	return NULL;
}
