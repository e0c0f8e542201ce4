/* The loopback redirect. */
#include "vault/oauth/callback.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/str.h"
#include "net/server.h"

struct oauth_callback {
	struct loop *loop;
	struct oauth_callback_options options;
	struct server *server;
	struct loop_timer *timer;
	bool is_answered;
	struct secret code;
	struct err err; /* of an answer that is no code */
	size_t strangers;
};

size_t oauth_callback_strangers(const struct oauth_callback *callback)
{
	return callback->strangers;
}

/* --- pages --- */

static void put_escaped(struct buf *out, const char *text)
{
	static const char special[] = "&<>\"'";

	for (; *text != '\0'; text++) {
		if (strchr(special, *text) != NULL)
			buf_printf(out, "&#%d;", *text);
		else
			buf_char(out, *text);
	}
}

static void put_page(struct server_reply *reply, unsigned status, const char *title,
		     const char *text)
{
	reply->status = status;
	buf_printf(&reply->body,
		   "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		   "<title>muster</title></head>\n<body><h1>%s</h1>\n<p>",
		   title);
	put_escaped(&reply->body, text);
	buf_str(&reply->body, "</p></body></html>\n");
}

static void put_outcome(const struct oauth_callback *callback, struct server_reply *reply)
{
	struct buf text = BUF_INIT;

	reply->is_last = true;
	if (callback->err.kind == ERR_NONE) {
		put_page(reply, 200, "Muster has the consent",
			 "Close this window and go on where you started muster.");
		return;
	}
	buf_printf(&text, "%s. Go back to where you started muster.", callback->err.message);
	put_page(reply, 200, "This did not work", buf_text(&text));
	buf_fini(&text);
}

static void put_stranger(struct oauth_callback *callback, struct server_reply *reply,
			 const char *why)
{
	if (callback->strangers == CALLBACK_STRANGERS_MAX) {
		put_page(reply, 429, "Too many requests", why);
		return;
	}
	callback->strangers++;
	put_page(reply, 400, "This is not the answer that muster waits for", why);
}

/* --- the end --- */

/* Listening ends before the answer is told: whoever gets it may close us. */
static void end(struct oauth_callback *callback)
{
	const struct oauth_callback_options *options = &callback->options;
	bool has_code = callback->err.kind == ERR_NONE;

	loop_timer_close(callback->timer);
	callback->timer = NULL;
	server_close(callback->server);
	callback->server = NULL;
	options->done(options->arg, has_code ? &callback->code : NULL, &callback->err);
}

static void on_linger_over(void *arg)
{
	struct oauth_callback *callback = arg;

	callback->timer = NULL;
	end(callback);
}

static void on_time_over(void *arg)
{
	struct oauth_callback *callback = arg;

	callback->timer = NULL;
	err_set(&callback->err, ERR_TIMEOUT, "nobody consented within five minutes");
	end(callback);
}

/* --- requests --- */

static bool is_meant(const struct oauth_redirect *redirect, const char *host)
{
	return strlen(host) == redirect->authority_len &&
	       strncasecmp(host, redirect->authority, redirect->authority_len) == 0;
}

static void await_page(struct oauth_callback *callback)
{
	callback->is_answered = true;
	loop_timer_close(callback->timer);
	callback->timer =
		loop_timer_start(callback->loop, CALLBACK_LINGER_MS, on_linger_over, callback);
}

static void take(struct oauth_callback *callback, const char *query, struct server_reply *reply)
{
	const struct oauth_callback_options *options = &callback->options;
	struct err err = ERR_INIT;

	if (oauth_attempt_take(options->attempt, options->consent, query, strlen(query),
			       clock_monotonic_ms(), &callback->code, &err) ||
	    err.kind != ERR_REFUSED) {
		callback->err = err;
		reply->status = 303;
		reply->location = options->redirect->path;
		await_page(callback);
	} else {
		put_stranger(callback, reply, err.message);
	}
}

static void on_callback(struct oauth_callback *callback, const char *query,
			struct server_reply *reply)
{
	if (callback->is_answered && query[0] == '\0')
		put_outcome(callback, reply);
	else if (callback->is_answered)
		put_stranger(callback, reply, "muster has had its answer");
	else
		take(callback, query, reply);
}

static void on_request(void *arg, const struct server_request *request, struct server_reply *reply)
{
	struct oauth_callback *callback = arg;
	const struct oauth_redirect *redirect = callback->options.redirect;
	size_t len = strcspn(request->target, "?");
	const char *query = request->target + len + (request->target[len] == '?');

	if (!is_meant(redirect, request->host)) {
		put_page(reply, 421, "Wrong address", "Nothing of that name is served here.");
	} else if (len != strlen(redirect->path) ||
		   memcmp(request->target, redirect->path, len) != 0) {
		put_page(reply, 404, "Not found", "Nothing else is served here.");
	} else if (!str_eq(request->method, "GET")) {
		reply->allow = "GET";
		put_page(reply, 405, "Only GET", "A redirect is a GET.");
	} else {
		on_callback(callback, query, reply);
	}
}

static void on_last_sent(void *arg)
{
	end(arg);
}

/* --- open, close --- */

static bool open_server(struct oauth_callback *callback, struct err *err)
{
	const struct server_options options = {
		.port = callback->options.redirect->port,
		.answer = on_request,
		.last_sent = on_last_sent,
		.arg = callback,
	};

	callback->server = server_open(callback->loop, &options, err);
	return callback->server != NULL;
}

static bool start_timer(struct oauth_callback *callback, struct err *err)
{
	int64_t left_ms = callback->options.attempt->until_ms - clock_monotonic_ms();

	callback->timer = loop_timer_start(callback->loop, left_ms, on_time_over, callback);
	return callback->timer != NULL || err_oom(err);
}

struct oauth_callback *oauth_callback_listen(struct loop *loop,
					     const struct oauth_callback_options *options,
					     struct err *err)
{
	struct oauth_callback *callback = calloc(1, sizeof(*callback));

	if (callback == NULL) {
		err_oom(err);
		return NULL;
	}
	callback->loop = loop;
	callback->options = *options;
	callback->err = ERR_INIT;
	if (open_server(callback, err) && start_timer(callback, err))
		return callback;
	oauth_callback_close(callback);
	return NULL;
}

void oauth_callback_close(struct oauth_callback *callback)
{
	if (callback == NULL)
		return;
	loop_timer_close(callback->timer);
	server_close(callback->server);
	secret_fini(&callback->code);
	free(callback);
}
