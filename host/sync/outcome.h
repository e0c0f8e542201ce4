/* What a session leaves behind: its outcome and the account's new state, in one transaction. */
#ifndef MUSTER_SYNC_OUTCOME_H
#define MUSTER_SYNC_OUTCOME_H

#include "sync/run.h"

/* Units; `run` is a struct sync_run. */

/* Session, account state, recording, lease. Refused when the lease was lost. */
bool outcome_write(struct store_tx *tx, void *run, struct err *err);

/* The account waits for an approval; no session was begun. */
bool outcome_write_unapproved(struct store_tx *tx, void *run, struct err *err);

/* On the scratch: what a dry run would have changed. */
bool outcome_read_changes(struct store_tx *tx, void *run, struct err *err);

#endif
