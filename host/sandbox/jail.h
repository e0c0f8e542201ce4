/*
 * What the kernel takes away from a sandbox, for the rest of the process's life: memory, CPU time,
 * files, processes, rights, descriptors, and all system calls but those on a short list.
 *
 * Everything that has to be opened or loaded must be before. Nothing here can be undone from
 * inside. In sanitizer builds two tables in jail.c give way where the sanitizers could not live.
 */
#ifndef MUSTER_SANDBOX_JAIL_H
#define MUSTER_SANDBOX_JAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum {
	JAIL_MEMORY_MAX = 512 * 1024 * 1024, /* address space */
	JAIL_CPU_S = 30,		     /* CPU time between two answers of the host */
	JAIL_CPU_GRACE_S = 1,		     /* for the count of instructions to notice first */
	JAIL_CPU_TOTAL_S = 4 * 60 * 60,	     /* of the whole process */
	JAIL_FILES_MAX = 8,
	JAIL_UID = 65534, /* whom it becomes when it was started as root */
};

/*
 * Enters the jail; descriptors 0 to 2 and `socket` stay open. The process dies with its parent,
 * which must have made the socket. false and err when something essential is refused (limits,
 * rights, seccomp); then nothing may be run. Landlock is used where the kernel has it.
 */
bool jail_enter(int socket, struct err *err);

/*
 * The three steps of jail_enter, in this order, for trial.c, which looks between them: limits and
 * rights; files (the version of Landlock that is in force, 0 = none: seccomp alone must hold);
 * system calls.
 */
bool jail_limit(int socket, struct err *err);
long jail_forbid_files(void);
bool jail_forbid_calls(struct err *err);

/* CPU time between two answers: JAIL_CPU_S, or what was inherited if that is less. */
int jail_cpu_window_s(void);

/* CPU time used so far. */
int64_t jail_cpu_ms(void);

/* From now on `seconds` more may be used before the kernel sends SIGXCPU. Works inside the jail. */
bool jail_allow_cpu(int seconds, struct err *err);

#endif
