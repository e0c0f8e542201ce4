/* The seam through which every exchange with a vendor goes. */
#include "record/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sabotage.h"
#include "base/str.h"

enum {
	/* Bodies that wait to be recorded; with more, no further request is to be sent. */
	BEHIND_BYTES = 8 * 1024 * 1024,
	/* What was under way by then may be large: beyond this the recording is given up, the
	   session is not. */
	QUEUED_BYTES_MAX = 64 * 1024 * 1024,
};

/* One exchange on its way to the recording: copies, since the answer goes on to the sandbox. */
struct pending {
	struct recording_exchange exchange;
	char *method, *url, *error;
	struct buf request_headers, response_headers, request_body, response_body;
	struct pending *next;
};

/* One request; done with its last attempt. */
struct send {
	struct exchange *exchange;
	net_done_fn *done;
	void *arg;
	bool is_clean; /* the last attempt's body holds no secret */
	struct send *next;
};

struct exchange {
	struct loop *loop;
	const struct redact *redact;
	struct net *net;
	struct recording *recording;
	struct exchange_counts counts;
	struct send *sends;
	struct pending *queue, **queue_tail;
	struct pending *writing; /* on the pool */
	size_t queued_bytes;
	struct err write_err; /* why the recording is given up; the loop's */
	struct err pool_err;  /* of the work on the pool: the pool's until that is done */
	void (*caught_up)(void *arg);
	void *caught_up_arg;
	void (*finished)(void *arg, const struct err *err);
	void *finished_arg;
};

/* --- the recording's queue --- */

bool exchange_is_behind(const struct exchange *exchange)
{
	return exchange->queued_bytes > BEHIND_BYTES;
}

void exchange_watch(struct exchange *exchange, void (*caught_up)(void *arg), void *arg)
{
	exchange->caught_up = caught_up;
	exchange->caught_up_arg = arg;
}

static void free_pending(struct pending *pending)
{
	free(pending->method);
	free(pending->url);
	free(pending->error);
	buf_fini(&pending->request_headers);
	buf_fini(&pending->response_headers);
	buf_fini(&pending->request_body);
	buf_fini(&pending->response_body);
	free(pending);
}

static void write_next(struct exchange *exchange);

/* The first failure counts. */
static void note_failure(struct exchange *exchange, const struct err *err)
{
	if (exchange->write_err.kind == ERR_NONE)
		exchange->write_err = *err;
}

static void release(struct exchange *exchange, struct pending *pending)
{
	exchange->queued_bytes -= pending->exchange.response_body_len;
	free_pending(pending);
}

static struct pending *take_first(struct exchange *exchange)
{
	struct pending *first = exchange->queue;

	exchange->queue = first->next;
	if (exchange->queue == NULL)
		exchange->queue_tail = &exchange->queue;
	return first;
}

/* On the pool: one append at a time. */
static void write_one(void *arg)
{
	struct exchange *exchange = arg;

	recording_append(exchange->recording, &exchange->writing->exchange, &exchange->pool_err);
}

static void on_written(void *arg)
{
	struct exchange *exchange = arg;
	bool was_behind = exchange_is_behind(exchange);

	note_failure(exchange, &exchange->pool_err);
	release(exchange, exchange->writing);
	exchange->writing = NULL;
	write_next(exchange);
	if (was_behind && !exchange_is_behind(exchange) && exchange->finished == NULL &&
	    exchange->caught_up != NULL)
		exchange->caught_up(exchange->caught_up_arg);
}

/* On the pool: sync and close. One with a gap gets no end: it is not whole. */
static void finish_recording(void *arg)
{
	struct exchange *exchange = arg;

	if (exchange->recording == NULL)
		return;
	if (exchange->write_err.kind == ERR_NONE)
		recording_finish(exchange->recording, &exchange->pool_err);
	else
		recording_abandon(exchange->recording);
	exchange->recording = NULL;
}

static void on_finished(void *arg)
{
	struct exchange *exchange = arg;
	void (*finished)(void *, const struct err *) = exchange->finished;
	void *finished_arg = exchange->finished_arg;
	struct err err;

	note_failure(exchange, &exchange->pool_err);
	err = exchange->write_err;
	free(exchange);
	finished(finished_arg, &err);
}

/* Work on the pool, one at a time; where that cannot be begun, here. */
static void run_on_pool(struct exchange *exchange, void (*work)(void *arg), void (*done)(void *arg))
{
	struct err err = ERR_INIT;

	exchange->pool_err = ERR_INIT;
	if (loop_work(exchange->loop, work, done, exchange, &err))
		return;
	work(exchange);
	done(exchange);
}

