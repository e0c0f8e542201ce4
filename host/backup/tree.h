/*
 * Folders of a backup on their way: files are copied with their digest, made durable, and never
 * written over. Symbolic links, and names that begin with a dot, are no part of a project.
 */
#ifndef MUSTER_BACKUP_TREE_H
#define MUSTER_BACKUP_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/digest.h"

struct tree_names {
	char **items; /* "vendors/kandji.lua", sorted */
	size_t count;
};

/* Adds every regular file below root/sub, however deep, as "sub/...". A folder that is not there
 * has none. */
bool tree_list(const char *root, const char *sub, struct tree_names *out, struct err *err);
void tree_names_fini(struct tree_names *names);

struct tree_file {
	int64_t bytes;
	char sha256[DIGEST_SHA256_HEX_SIZE];
};

/* What lies at `path`. */
bool tree_digest(const char *path, struct tree_file *out, struct err *err);

/*
 * Copies root_from/name to root_to/name (0600; its folders 0700) and tells what was copied.
 * ERR_MISSING when there is no such file, ERR_CONFIG when it is none (a link, a pipe).
 */
bool tree_copy(const char *root_from, const char *root_to, const char *name, struct tree_file *out,
	       struct err *err);

/* The names in every folder of the tree survive a power failure from now on. */
bool tree_sync(const char *root, struct err *err);

/* Is there a folder, with nothing at all in it? */
bool tree_is_empty(const char *path);

/* Removes a tree of our own making, as far as it goes. */
void tree_remove(const char *root);

#endif
