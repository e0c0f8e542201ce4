/*
 * How a sandbox ends its process, for the host to explain. Signals besides: SIGXCPU is the CPU
 * limit inside one C function, SIGSYS a system call that its filter forbids.
 */
#ifndef MUSTER_WIRE_EXIT_H
#define MUSTER_WIRE_EXIT_H

enum {
	SANDBOX_EXIT_DONE = 0,	      /* the host closed the socket */
	SANDBOX_EXIT_OVER_LIMIT = 70, /* a script's limit; the calls under way were answered */
	SANDBOX_EXIT_MEMORY = 71,     /* no memory outside Lua's heap: address space limit */
	SANDBOX_EXIT_HOST_GONE = 72,  /* the socket broke */
	SANDBOX_EXIT_PROTOCOL = 73,   /* the host sent something that is no frame */
	SANDBOX_EXIT_JAIL = 74,	      /* no jail; the first call was answered, nothing was run */
};

#endif
