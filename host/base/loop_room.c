/*
 * Room for what libuv cannot do without: it ends the whole program where it gets no pipe for
 * signals or no threads for its pool. Asked for before, a lack of them is an error like others.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/loop_uv.h"

enum {
	PIPES = 4,   /* of a loop: two for signals, the rest for epoll and wake-ups */
	THREADS = 4, /* libuv's default */
};

static bool fail(const char *what, int errnum, struct err *err)
{
	err_set_errno(err, ERR_OVER_LIMIT, errnum, "event loop: no %s", what);
	return err_hint(err, "raise the limits of open files and processes (ulimit -n, ulimit -u)");
}

static bool has_pipes(struct err *err)
{
	int ends[PIPES][2], count = 0, errnum = 0;

	while (count < PIPES && errnum == 0) {
		if (pipe2(ends[count], O_CLOEXEC) == 0)
			count++;
		else
			errnum = errno;
	}
	while (count-- > 0) {
		close(ends[count][0]);
		close(ends[count][1]);
	}
	return errnum == 0 || fail("pipes", errnum, err);
}

static void *wait_for_all(void *arg)
{
	pthread_mutex_t *gate = arg;

	pthread_mutex_lock(gate);
	pthread_mutex_unlock(gate);
	return NULL;
}

/* All of them at once, as the pool has them. */
static bool has_threads(struct err *err)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	pthread_t threads[THREADS];
	int count = 0, errnum = 0;

	pthread_mutex_lock(&gate);
	while (count < THREADS && errnum == 0) {
		errnum = pthread_create(&threads[count], NULL, wait_for_all, &gate);
		count += errnum == 0;
	}
	pthread_mutex_unlock(&gate);
	while (count-- > 0)
		pthread_join(threads[count], NULL);
	return errnum == 0 || fail("threads", errnum, err);
}

bool loop_has_room(struct err *err)
{
	return has_pipes(err) && has_threads(err);
}
