/* Precautions of a process that holds secrets. */
#include "base/custody.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

bool custody_harden(struct err *err)
{
	const struct rlimit none = { 0, 0 };

	/* libcurl would write the keys of every TLS session into that file. */
	unsetenv("SSLKEYLOGFILE");
	if (setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0)
		return true;
	return err_set_errno(err, ERR_BUG, errno, "cannot bar core dumps");
}
