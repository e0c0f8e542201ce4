/* A project from a backup. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backup/manifest.h"
#include "backup/staging.h"
#include "backup/tree.h"
#include "base/file.h"
#include "base/hash_set.h"
#include "base/str.h"
#include "store/copy.h"
#include "store/health.h"
#include "store/project_lock.h"

enum { ASIDE_MAX = 99 };

struct restoring {
	const struct restore_options *options;
	struct restore_report *report;
	struct manifest manifest;
	struct staging staging;
	struct project_lock *lock; /* of the project that is there; NULL = none */
	bool has_old;		   /* something is at the target that has to be kept */
};

/* --- the target --- */

/* Absolute, though it need not exist. */
static bool find_target(struct restoring *restoring, struct err *err)
{
	const char *target = restoring->options->target;
	char *out = restoring->report->target;
	char cwd[PATH_MAX];
	size_t len;

	if (realpath(target, out) != NULL)
		return true;
	if (errno != ENOENT)
		return err_set_errno(err, ERR_USAGE, errno, "%s", target);
	if (target[0] == '/')
		snprintf(out, PATH_MAX, "%s", target);
	else if (getcwd(cwd, sizeof(cwd)) == NULL ||
		 snprintf(out, PATH_MAX, "%s/%s", cwd, target) >= PATH_MAX)
		return err_set(err, ERR_USAGE, "%s: no path to it", target);
	for (len = strlen(out); len > 1 && out[len - 1] == '/'; len--)
		out[len - 1] = '\0';
	return true;
}

static bool check_target(struct restoring *restoring, struct err *err)
{
	const char *target = restoring->report->target;

	restoring->has_old = file_exists(target) && !tree_is_empty(target);
	if (!restoring->has_old || restoring->options->replace)
		return true;
	err_set(err, ERR_CONFIG, "%s is there already, and not empty", target);
	return err_hint(err, "name another folder; or --replace, which moves this one aside");
}

/* Nobody may go on writing into a project that is moved away under him. */
static bool lock_old(struct restoring *restoring, struct err *err)
{
	char database[PATH_MAX + 32];
	struct err failure = ERR_INIT;

	snprintf(database, sizeof(database), "%s/" MANIFEST_DATABASE, restoring->report->target);
	if (!restoring->has_old || !file_exists(database))
		return true;
	restoring->lock = project_lock_take(database, &failure);
	if (restoring->lock == NULL) {
		*err = failure;
		return false;
	}
	if (project_lock_is_alone(restoring->lock))
		return true;
	err_set(err, ERR_BUSY, "%s is in use by another muster process", restoring->report->target);
	return err_hint(err,
			"end it, or wait until it has ended, and stop the timer that starts it");
}

/* --- what can be trusted --- */

static bool check_sealed(const struct restoring *restoring, struct err *err)
{
	if (restoring->manifest.seal != NULL || restoring->options->unsealed)
		return true;
	err_set(err, ERR_CONFIG,
		"%s has no seal: nothing proves that nobody has changed it since it was made",
		restoring->options->source);
	return err_hint(err,
			"take another one; or --unsealed, if the vault was not open when it was "
			"made and you know who had it since");
}

static bool know_names(const struct manifest *manifest, struct hash_set *names, struct err *err)
{
	for (size_t i = 0; i < manifest->count; i++) {
		const char *name = manifest->files[i].name;
		uint8_t hash[HASH128_SIZE];
		bool again;

		hash128(name, strlen(name), hash);
		if (!hash_set_add(names, hash, &again, err))
			return false;
	}
	return true;
}

static void leave_out(struct restore_report *report, const struct tree_names *found,
		      const struct hash_set *names)
{
	for (size_t i = 0; i < found->count; i++) {
		uint8_t hash[HASH128_SIZE];

		hash128(found->items[i], strlen(found->items[i]), hash);
		if (hash_set_has(names, hash))
			continue;
		if (report->left_out++ == 0)
			snprintf(report->first_left_out, PATH_MAX, "%s", found->items[i]);
	}
}

