/* Precautions of a process that holds secrets. */
#ifndef MUSTER_BASE_CUSTODY_H
#define MUSTER_BASE_CUSTODY_H

#include <stdbool.h>

#include "base/err.h"

/*
 * No core dumps (RLIMIT_CORE 0) and no ptrace or /proc/PID/mem by other processes of the same user
 * (PR_SET_DUMPABLE 0), and no log of TLS session keys (SSLKEYLOGFILE). Call first thing in the host
 * role, before there are threads.
 */
bool custody_harden(struct err *err);

#endif
