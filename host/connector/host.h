/*
 * What every part of the host is handed: the services of one process on one project. Wired by cli/,
 * owned there; everything is borrowed here and outlives what is started with it.
 */
#ifndef MUSTER_CONNECTOR_HOST_H
#define MUSTER_CONNECTOR_HOST_H

struct log;
struct loop;
struct redact;
struct store;
struct vault;

struct host {
	struct loop *loop;
	struct store *store;
	struct vault *vault;
	struct redact *redact;
	struct log *log;
	const char *program;	    /* path of the running executable, for sandboxes */
	const char *project_dir;    /* holds vendors/ and mappings/; NULL = there is no project */
	const char *scripts_dir;    /* holds lib/muster/ and vendors/ as delivered */
	const char *recordings_dir; /* .muster/recordings */
};

#endif
