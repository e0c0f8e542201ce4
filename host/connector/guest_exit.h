/* Why a sandbox ended, in words. */
#ifndef MUSTER_CONNECTOR_GUEST_EXIT_H
#define MUSTER_CONNECTOR_GUEST_EXIT_H

#include <stdint.h>

#include "base/err.h"

/* CPU time of a sandbox between two answers of the host: what sandbox/jail.h allows. */
enum { GUEST_CPU_SECONDS = 30 };

/* `broken`: why the host ended it; ERR_NONE = it ended by itself, by exit code or signal. */
void guest_explain_exit(const char *name, const struct err *broken, int64_t code, int signum,
			struct err *err);

#endif