/* What somebody put into the backup since: it is not restored, and told. */
static bool find_left_out(struct restoring *restoring, struct err *err)
{
	static const char *const folders[] = { "vendors", "mappings", "jobs", ".muster" };
	struct hash_set names = { 0 };
	bool ok = know_names(&restoring->manifest, &names, err);

	for (size_t i = 0; ok && i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct tree_names found = { 0 };

		ok = tree_list(restoring->options->source, folders[i], &found, err);
		if (ok)
			leave_out(restoring->report, &found, &names);
		tree_names_fini(&found);
	}
	hash_set_fini(&names);
	return ok;
}

/* --- the files --- */

static bool restore_file(struct restoring *restoring, const struct manifest_file *file,
			 struct err *err)
{
	struct tree_file found;

	if (!tree_copy(restoring->options->source, restoring->staging.path, file->name, &found,
		       err)) {
		if (err->kind == ERR_MISSING)
			err->kind = ERR_CONFIG;
		return err_hint(err, "the backup is damaged: take another one");
	}
	if (found.bytes == file->is.bytes && str_eq(found.sha256, file->is.sha256))
		return true;
	err_set(err, ERR_CONFIG, "%s/%s is not what was backed up: its digest differs",
		restoring->options->source, file->name);
	return err_hint(err, "the backup is damaged or was changed: take another one");
}

static bool restore_files(struct restoring *restoring, struct err *err)
{
	static const char *const folders[] = { "vendors", "mappings", "jobs", "out",
					       MANIFEST_RECORDINGS };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[PATH_MAX + 64];

		snprintf(path, sizeof(path), "%s/%s", restoring->staging.path, folders[i]);
		if (!file_make_dir(path, 0700, err))
			return false;
	}
	for (size_t i = 0; i < restoring->manifest.count; i++) {
		if (!restore_file(restoring, &restoring->manifest.files[i], err))
			return false;
	}
	return true;
}

static bool check_database(struct restoring *restoring, struct err *err)
{
	struct health health;

	if (!health_read(restoring->staging.database, true, &health, err))
		return false;
	if (health.schema <= health.newest_schema)
		return true;
	err_set(err, ERR_CONFIG, "the backup has schema version %lld; this muster knows up to %lld",
		(long long)health.schema, (long long)health.newest_schema);
	return err_hint(err, "restore it with %s, or a newer muster", restoring->manifest.program);
}

/* --- what the copy is told --- */

static bool settle(struct store_tx *tx, void *arg, struct err *err)
{
	struct restoring *restoring = arg;
	struct restore_report *report = restoring->report;
	struct copy_settled settled;

	if (!copy_settle(tx, restoring->options->who, restoring->manifest.made_at,
			 report->is_elsewhere, restoring->manifest.has_recordings, &settled, err))
		return false;
	report->interrupted = settled.interrupted;
	report->paused = settled.paused;
	return true;
}

/* A key that is there and does not fit is another project's, or an old one: better said now. */
static bool refuse_wrong_key(const struct vault_status *status, struct err *err)
{
	err_set(err, ERR_SEALED, "the key at hand does not open the backup's vault: %s",
		status->reason);
	return err_hint(err, "name the key of that time: --key-file FILE; or none at all, then the "
			     "credentials stay shut");
}

static bool check_key(struct restoring *restoring, struct store *store, struct vault *vault,
		      struct err *err)
{
	struct restore_report *report = restoring->report;

	if (!vault_read_status(vault, store, &report->vault, err))
		return false;
	if (!report->vault.is_sealed)
		return manifest_check_seal(&restoring->manifest, vault, err) &&
		       vault_verify(vault, store, &report->fields, err);
	return report->vault.key_path[0] == '\0' || !file_exists(report->vault.key_path) ||
	       refuse_wrong_key(&report->vault, err);
}

static bool use_vault(void *arg, struct store *store, struct vault *vault, struct err *err)
{
	struct restoring *restoring = arg;
	struct restore_report *report = restoring->report;

	snprintf(report->install_id, sizeof(report->install_id), "%s", store_install_id(store));
	return check_key(restoring, store, vault, err) &&
	       store_run(store, STORE_WRITE, settle, restoring, err);
}

