/* A folder beside the target. */
#define _GNU_SOURCE
#include "backup/staging.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backup/manifest.h"
#include "backup/tree.h"
#include "base/file.h"

bool staging_make(struct staging *staging, const char *target, const char *what, struct err *err)
{
	char folder[PATH_MAX + sizeof("/.muster")];

	staging->path[0] = '\0';
	if (snprintf(folder, PATH_MAX, "%s.%s-XXXXXX", target, what) >= PATH_MAX - 64)
		return err_set(err, ERR_USAGE, "%s: the path is too long", target);
	if (mkdtemp(folder) == NULL)
		return err_set_errno(err, ERR_STORE, errno, "cannot write beside %s", target);
	snprintf(staging->path, sizeof(staging->path), "%s", folder);
	snprintf(staging->database, sizeof(staging->database), "%.*s/" MANIFEST_DATABASE,
		 PATH_MAX - 64, staging->path);
	snprintf(folder, sizeof(folder), "%s/.muster", staging->path);
	return file_make_dir(folder, 0700, err);
}

void staging_drop(struct staging *staging)
{
	if (staging->path[0] != '\0')
		tree_remove(staging->path);
	staging->path[0] = '\0';
}

static void remove_beside(const char *database)
{
	static const char *const suffixes[] = { "-wal", "-shm", ".lock" };
	char path[PATH_MAX + 8];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", database, suffixes[i]);
		unlink(path);
	}
}

bool staging_with_vault(struct staging *staging, backup_open_vault_fn *open_vault, void *arg,
			staging_use_fn *use, void *use_arg, struct err *err)
{
	struct store *store = store_open(staging->database, NULL, err);
	struct vault *vault = NULL;
	bool ok = store != NULL && open_vault(arg, store, &vault, err) &&
		  use(use_arg, store, vault, err);

	if (vault != NULL)
		vault_close(vault);
	store_close(store);
	remove_beside(staging->database);
	return ok;
}
