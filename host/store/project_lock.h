/*
 * Who has a project's database open: a lock file beside it (flock), shared by all processes that
 * use it. Whoever opens it first, or migrates it, holds it alone for that moment. The kernel lets
 * go of it when a process dies.
 */
#ifndef MUSTER_STORE_PROJECT_LOCK_H
#define MUSTER_STORE_PROJECT_LOCK_H

#include <stdbool.h>

#include "base/err.h"

struct project_lock;

/* Alone if nobody else has the database open, else shared. Waits for one that holds it alone, at
 * most 30 s: ERR_BUSY. */
struct project_lock *project_lock_take(const char *path, struct err *err);

bool project_lock_is_alone(const struct project_lock *lock);

/* From alone to shared. */
void project_lock_share(struct project_lock *lock);

/* NULL is fine. */
void project_lock_free(struct project_lock *lock);

#endif
