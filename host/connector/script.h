/* The Lua texts of a job: found, checked (owner, mode), read and hashed by the host. */
#ifndef MUSTER_CONNECTOR_SCRIPT_H
#define MUSTER_CONNECTOR_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "connector/host.h"

enum { SCRIPT_TEXT_MAX = 200 * 1024 };

struct script {
	char *name; /* for require: "muster.page"; of overlays and connectors: the file as people
		       know it */
	char *path;
	struct buf text;
	char sha256[65];
};

struct script_list {
	struct script *items;
	size_t count;
};

/* A connector and what belongs to it. script_set_fini releases it. */
struct script_set {
	struct script connector;
	bool is_shadowing; /* a delivered connector of this id is hidden by the project's */
	struct script_list libs;
	struct script_list overlays;
};

/* account_name NULL: the vendor's overlay only; "": no overlay at all. ERR_MISSING names the
 * nearest connector. */
bool script_set_read(struct host *host, const char *vendor, const char *account_name,
		     struct script_set *out, struct err *err);
void script_set_fini(struct script_set *set);

#endif
