/*
 * A project on disk, and where muster itself is installed.
 *
 * DIR/vendors, mappings, jobs, out; DIR/.muster (0700): muster.db, recordings/, types/ (stubs for
 * editors). The vault's key lies outside (host/vault/vault.h).
 */
#ifndef MUSTER_CLI_PROJECT_H
#define MUSTER_CLI_PROJECT_H

#include <stdbool.h>

#include "base/err.h"

/* Absolute paths, owned. */
struct project {
	char *dir; /* NULL = none was opened */
	char *database;
	char *recordings;
	char *program; /* the running executable */
	char *scripts; /* lib/ and vendors/ as delivered */
};

/* Fills program and scripts: beside the executable in a build, under its prefix when installed. */
bool project_find_program(struct project *project, struct err *err);

/* The project in `dir`, or with NULL the nearest one from the current folder upwards. ERR_MISSING
   if there is none. */
bool project_find(struct project *project, const char *dir, struct err *err);

/* Makes the folders of a new project in `dir` (made if need be). Existing ones stay as they are. */
bool project_make(struct project *project, const char *dir, struct err *err);

/* Writes .luarc.json (unless there is one) and the stubs that belong to this program. */
bool project_write_stubs(const struct project *project, struct err *err);

/* dir/name, malloc'd; NULL with err. */
char *project_path(const char *dir, const char *name, struct err *err);

void project_fini(struct project *project);

#endif