static void write_next(struct exchange *exchange)
{
	if (exchange->writing != NULL)
		return;
	while (exchange->write_err.kind != ERR_NONE && exchange->queue != NULL)
		release(exchange, take_first(exchange));
	if (exchange->queue != NULL) {
		exchange->writing = take_first(exchange);
		run_on_pool(exchange, write_one, on_written);
	} else if (exchange->finished != NULL) {
		run_on_pool(exchange, finish_recording, on_finished);
	}
}

/* --- an attempt --- */

static void copy_clean(const struct exchange *exchange, const void *data, size_t len, bool is_clean,
		       struct buf *out)
{
	if (is_clean)
		buf_append(out, data, len);
	else
		redact_copy(exchange->redact, data, len, out);
}

static void fill_reply(const struct exchange *exchange, struct pending *pending,
		       const struct net_reply *reply, bool is_clean)
{
	recording_redact_headers(reply->headers, reply->header_count, NULL, 0, exchange->redact,
				 &pending->response_headers);
	copy_clean(exchange, reply->body.data, reply->body.len, is_clean, &pending->response_body);
	pending->exchange.status = reply->status;
	pending->exchange.started_ms = reply->started_ms;
	pending->exchange.duration_ms = reply->duration_ms;
}

static char *clean_text(const struct exchange *exchange, const char *text)
{
	struct buf out = BUF_INIT;

	redact_copy(exchange->redact, text, strlen(text), &out);
	return buf_take(&out);
}

static bool is_whole(const struct pending *pending)
{
	return !pending->request_headers.failed && !pending->response_headers.failed &&
	       !pending->request_body.failed && !pending->response_body.failed &&
	       pending->method != NULL && pending->url != NULL;
}

static struct pending *new_pending(const struct exchange *exchange,
				   const struct net_attempt *attempt, bool is_clean)
{
	struct pending *pending = calloc(1, sizeof(*pending));

	if (pending == NULL)
		return NULL;
	pending->method = str_dup(attempt->method);
	pending->url = clean_text(exchange, attempt->url);
	if (attempt->err->kind != ERR_NONE)
		pending->error = clean_text(exchange, attempt->err->message);
	recording_redact_headers(attempt->headers, attempt->header_count, NULL, 0, exchange->redact,
				 &pending->request_headers);
	if (attempt->body_len > 0)
		redact_copy(exchange->redact, attempt->body, attempt->body_len,
			    &pending->request_body);
	if (attempt->reply != NULL)
		fill_reply(exchange, pending, attempt->reply, is_clean);
	if (is_whole(pending))
		return pending;
	free_pending(pending);
	return NULL;
}

static void point_at_copies(struct pending *pending)
{
	struct recording_exchange *exchange = &pending->exchange;

	exchange->method = pending->method;
	exchange->url = pending->url;
	exchange->error = pending->error;
	exchange->request_headers = buf_text(&pending->request_headers);
	exchange->response_headers = buf_text(&pending->response_headers);
	exchange->request_body = pending->request_body.data;
	exchange->request_body_len = pending->request_body.len;
	exchange->response_body = pending->response_body.data;
	exchange->response_body_len = pending->response_body.len;
}

static bool is_given_up(struct exchange *exchange)
{
	struct err slow = ERR_INIT;

	if (exchange->queued_bytes > QUEUED_BYTES_MAX) {
		err_set(&slow, ERR_STORE,
			"the disk is too slow: more than %d MiB waited to be recorded",
			QUEUED_BYTES_MAX / (1024 * 1024));
		note_failure(exchange, &slow);
	}
	return exchange->write_err.kind != ERR_NONE;
}

static void record(struct exchange *exchange, const struct net_attempt *attempt, bool is_clean)
{
	struct pending *pending;
	struct err oom = ERR_INIT;

	exchange->counts.last++;
	if (is_given_up(exchange))
		return;
	pending = new_pending(exchange, attempt, is_clean);
	if (pending == NULL) {
		err_oom(&oom);
		note_failure(exchange, &oom);
		return;
	}
	point_at_copies(pending);
	pending->exchange.number = exchange->counts.last;
	pending->exchange.attempt = attempt->number;
	exchange->queued_bytes += pending->exchange.response_body_len;
	*exchange->queue_tail = pending;
	exchange->queue_tail = &pending->next;
	write_next(exchange);
}

