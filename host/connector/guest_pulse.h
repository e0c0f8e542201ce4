/*
 * What the host watches of a sandbox from outside. A sandbox limits its own computing (sandbox/
 * limits.h, sandbox/jail.h), but one that runs machine code of a stranger may allow itself more, up
 * to hours, or wait for nothing: neither may hold a job and its account.
 */
#ifndef MUSTER_CONNECTOR_GUEST_PULSE_H
#define MUSTER_CONNECTOR_GUEST_PULSE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/loop.h"

enum {
	GUEST_PULSE_TICK_MS = 5000,
	GUEST_PULSE_CPU_S = 40,	      /* without an answer; the sandbox's own limit comes first */
	GUEST_PULSE_QUIET_TICKS = 12, /* a minute; while the host is stopped none passes */
};

struct guest_pulse;

struct guest_pulse_spec {
	pid_t pid;
	const char *name; /* the connector's id, for messages; outlives the pulse */
	int tick_ms;
	int quiet_ticks; /* in its turn, without a byte from it and without using the CPU */
	int64_t cpu_ms;
	/* Is it the sandbox's turn: does the host wait for it, and owe it no answer? */
	bool (*is_its_turn)(void *arg);
	/* It went too far. Called once; nothing is watched afterwards. */
	void (*over)(void *arg, const struct err *err);
	void *arg;
};

/* NULL = out of memory. */
struct guest_pulse *guest_pulse_start(struct loop *loop, const struct guest_pulse_spec *spec,
				      struct err *err);

/* Bytes came from it. */
void guest_pulse_heard(struct guest_pulse *pulse);

/* Bytes went to it: its CPU time counts anew. */
void guest_pulse_answered(struct guest_pulse *pulse);

/* NULL is fine; also from `over`. */
void guest_pulse_close(struct guest_pulse *pulse);

#endif
