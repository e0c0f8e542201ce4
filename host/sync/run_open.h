/* The opening of a session: account, connector, approval, lease, credential, recording. */
#ifndef MUSTER_SYNC_RUN_OPEN_H
#define MUSTER_SYNC_RUN_OPEN_H

#include "sync/run.h"

/* Goes on to stream_next, or run_fail; never before it returned. */
void run_open(struct sync_run *run);

#endif
