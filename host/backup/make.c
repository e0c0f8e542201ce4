/* A backup of a project. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/manifest.h"
#include "backup/staging.h"
#include "backup/tree.h"
#include "base/file.h"
#include "base/str.h"
#include "store/copy.h"
#include "store/health.h"

struct making {
	const struct backup_options *options;
	struct backup_report *report;
	struct staging staging;
	struct manifest manifest;
	uint8_t key[MANIFEST_KEY_SIZE];
	bool has_key;	   /* the vault was open */
	bool has_key_copy; /* at options->key_to */
};

/* --- where --- */

/* The folder that a new name goes into, absolute. */
static bool find_parent(const char *path, char out[PATH_MAX], struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *parent = slash == NULL
			       ? str_dup(".")
			       : str_dup_len(path, slash == path ? 1 : (size_t)(slash - path));
	bool ok = parent != NULL || err_oom(err);

	if (ok && realpath(parent, out) == NULL) {
		ok = err_set_errno(err, ERR_USAGE, errno, "%s", parent);
		err_hint(err, "make the folder first: mkdir -p %s", parent);
	}
	free(parent);
	return ok;
}

static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static bool check_target(const struct backup_options *options, struct err *err)
{
	char parent[PATH_MAX];
	struct stat there;

	if (lstat(options->target, &there) == 0) {
		err_set(err, ERR_CONFIG, "%s is there already", options->target);
		return err_hint(err, "a backup is never written over: name another folder");
	}
	if (!find_parent(options->target, parent, err))
		return false;
	if (!is_below(parent, options->project))
		return true;
	err_set(err, ERR_CONFIG, "%s lies in the project it is a backup of", options->target);
	return err_hint(err, "name a folder elsewhere, best on another disk");
}

/* A key beside the data it protects protects nothing. */
static bool check_key_to(const struct backup_options *options, struct err *err)
{
	char parent[PATH_MAX], target[PATH_MAX];

	if (options->key_to == NULL)
		return true;
	if (file_exists(options->key_to)) {
		err_set(err, ERR_CONFIG, "%s is there already", options->key_to);
		return err_hint(err, "a key is never written over: name another file");
	}
	if (!find_parent(options->key_to, parent, err) ||
	    !find_parent(options->target, target, err))
		return false;
	if (!is_below(parent, options->project) && !str_eq(parent, target))
		return true;
	err_set(err, ERR_CONFIG, "%s would lie beside the data that it opens", options->key_to);
	return err_hint(err, "name a file in another place, best on another medium");
}

/* --- what --- */

static bool add(struct making *making, const char *name, struct err *err)
{
	struct tree_file file;

	return tree_copy(making->options->project, making->staging.path, name, &file, err) &&
	       manifest_add(&making->manifest, name, &file, err);
}

/* A recording that the retention removed meanwhile is no loss. */
static bool add_all(struct making *making, const struct tree_names *names, bool may_go,
		    struct err *err)
{
	for (size_t i = 0; i < names->count; i++) {
		struct err failure = ERR_INIT;

		if (add(making, names->items[i], &failure) ||
		    (may_go && failure.kind == ERR_MISSING))
			continue;
		*err = failure;
		return false;
	}
	return true;
}

static bool add_folder(struct making *making, const char *sub, bool may_go, struct err *err)
{
	struct tree_names names = { 0 };
	bool ok = tree_list(making->options->project, sub, &names, err) &&
		  add_all(making, &names, may_go, err);

	tree_names_fini(&names);
	return ok;
}

static bool add_files(struct making *making, struct err *err)
{
	return add_folder(making, "vendors", false, err) &&
	       add_folder(making, "mappings", false, err) &&
	       add_folder(making, "jobs", false, err) &&
	       (!making->options->with_recordings ||
		add_folder(making, MANIFEST_RECORDINGS, true, err));
}

/* --- the test --- */

