/* Files of the project and the installation, read whole and with suspicion. */
#ifndef MUSTER_BASE_FILE_H
#define MUSTER_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Appends the file's bytes; ERR_MISSING if there is none, ERR_OVER_LIMIT past cap_bytes. */
bool file_read(const char *path, size_t cap_bytes, struct buf *out, struct err *err);

/*
 * file_read for files that are executed or hold secrets: a regular file, owned by us or root, and
 * not writable by others. `private_` also refuses any access of group and others (0600).
 */
bool file_read_trusted(const char *path, bool private_, size_t cap_bytes, struct buf *out,
		       struct err *err);

/* What is left to us on the disk of an existing file or folder, in bytes; -1 = nobody knows. */
int64_t file_free_bytes(const char *path);

/*
 * "cannot write PATH: REASON", of a full disk with what is free there and the way out; always
 * false. The folder of `path` has to exist, the file need not.
 */
bool file_fail_write(const char *path, int errnum, struct err *err);

/* Writes to a new file beside it, syncs and renames; the result has exactly `mode`. */
bool file_write(const char *path, unsigned mode, const void *data, size_t len, struct err *err);

/* All of the bytes into an open file; false with errno. */
bool file_put(int fd, const void *data, size_t len);

/* Replaces `to`; durable when it returns. ERR_MISSING if there is no `from`. */
bool file_rename(const char *from, const char *to, struct err *err);

/* Makes a rename or a new name durable: syncs the folder that `path` lies in. */
bool file_sync_folder(const char *path, struct err *err);

/* Makes the folder and its parents; an existing one is fine. `mode` is for new ones. */
bool file_make_dir(const char *path, unsigned mode, struct err *err);

bool file_exists(const char *path);

/* Sorted names in a folder that end in `suffix`; *names malloc'd, freed with file_free_names. */
bool file_list(const char *dir, const char *suffix, char ***names, size_t *count, struct err *err);
void file_free_names(char **names, size_t count);

#endif
