/* Precautions of a process that holds secrets. */
#include "base/custody.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/sabotage.h"

bool custody_harden(struct err *err)
{
	const struct rlimit none = { 0, 0 };

	/* libcurl would write the keys of every TLS session into that file. */
	unsetenv("SSLKEYLOGFILE");
	if (sabotage_is(SABOTAGE_CORE_DUMPS) ||
	    (setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0))
		return true;
	return err_set_errno(err, ERR_BUG, errno, "cannot bar core dumps");
}

bool custody_hold_standard(struct err *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int wrong_way = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		/* The lowest free descriptor is the one that open() gives. */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", wrong_way | O_CLOEXEC) != fd)
			return err_set_errno(err, ERR_BUG, errno, "cannot open /dev/null");
	}
	return true;
}
