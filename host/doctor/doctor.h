/*
 * What `muster doctor` looks at: the machine (libraries, what the kernel does for a sandbox, the
 * clock, memory that can be locked) and a project on it (files, database, vault, scripts, the way
 * to its vendors). Nothing is changed by looking.
 *
 * Each finding is handed out as it is made. A finding is no error: functions that return false
 * could not go on at all.
 */
#ifndef MUSTER_DOCTOR_DOCTOR_H
#define MUSTER_DOCTOR_DOCTOR_H

#include <stdbool.h>

#include "base/err.h"
#include "connector/connector.h"
#include "connector/host.h"

struct vault;

enum doctor_verdict {
	DOCTOR_OK,
	DOCTOR_WARN, /* works, and should be seen to */
	DOCTOR_FAIL, /* something does not work */
};

enum { DOCTOR_TEXT_MAX = 600 };

struct doctor_finding {
	enum doctor_verdict verdict;
	const char *area;	    /* "libraries", "sandbox", "files" ... */
	const char *what;	    /* "SQLite", "kandji/acme" ... */
	char text[DOCTOR_TEXT_MAX]; /* what was found */
	const char *way_out;	    /* "" = nothing to do */
};

struct doctor {
	struct host *host;
	const char *database; /* the project's; NULL = there is no project */
	bool is_full;	      /* take the time that it takes */
	bool is_online;	      /* send requests */
	/* `finding` is valid during the call only. */
	void (*found)(void *arg, const struct doctor_finding *finding);
	/* Loads a connector and waits for it, as connector_load; NULL with err. */
	struct connector *(*load)(void *arg, const char *vendor, const char *account_name,
				  struct err *err);
	void *arg;
};

/* "ok", "warn", "fail". */
const char *doctor_verdict_name(enum doctor_verdict verdict);

/* --- the parts, in the order that makes sense to a reader --- */

/* Needs host->loop and host->program. */
void doctor_machine(const struct doctor *doctor);

/* The project's folders, scripts and disk. Needs host->project_dir. */
void doctor_files(const struct doctor *doctor);

/* The database file by itself. False when it is not fit to be opened. */
bool doctor_database(const struct doctor *doctor);

/* Whoever opens the vault hands it over; NULL with the reason in err. Needs host->store. */
void doctor_vault(const struct doctor *doctor, struct vault *vault, const struct err *err);

/* Connectors and overlays. Needs host->store, as do the following. */
void doctor_scripts(const struct doctor *doctor);

/* Every account's hosts. Sends requests. */
void doctor_reach(const struct doctor *doctor);

/* --- for the parts themselves --- */

void doctor_say(const struct doctor *doctor, enum doctor_verdict verdict, const char *area,
		const char *what, const char *way_out, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* A failure with the way out that it knows. */
void doctor_say_err(const struct doctor *doctor, enum doctor_verdict verdict, const char *area,
		    const char *what, const struct err *err);

/* sandbox_trial.c: a part of doctor_machine. */
void doctor_sandbox(const struct doctor *doctor);

#endif
