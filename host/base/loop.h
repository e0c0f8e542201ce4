/*
 * The event loop (libuv): the only place that includes uv.h. One thread runs a loop; everything but
 * loop_post belongs to that thread. Handles are closed through their own close function, never
 * freed; no callback comes after it.
 */
#ifndef MUSTER_BASE_LOOP_H
#define MUSTER_BASE_LOOP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/err.h"

struct loop;

struct loop *loop_new(struct err *err);

/* The version of the libuv that is loaded. */
const char *loop_library(void);

/* Every handle must be closed before. */
void loop_free(struct loop *loop);

/* Returns when nothing is left to wait for, or after loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* --- timers: once after delay_ms (0 = the next turn of the loop) --- */
struct loop_timer;
typedef void loop_timer_fn(void *arg);

/* Starts a timer that fires once. NULL = out of memory. It closes itself after firing. */
struct loop_timer *loop_timer_start(struct loop *loop, int64_t delay_ms, loop_timer_fn *fire,
				    void *arg);
/* Before it fired: it will not. NULL is fine. Never after it fired. */
void loop_timer_close(struct loop_timer *timer);

/* --- descriptors --- */
enum { LOOP_READABLE = 1, LOOP_WRITABLE = 2, LOOP_FAILED = 4 };

struct loop_watch;
typedef void loop_watch_fn(void *arg, int events);

/* Watches fd (which stays the caller's, and stays open until loop_watch_close). */
struct loop_watch *loop_watch_start(struct loop *loop, int fd, int events, loop_watch_fn *ready,
				    void *arg, struct err *err);
void loop_watch_set(struct loop_watch *watch, int events);
void loop_watch_close(struct loop_watch *watch);

/* --- other threads --- */
struct loop_post {
	void (*fn)(void *arg); /* may free the post */
	void *arg;
	struct loop_post *next; /* the loop's */
};

/* From any thread: runs post->fn on the loop's thread. Never fails; the post is the caller's and
 * stays until fn is called. */
void loop_post(struct loop *loop, struct loop_post *post);

/*
 * A promise that loop_post will be called later from another thread: the loop does not end before
 * loop_release. Call both on the loop's thread.
 */
void loop_retain(struct loop *loop);
void loop_release(struct loop *loop);

/* Runs work on the pool, then done on the loop's thread. */
bool loop_work(struct loop *loop, void (*work)(void *arg), void (*done)(void *arg), void *arg,
	       struct err *err);

/* --- names --- */
enum { LOOP_ADDRESSES_MAX = 16 };

struct loop_addresses {
	size_t count;
	struct sockaddr_storage at[LOOP_ADDRESSES_MAX]; /* AF_INET or AF_INET6, with the port */
};

/* `addresses` is valid during the call only; on failure it is NULL and err says why. */
typedef void loop_resolved_fn(void *arg, const struct loop_addresses *addresses,
			      const struct err *err);

/* getaddrinfo on the pool (libraries.md 3.2: libcurl's own resolver would stall the loop). */
bool loop_resolve(struct loop *loop, const char *host, uint16_t port, loop_resolved_fn *done,
		  void *arg, struct err *err);

/* --- signals --- */
struct loop_signal;
struct loop_signal *loop_signal_start(struct loop *loop, int signum, void (*caught)(void *arg),
				      void *arg, struct err *err);
void loop_signal_close(struct loop_signal *sig);

/* --- child processes --- */
struct loop_child;

struct loop_child_spec {
	const char *path;
	const char *const *argv; /* NULL-terminated */
	int socket;		 /* becomes descriptor 3; 0-2 are /dev/null */
	void (*exited)(void *arg, int64_t exit_code, int term_signal);
	void *arg;
};

/*
 * Empty environment; of the host's descriptors no other than 0-3. What the host itself inherited
 * without close-on-exec is the child's to close (the sandbox does).
 */
struct loop_child *loop_child_start(struct loop *loop, const struct loop_child_spec *spec,
				    struct err *err);
pid_t loop_child_pid(const struct loop_child *child);
void loop_child_kill(struct loop_child *child, int signum);

/* After `exited` was called, or to forget the child (it is killed). */
void loop_child_close(struct loop_child *child);

#endif
