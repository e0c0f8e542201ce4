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

/*
 * Holds the places of stdin, stdout and stderr where they were closed (`2>&-`): else the next file
 * or socket to be opened would take them, and what is meant for a person would be written into it.
 * Using a place that is held fails with EBADF, as it would without. First thing in main.
 */
bool custody_hold_standard(struct err *err);

#endif
