/* Who has a project's database open. */
#include "store/project_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 3000, PAUSE_NS = 10 * 1000 * 1000 };

struct project_lock {
	int fd;
	bool is_alone;
};

static bool wait_shared(int fd, const char *path, struct err *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	for (int i = 0; i < TRIES; i++) {
		if (flock(fd, LOCK_SH | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set_errno(err, ERR_STORE, errno, "%s.lock", path);
		nanosleep(&pause, NULL);
	}
	err_set(err, ERR_BUSY, "another muster process holds %s for itself", path);
	return err_hint(err, "wait until its migration or check has ended, then try again");
}

static bool take(struct project_lock *lock, const char *path, struct err *err)
{
	char name[4096];

	snprintf(name, sizeof(name), "%s.lock", path);
	lock->fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock->fd < 0)
		return err_set_errno(err, errno == ENOENT ? ERR_MISSING : ERR_STORE, errno, "%s",
				     name);
	lock->is_alone = flock(lock->fd, LOCK_EX | LOCK_NB) == 0;
	return lock->is_alone || wait_shared(lock->fd, path, err);
}

struct project_lock *project_lock_take(const char *path, struct err *err)
{
	struct project_lock *lock = calloc(1, sizeof(*lock));

	if (lock == NULL) {
		err_oom(err);
		return NULL;
	}
	lock->fd = -1;
	if (take(lock, path, err))
		return lock;
	project_lock_free(lock);
	return NULL;
}

bool project_lock_is_alone(const struct project_lock *lock)
{
	return lock->is_alone;
}

void project_lock_share(struct project_lock *lock)
{
	/* The kernel lets go before it takes again: what interrupts that must not leave nothing. */
	while (lock->is_alone && flock(lock->fd, LOCK_SH) != 0 && errno == EINTR)
		;
	lock->is_alone = false;
}

void project_lock_free(struct project_lock *lock)
{
	if (lock == NULL)
		return;
	if (lock->fd >= 0)
		close(lock->fd);
	free(lock);
}
