/* Files that nobody else may reach: 0600, in a folder of 0700, ours (reliability.md ST6). */
#ifndef MUSTER_STORE_PRIVATE_FILE_H
#define MUSTER_STORE_PRIVATE_FILE_H

#include <stdbool.h>

#include "base/err.h"

/* The folder that `path` lies in. ERR_MISSING; ERR_CONFIG with the command that mends it. */
bool private_file_check_folder(const char *path, struct err *err);

/* `path` with `suffix` ("-wal"), if it exists. */
bool private_file_check(const char *path, const char *suffix, bool *exists, struct err *err);

/* A new, empty one. ERR_STORE if there is one already. */
bool private_file_make(const char *path, struct err *err);

#endif
