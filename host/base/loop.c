/* The event loop: libuv behind our own names. Children live in loop_child.c. */
#define _GNU_SOURCE
#include "base/loop.h"

#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/loop_uv.h"

struct loop {
	uv_loop_t uv;
	uv_async_t wake;
	pthread_mutex_t lock;
	struct loop_post *posts, **posts_tail; /* under lock */
	unsigned retained;
};

struct loop_timer {
	uv_timer_t uv;
	loop_timer_fn *fire;
	void *arg;
};

struct loop_watch {
	uv_poll_t uv;
	loop_watch_fn *ready;
	void *arg;
};

struct work {
	uv_work_t uv;
	void (*work)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

struct resolve {
	uv_getaddrinfo_t uv;
	loop_resolved_fn *done;
	void *arg;
	char host[256];
	uint16_t port;
};

struct loop_signal {
	uv_signal_t uv;
	void (*caught)(void *arg);
	void *arg;
};

struct uv_loop_s *loop_uv(struct loop *loop)
{
	return &loop->uv;
}

bool loop_uv_fail(int status, const char *what, struct err *err)
{
	if (status == UV_ENOMEM)
		return err_oom(err);
	if (status != UV_EMFILE && status != UV_ENFILE && status != UV_EAGAIN)
		return err_set(err, ERR_BUG, "%s: %s", what, uv_strerror(status));
	err_set(err, ERR_OVER_LIMIT, "%s: %s", what, uv_strerror(status));
	return err_hint(err, "raise the limits of open files and processes (ulimit -n, ulimit -u)");
}

static void free_handle(uv_handle_t *handle)
{
	free(handle->data);
}

/* --- loop and posts --- */

static struct loop_post *take_posts(struct loop *loop)
{
	struct loop_post *posts;

	pthread_mutex_lock(&loop->lock);
	posts = loop->posts;
	loop->posts = NULL;
	loop->posts_tail = &loop->posts;
	pthread_mutex_unlock(&loop->lock);
	return posts;
}

static void on_wake(uv_async_t *wake)
{
	struct loop *loop = wake->data;
	struct loop_post *post = take_posts(loop);

	while (post != NULL) {
		struct loop_post *next = post->next;

		post->fn(post->arg);
		post = next;
	}
}

struct loop *loop_new(struct err *err)
{
	struct loop *loop;
	int status;

