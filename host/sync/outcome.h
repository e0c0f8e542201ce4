/* What a session leaves behind: its outcome and the account's new state, in one transaction. */
#ifndef MUSTER_SYNC_OUTCOME_H
#define MUSTER_SYNC_OUTCOME_H

#include "sync/run.h"

/* Units; `run` is a struct sync_run. */

/* Session, account state, recording, lease. Refused when the lease was lost. */
bool outcome_write(struct store_tx *tx, void *run, struct err *err);

/* What is past its time (sync/retention.h). */
bool outcome_expire(struct store_tx *tx, void *run, struct err *err);

/*
 * No session was begun. Does the reason stay until somebody acts (a connector or overlay that is
 * broken or not approved), so that it belongs to the account's state?
 */
bool outcome_is_lasting(const struct sync_run *run);
bool outcome_write_state(struct store_tx *tx, void *run, struct err *err);

#endif
