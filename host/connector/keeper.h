/* Rate limits, pauses and breakers, kept in the store for net/: shared by processes, alive after a
 * restart. */
#ifndef MUSTER_CONNECTOR_KEEPER_H
#define MUSTER_CONNECTOR_KEEPER_H

#include "base/err.h"
#include "net/net.h"
#include "store/store.h"

struct keeper;

struct keeper *keeper_new(struct store *store, struct err *err);
struct net_keeper keeper_functions(struct keeper *keeper);

/* Frees it as soon as the last unit under way has answered (into nothing). NULL is fine. */
void keeper_release(struct keeper *keeper);

#endif