static void on_attempt(void *arg, const struct net_attempt *attempt)
{
	struct send *send = arg;
	struct exchange *exchange = send->exchange;
	const struct net_reply *reply = attempt->reply;

	exchange->counts.requests++;
	exchange->counts.retries += attempt->number > 1;
	send->is_clean = true;
	if (reply != NULL) {
		exchange->counts.bytes += reply->bytes_received;
		send->is_clean = sabotage_is(SABOTAGE_PLAIN_ANSWERS) ||
				 !redact_finds(exchange->redact, reply->body.data, reply->body.len);
	}
	if (exchange->recording != NULL)
		record(exchange, attempt, send->is_clean);
}

/* --- a request --- */

static void free_send(struct send *send)
{
	struct send **at = &send->exchange->sends;

	while (*at != send)
		at = &(*at)->next;
	*at = send->next;
	free(send);
}

/* The vendor echoed a secret: what goes on has it replaced. */
static void clean_body(const struct exchange *exchange, struct net_reply *reply, struct err *err)
{
	struct buf clean = BUF_INIT;

	redact_copy(exchange->redact, reply->body.data, reply->body.len, &clean);
	buf_fini(&reply->body);
	reply->body = clean;
	if (clean.failed)
		err_oom(err);
}

/* A header's value with secrets replaced, malloc'd; NULL = there is none in it. One that cannot be
 * replaced for lack of memory is left empty. */
static char *clean_header(const struct exchange *exchange, struct net_header *header)
{
	char *clean;

	if (!redact_finds(exchange->redact, header->value, strlen(header->value)))
		return NULL;
	clean = clean_text(exchange, header->value);
	header->value = clean != NULL ? clean : "";
	return clean;
}

/* The values that were replaced, by header; NULL = none was, or err says what is wrong. */
static char **clean_headers(const struct exchange *exchange, struct net_reply *reply,
			    struct err *err)
{
	char **values = calloc(reply->header_count + 1, sizeof(*values));

	if (values == NULL) {
		reply->header_count = 0;
		err_oom(err);
		return NULL;
	}
	for (size_t i = 0; i < reply->header_count; i++)
		values[i] = clean_header(exchange, &reply->headers[i]);
	return values;
}

static void free_values(char **values, size_t count)
{
	for (size_t i = 0; values != NULL && i < count; i++)
		free(values[i]);
	free(values);
}

static void on_done(void *arg, struct net_reply *reply, const struct err *failure)
{
	struct send *send = arg;
	const struct exchange *exchange = send->exchange;
	net_done_fn *done = send->done;
	void *done_arg = send->arg;
	struct err err = *failure;
	bool is_clean = send->is_clean;
	char **values = NULL;
	size_t count = 0;

	free_send(send);
	if (reply != NULL) {
		values = clean_headers(exchange, reply, &err);
		count = reply->header_count;
		if (!is_clean)
			clean_body(exchange, reply, &err);
	}
	if (err.kind != ERR_NONE &&
	    redact_finds(exchange->redact, err.message, strlen(err.message))) {
		char *message = clean_text(exchange, err.message);

		snprintf(err.message, sizeof(err.message), "%s", message != NULL ? message : "");
		free(message);
	}
	done(done_arg, reply, &err);
	free_values(values, count);
}

bool exchange_send(struct exchange *exchange, const struct net_request *request, net_done_fn *done,
		   void *arg, struct err *err)
{
	struct net_request attempted = *request;
	struct send *send = malloc(sizeof(*send));

	if (send == NULL)
		return err_oom(err);
	*send = (struct send){
		.exchange = exchange, .done = done, .arg = arg, .next = exchange->sends
	};
	exchange->sends = send;
	attempted.attempted = on_attempt;
	if (net_send(exchange->net, &attempted, on_done, send, err) != NULL)
		return true;
	free_send(send);
	return false;
}

struct exchange_counts exchange_counts(const struct exchange *exchange)
{
	return exchange->counts;
}

/* --- open and finish --- */

struct exchange *exchange_open(struct loop *loop, const struct net_options *options,
			       const struct redact *redact, struct recording *recording,
			       struct err *err)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	if (exchange == NULL) {
		recording_abandon(recording);
		err_oom(err);
		return NULL;
	}
	exchange->loop = loop;
	exchange->redact = redact;
	exchange->recording = recording;
	exchange->queue_tail = &exchange->queue;
	exchange->write_err = ERR_INIT;
	exchange->net = net_open(loop, options, err);
	if (exchange->net != NULL)
		return exchange;
	recording_abandon(recording);
	free(exchange);
	return NULL;
}

void exchange_finish(struct exchange *exchange, void (*finished)(void *arg, const struct err *err),
		     void *arg)
{
	net_close(exchange->net);
	exchange->net = NULL;
	while (exchange->sends != NULL)
		free_send(exchange->sends);
	exchange->finished = finished;
	exchange->finished_arg = arg;
	write_next(exchange);
}