/* --- the exchange --- */

/* The new project takes the name that the old one is to have: TARGET.before-20261122T042700Z, with
 * a number behind it where that is taken. */
static bool take_old_name(struct restoring *restoring, struct err *err)
{
	char *aside = restoring->report->moved_to;
	time_t now = (time_t)(clock_wall_ms() / 1000);
	char stamp[24], count[8] = "";
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	for (int i = 2; i <= ASIDE_MAX; i++) {
		snprintf(aside, PATH_MAX, "%.*s.before-%s%s", PATH_MAX - 64,
			 restoring->report->target, stamp, count);
		if (renameat2(AT_FDCWD, restoring->staging.path, AT_FDCWD, aside,
			      RENAME_NOREPLACE) == 0) {
			snprintf(restoring->staging.path, PATH_MAX, "%s", aside);
			return true;
		}
		if (errno != EEXIST)
			break;
		snprintf(count, sizeof(count), "-%d", i);
	}
	return err_set_errno(err, ERR_STORE, errno, "cannot make %s", aside);
}

/*
 * Then the two change places: there is no moment without a project at the target, and none in which
 * the old one looks like rubbish.
 */
static bool exchange(struct restoring *restoring, struct err *err)
{
	const char *target = restoring->report->target;

	if (!take_old_name(restoring, err))
		return false;
	if (renameat2(AT_FDCWD, restoring->staging.path, AT_FDCWD, target, RENAME_EXCHANGE) == 0)
		return true;
	err_set_errno(err, ERR_STORE, errno, "cannot exchange %s", target);
	return err_hint(err,
			"some file systems cannot: move the project away by hand, then restore "
			"without --replace");
}

static bool move_in(struct restoring *restoring, struct err *err)
{
	const char *target = restoring->report->target;

	return rename(restoring->staging.path, target) == 0 ||
	       err_set_errno(err, ERR_STORE, errno, "cannot put the project at %s", target);
}

static bool put_in_place(struct restoring *restoring, struct err *err)
{
	if (!tree_sync(restoring->staging.path, err) ||
	    !(restoring->has_old ? exchange(restoring, err) : move_in(restoring, err)))
		return false;
	restoring->staging.path[0] = '\0';
	return file_sync_folder(restoring->report->target, err);
}

/* --- all of it --- */

static void tell(struct restoring *restoring)
{
	struct restore_report *report = restoring->report;
	const struct manifest *manifest = &restoring->manifest;
	char host[256] = "?";

	gethostname(host, sizeof(host) - 1);
	report->is_elsewhere =
		!str_eq(manifest->host, host) || !str_eq(manifest->project, report->target);
	report->has_seal = manifest->seal != NULL;
	report->files = (int64_t)manifest->count;
	snprintf(report->made_at, sizeof(report->made_at), "%s", manifest->made_at);
	snprintf(report->project, sizeof(report->project), "%s", manifest->project);
}

static bool restore(struct restoring *restoring, struct err *err)
{
	const struct restore_options *options = restoring->options;

	if (!manifest_read(&restoring->manifest, options->source, err) ||
	    !check_sealed(restoring, err) || !find_left_out(restoring, err) ||
	    !find_target(restoring, err) || !check_target(restoring, err) ||
	    !lock_old(restoring, err))
		return false;
	tell(restoring);
	return staging_make(&restoring->staging, restoring->report->target, "restoring", err) &&
	       restore_files(restoring, err) && check_database(restoring, err) &&
	       staging_with_vault(&restoring->staging, options->open_vault, options->arg, use_vault,
				  restoring, err) &&
	       put_in_place(restoring, err);
}

bool backup_restore(const struct restore_options *options, struct restore_report *out,
		    struct err *err)
{
	struct restoring restoring = { .options = options, .report = out };
	bool ok;

	*out = (struct restore_report){ 0 };
	ok = restore(&restoring, err);
	staging_drop(&restoring.staging);
	project_lock_free(restoring.lock);
	manifest_fini(&restoring.manifest);
	return ok;
}
