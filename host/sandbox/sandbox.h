/*
 * The sandbox role of the program: one Lua state, one job, one socket to the host (host/README.md).
 *
 * How the process ends is told by wire/exit.h.
 */
#ifndef MUSTER_SANDBOX_SANDBOX_H
#define MUSTER_SANDBOX_SANDBOX_H

/* Serves the host on `socket` and ends the process. Returns only if it could not start. */
int sandbox_main(int socket);

#endif
