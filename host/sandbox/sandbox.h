/*
 * The sandbox role of the program: one Lua state, one job, one socket to the host (host/README.md).
 *
 * The process ends with one of the codes below, or is killed: SIGXCPU is the CPU limit of jail.h,
 * SIGSYS a system call the filter does not allow.
 */
#ifndef MUSTER_SANDBOX_SANDBOX_H
#define MUSTER_SANDBOX_SANDBOX_H

enum {
	SANDBOX_EXIT_DONE = 0,	      /* the host closed the socket */
	SANDBOX_EXIT_OVER_LIMIT = 70, /* a limit was reached; the calls under way were answered */
	SANDBOX_EXIT_MEMORY = 71,     /* no memory outside Lua's heap: address space limit */
	SANDBOX_EXIT_HOST_GONE = 72,  /* the socket broke */
	SANDBOX_EXIT_PROTOCOL = 73,   /* the host sent something that is no frame or call */
	SANDBOX_EXIT_JAIL = 74,	      /* the jail could not be entered: nothing was run */
};

/* Serves the host on `socket` and ends the process. Returns only if it could not start. */
int sandbox_main(int socket);

#endif
