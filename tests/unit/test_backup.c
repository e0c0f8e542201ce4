/*
 * Backups and restores when memory runs out, at every point and for good: an error, nothing at the
 * target, and all well once there is memory again. The program brings its own malloc, which the
 * sanitizers cannot have; under them it only does both once.
 */
#define _GNU_SOURCE
#include "backup/backup.h"

#include <errno.h>
#include <ftw.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "unit.h"

enum { SUCCESS_AFTER_MAX = 200000 };

/* Counts down; from 0 on every allocation fails. Negative = none does. */
static atomic_long left = -1;

#if !defined(MUSTER_SANITIZE)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *data, size_t size);

static bool is_out(void)
{
	long now = atomic_load(&left);

	if (now < 0)
		return false;
	if (now > 0) {
		atomic_fetch_sub(&left, 1);
		return false;
	}
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return is_out() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return is_out() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *data, size_t size)
{
	return is_out() ? NULL : __libc_realloc(data, size);
}

#endif

/* --- a project --- */

static char top[64], project[128], database[160], key_file[128], target[128], restored[128];

static bool open_vault(void *arg, struct store *copy, struct vault **vault, struct err *err)
{
	const struct vault_key key = { .kind = VAULT_KEY_FILE, .path = key_file };

	(void)arg;
	*vault = vault_open(copy, &key, NULL, err);
	return *vault != NULL;
}

static void make_folder(const char *name)
{
	struct err err = ERR_INIT;
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", project, name);
	assert_true(file_make_dir(path, 0700, &err));
}

static int make_project(void **state)
{
	const struct vault_key key = { .kind = VAULT_KEY_FILE, .path = key_file };
	struct err err = ERR_INIT;
	struct store *store;
	char path[200];

	(void)state;
	snprintf(top, sizeof(top), "/tmp/muster-backup-XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(project, sizeof(project), "%s/project", top);
	snprintf(database, sizeof(database), "%s/.muster/muster.db", project);
	snprintf(key_file, sizeof(key_file), "%s/key", top);
	snprintf(target, sizeof(target), "%s/backup", top);
	snprintf(restored, sizeof(restored), "%s/restored", top);
	make_folder("vendors");
	make_folder("mappings");
	make_folder(".muster");
	snprintf(path, sizeof(path), "%s/mappings/kandji.lua", project);
	assert_true(file_write(path, 0600, "return {}", 9, &err));
	assert_true(store_create(database, &err));
	store = store_open(database, NULL, &err);
	assert_non_null(store);
	assert_true(vault_create(store, &key, &err));
	store_close(store);
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int remove_project(void **state)
{
	(void)state;
	remove_tree(top);
	return 0;
}

static bool back_up(struct err *err)
{
	const struct backup_options options = { .project = project,
						.database = database,
						.target = target,
						.program = "muster test",
						.with_recordings = true,
						.open_vault = open_vault };
	struct backup_report report;

	return backup_make(&options, &report, err);
}

static bool restore(struct err *err)
{
	const struct restore_options options = {
		.source = target, .target = restored, .who = "test", .open_vault = open_vault
	};
	struct restore_report report;

	return backup_restore(&options, &report, err);
}

/* --- torture --- */

static long next_point(long point)
{
	return point + 1 + point / 100;
}

/* `work` fails at every point until there is memory for all of it; `made` is what it makes. */
static void torture(bool (*work)(struct err *err), const char *made)
{
	for (long point = 0; point < SUCCESS_AFTER_MAX; point = next_point(point)) {
		struct err err = ERR_INIT;
		bool done;

		atomic_store(&left, point);
		done = work(&err);
		atomic_store(&left, -1);
		if (done)
			return;
		assert_int_not_equal(err.kind, ERR_NONE);
		assert_string_not_equal(err.message, "");
		assert_false(file_exists(made));
	}
	fail_msg("it never succeeds");
}

static void nothing_is_left_where_memory_ran_out(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	/* Once with memory: what libraries allocate for good is there from now on. */
	assert_true(back_up(&err));
	assert_true(restore(&err));
#if !defined(MUSTER_SANITIZE)
	remove_tree(target);
	remove_tree(restored);
	torture(back_up, target);
	torture(restore, restored);
#else
	(void)torture;
#endif
}

static void a_backup_is_never_written_over(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_false(back_up(&err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_false(restore(&err));
	assert_int_equal(err.kind, ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_where_memory_ran_out),
		cmocka_unit_test(a_backup_is_never_written_over),
	};

	return cmocka_run_group_tests(tests, make_project, remove_project);
}