	if (!loop_has_room(err))
		return NULL;
	loop = calloc(1, sizeof(*loop));
	if (loop == NULL) {
		err_oom(err);
		return NULL;
	}
	status = uv_loop_init(&loop->uv);
	if (status != 0) {
		loop_uv_fail(status, "event loop", err);
		free(loop);
		return NULL;
	}
	pthread_mutex_init(&loop->lock, NULL);
	loop->posts_tail = &loop->posts;
	uv_async_init(&loop->uv, &loop->wake, on_wake);
	loop->wake.data = loop;
	uv_unref((uv_handle_t *)&loop->wake);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	uv_close((uv_handle_t *)&loop->wake, NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	uv_loop_close(&loop->uv);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

void loop_run(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

void loop_post(struct loop *loop, struct loop_post *post)
{
	post->next = NULL;
	pthread_mutex_lock(&loop->lock);
	*loop->posts_tail = post;
	loop->posts_tail = &post->next;
	pthread_mutex_unlock(&loop->lock);
	uv_async_send(&loop->wake);
}

void loop_retain(struct loop *loop)
{
	if (loop->retained++ == 0)
		uv_ref((uv_handle_t *)&loop->wake);
}

void loop_release(struct loop *loop)
{
	if (--loop->retained == 0)
		uv_unref((uv_handle_t *)&loop->wake);
}

/* --- timers --- */

void loop_timer_close(struct loop_timer *timer)
{
	if (timer != NULL)
		uv_close((uv_handle_t *)&timer->uv, free_handle);
}

static void on_timer(uv_timer_t *uv)
{
	struct loop_timer *timer = uv->data;
	loop_timer_fn *fire = timer->fire;
	void *arg = timer->arg;

	loop_timer_close(timer);
	fire(arg);
}

struct loop_timer *loop_timer_start(struct loop *loop, int64_t delay_ms, loop_timer_fn *fire,
				    void *arg)
{
	struct loop_timer *timer = malloc(sizeof(*timer));

	if (timer == NULL)
		return NULL;
	*timer = (struct loop_timer){ .fire = fire, .arg = arg };
	uv_timer_init(&loop->uv, &timer->uv);
	timer->uv.data = timer;
	uv_update_time(&loop->uv);
	uv_timer_start(&timer->uv, on_timer, delay_ms > 0 ? (uint64_t)delay_ms : 0, 0);
	return timer;
}

/* --- descriptors --- */

static void on_poll(uv_poll_t *uv, int status, int events)
{
	struct loop_watch *watch = uv->data;
	int seen = 0;

	if (status < 0)
		seen |= LOOP_FAILED;
	if (events & (UV_READABLE | UV_DISCONNECT))
		seen |= LOOP_READABLE;
	if (events & UV_WRITABLE)
		seen |= LOOP_WRITABLE;
	watch->ready(watch->arg, seen);
}

void loop_watch_set(struct loop_watch *watch, int events)
{
	int wanted = 0;

	if (events & LOOP_READABLE)
		wanted |= UV_READABLE;
	if (events & LOOP_WRITABLE)
		wanted |= UV_WRITABLE;
	if (wanted == 0)
		uv_poll_stop(&watch->uv);
	else
		uv_poll_start(&watch->uv, wanted, on_poll);
}

struct loop_watch *loop_watch_start(struct loop *loop, int fd, int events, loop_watch_fn *ready,
				    void *arg, struct err *err)
{
	struct loop_watch *watch = malloc(sizeof(*watch));
	int status;

	if (watch == NULL) {
		err_oom(err);
		return NULL;
	}
	*watch = (struct loop_watch){ .ready = ready, .arg = arg };
	status = uv_poll_init(&loop->uv, &watch->uv, fd);
	if (status != 0) {
		loop_uv_fail(status, "watch a descriptor", err);
		free(watch);
		return NULL;
	}
	watch->uv.data = watch;
	loop_watch_set(watch, events);
	return watch;
}

void loop_watch_close(struct loop_watch *watch)
{
	if (watch == NULL)
		return;
	uv_poll_stop(&watch->uv);
	uv_close((uv_handle_t *)&watch->uv, free_handle);
}

/* --- the pool --- */

static void do_work(uv_work_t *uv)
{
	struct work *work = uv->data;

	work->work(work->arg);
}

static void after_work(uv_work_t *uv, int status)
{
	struct work *work = uv->data;

	(void)status;
	work->done(work->arg);
	free(work);
}

bool loop_work(struct loop *loop, void (*work)(void *arg), void (*done)(void *arg), void *arg,
	       struct err *err)
{
	struct work *job = malloc(sizeof(*job));
	int status;

	if (job == NULL)
		return err_oom(err);
	*job = (struct work){ .work = work, .done = done, .arg = arg };
	job->uv.data = job;
	status = uv_queue_work(&loop->uv, &job->uv, do_work, after_work);
	if (status == 0)
		return true;
	free(job);
	return loop_uv_fail(status, "worker pool", err);
}

/* --- names --- */

static void collect(struct loop_addresses *out, const struct addrinfo *found)
{
	for (; found != NULL && out->count < LOOP_ADDRESSES_MAX; found = found->ai_next) {
		if (found->ai_family != AF_INET && found->ai_family != AF_INET6)
			continue;
		memset(&out->at[out->count], 0, sizeof(out->at[0]));
		memcpy(&out->at[out->count], found->ai_addr, found->ai_addrlen);
		out->count++;
	}
}

static void on_resolved(uv_getaddrinfo_t *uv, int status, struct addrinfo *found)
{
	struct resolve *resolve = uv->data;
	struct loop_addresses addresses = { 0 };
	struct err err = ERR_INIT;

	if (status == 0)
		collect(&addresses, found);
	uv_freeaddrinfo(found);
	if (addresses.count > 0) {
		resolve->done(resolve->arg, &addresses, &err);
	} else {
		err_set(&err, ERR_NET, "cannot resolve %s: %s", resolve->host,
			status != 0 ? uv_strerror(status) : "no IPv4 or IPv6 address");
		resolve->done(resolve->arg, NULL, &err);
	}
	free(resolve);
}

bool loop_resolve(struct loop *loop, const char *host, uint16_t port, loop_resolved_fn *done,
		  void *arg, struct err *err)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_STREAM,
					.ai_flags = AI_ADDRCONFIG };
	struct resolve *resolve = malloc(sizeof(*resolve));
	char service[8];
	int status;

	if (resolve == NULL)
		return err_oom(err);
	*resolve = (struct resolve){ .done = done, .arg = arg, .port = port };
	snprintf(resolve->host, sizeof(resolve->host), "%s", host);
	snprintf(service, sizeof(service), "%u", port);
	resolve->uv.data = resolve;
	status = uv_getaddrinfo(&loop->uv, &resolve->uv, on_resolved, host, service, &hints);
	if (status == 0)
		return true;
	free(resolve);
	return err_set(err, ERR_NET, "cannot resolve %s: %s", host, uv_strerror(status));
}

/* --- signals --- */

static void on_signal(uv_signal_t *uv, int signum)
{
	struct loop_signal *sig = uv->data;

	(void)signum;
	sig->caught(sig->arg);
}

void loop_signal_close(struct loop_signal *sig)
{
	if (sig == NULL)
		return;
	uv_close((uv_handle_t *)&sig->uv, free_handle);
}

struct loop_signal *loop_signal_start(struct loop *loop, int signum, void (*caught)(void *arg),
				      void *arg, struct err *err)
{
	struct loop_signal *sig = malloc(sizeof(*sig));
	int status;

	if (sig == NULL) {
		err_oom(err);
		return NULL;
	}
	*sig = (struct loop_signal){ .caught = caught, .arg = arg };
	status = uv_signal_init(&loop->uv, &sig->uv);
	if (status != 0) {
		loop_uv_fail(status, "catch a signal", err);
		free(sig);
		return NULL;
	}
	sig->uv.data = sig;
	status = uv_signal_start(&sig->uv, on_signal, signum);
	uv_unref((uv_handle_t *)&sig->uv);
	if (status == 0)
		return sig;
	loop_uv_fail(status, "catch a signal", err);
	loop_signal_close(sig);
	return NULL;
}

const char *loop_library(void)
{
	return uv_version_string();
}
