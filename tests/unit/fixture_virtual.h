/*
 * The HTTP client in virtual time: clock, timers, names and exchanges are replaced, all that
 * decides is the real one. A program that uses it is linked with --wrap for each function at the
 * end (tests/promises/CMakeLists.txt). One world a process, one thread.
 */
#ifndef MUSTER_TESTS_FIXTURE_VIRTUAL_H
#define MUSTER_TESTS_FIXTURE_VIRTUAL_H

#include "base/loop.h"
#include "net/http.h"

/* What a vendor answers, and how long it takes. status 0: no answer, for `class`. */
struct virtual_answer {
	int status;
	enum retry_class class;
	int64_t latency_ms;
	char retry_after[40], date[40]; /* "" = no such header */
};

/* Whoever answers all requests. Paths are those of the URLs. */
struct virtual_vendor {
	void *arg;
	/* A request is sent. */
	struct virtual_answer (*asked)(void *arg, const char *path);
	/* Its answer has come. */
	void (*answered)(void *arg, const char *path, const struct virtual_answer *answer);
};

/* Begins anew, at a wall-clock time; events of before are dropped. `vendor` is borrowed. */
void virtual_begin(int64_t wall_ms, const struct virtual_vendor *vendor);
int64_t virtual_now_ms(void);

/* Runs what comes next, however long that takes; false: nothing does. */
bool virtual_step(void);

/* For net_tuning.resolve: every name is 8.8.8.8. */
bool virtual_resolve(struct loop *loop, const char *host, uint16_t port, loop_resolved_fn *done,
		     void *arg, struct err *err);

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
void virtual_http_date(int64_t wall_ms, char out[40]);

/* --- what stands in for the real functions --- */

int64_t __wrap_clock_wall_ms(void);
int64_t __wrap_clock_monotonic_ms(void);
struct loop_timer *__wrap_loop_timer_start(struct loop *loop, int64_t delay_ms, loop_timer_fn *fire,
					   void *arg);
void __wrap_loop_timer_close(struct loop_timer *timer);
struct http *__wrap_http_new(struct loop *loop, const struct http_options *options,
			     struct err *err);
void __wrap_http_free(struct http *http);
struct http_exchange *__wrap_http_start(struct http *http, const struct http_request *request,
					http_done_fn *done, void *arg, struct err *err);
void __wrap_http_cancel(struct http_exchange *exchange);

#endif