static bool try_vault(struct making *making, struct store *store, struct vault *vault,
		      struct err *err)
{
	struct backup_report *report = making->report;

	if (report->vault.is_sealed)
		return making->options->key_to == NULL || vault_require_open(vault, err);
	if (!vault_verify(vault, store, &report->fields, err))
		return err_context(err, "the backup's vault");
	making->has_key = manifest_derive_key(vault, making->manifest.made_at, making->key, err);
	if (making->has_key && making->options->key_to != NULL)
		making->has_key_copy = vault_copy_key(vault, making->options->key_to, err);
	return making->has_key && (making->options->key_to == NULL || making->has_key_copy);
}

static bool use_vault(void *arg, struct store *store, struct vault *vault, struct err *err)
{
	struct making *making = arg;
	struct manifest *manifest = &making->manifest;
	struct backup_report *report = making->report;

	if (!vault_read_status(vault, store, &report->vault, err))
		return false;
	manifest->install_id = str_dup(store_install_id(store));
	if (report->vault.key_path[0] != '\0')
		manifest->key_file = str_dup(report->vault.key_path);
	return (manifest->install_id != NULL || err_oom(err)) &&
	       try_vault(making, store, vault, err);
}

/* Opening it turns the copy into one with a write-ahead log: its digest comes after that. */
static bool add_database(struct making *making, struct err *err)
{
	const struct backup_options *options = making->options;
	struct tree_file file;
	struct health health;

	return copy_database(options->database, making->staging.database, err) &&
	       health_read(making->staging.database, true, &health, err) &&
	       staging_with_vault(&making->staging, options->open_vault, options->arg, use_vault,
				  making, err) &&
	       tree_digest(making->staging.database, &file, err) &&
	       manifest_add(&making->manifest, MANIFEST_DATABASE, &file, err);
}

/* --- all of it --- */

static bool describe(struct making *making, struct err *err)
{
	struct manifest *manifest = &making->manifest;
	char host[256] = "?";

	gethostname(host, sizeof(host) - 1);
	clock_now_text(manifest->made_at);
	manifest->program = str_dup(making->options->program);
	manifest->host = str_dup(host);
	manifest->project = str_dup(making->options->project);
	manifest->has_recordings = making->options->with_recordings;
	return (manifest->program != NULL && manifest->host != NULL && manifest->project != NULL) ||
	       err_oom(err);
}

static bool name_it(struct making *making, struct err *err)
{
	const char *target = making->options->target;

	if (!tree_sync(making->staging.path, err))
		return false;
	if (renameat2(AT_FDCWD, making->staging.path, AT_FDCWD, target, RENAME_NOREPLACE) != 0)
		return err_set_errno(err, ERR_STORE, errno, "cannot make %s", target);
	making->staging.path[0] = '\0';
	return file_sync_folder(target, err);
}

static bool make(struct making *making, struct err *err)
{
	const struct backup_options *options = making->options;

	return describe(making, err) &&
	       staging_make(&making->staging, options->target, "part", err) &&
	       add_files(making, err) && add_database(making, err) &&
	       manifest_write(&making->manifest, making->staging.path,
			      making->has_key ? making->key : NULL, err) &&
	       name_it(making, err);
}

bool backup_make(const struct backup_options *options, struct backup_report *out, struct err *err)
{
	struct making making = { .options = options, .report = out };
	bool ok;

	*out = (struct backup_report){ 0 };
	ok = check_target(options, err) && check_key_to(options, err) && make(&making, err);
	if (ok) {
		snprintf(out->made_at, sizeof(out->made_at), "%s", making.manifest.made_at);
		out->files = (int64_t)making.manifest.count;
		out->bytes = manifest_bytes(&making.manifest);
	}
	if (!ok && making.has_key_copy)
		unlink(options->key_to);
	secret_wipe(making.key, sizeof(making.key));
	staging_drop(&making.staging);
	manifest_fini(&making.manifest);
	return ok;
}
