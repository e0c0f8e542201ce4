/* Files and secret memory: what is refused, what a failure leaves behind. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "unit.h"

static char dir[] = "/tmp/muster-test-file-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
	char command[256];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static unsigned mode_of(const char *path)
{
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	return info.st_mode & 07777;
}

static void what_is_written_is_read(void **state)
{
	const char *path = in_dir("a");
	struct err err = ERR_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	umask(077);
	assert_true(file_write(path, 0644, "one\0two", 7, &err));
	assert_int_equal(mode_of(path), 0644);
	assert_true(file_read(path, 7, &out, &err));
	assert_int_equal(out.len, 7);
	assert_memory_equal(out.data, "one\0two", 7);
	assert_true(file_write(path, 0600, "", 0, &err));
	buf_clear(&out);
	assert_true(file_read(path, 0, &out, &err));
	assert_int_equal(out.len, 0);
	buf_fini(&out);
}

static void a_large_file_is_refused(void **state)
{
	const char *path = in_dir("b");
	struct err err = ERR_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	assert_true(file_write(path, 0600, "12345678", 8, &err));
	assert_false(file_read(path, 7, &out, &err));
	assert_int_equal(err.kind, ERR_OVER_LIMIT);
	assert_non_null(strstr(err.message, path));
	buf_fini(&out);
}

static void a_missing_file_is_named(void **state)
{
	struct err err = ERR_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	assert_false(file_read(in_dir("none"), 10, &out, &err));
	assert_int_equal(err.kind, ERR_MISSING);
	assert_non_null(strstr(err.message, "/none"));
	assert_false(file_exists(in_dir("none")));
	buf_fini(&out);
}

static bool reads_trusted(const char *path, bool private_, struct err *err)
{
	struct buf out = BUF_INIT;
	bool ok = file_read_trusted(path, private_, 100, &out, err);

	buf_fini(&out);
	return ok;
}

static void trust_depends_on_owner_and_mode(void **state)
{
	const char *path = in_dir("c");
	struct err err = ERR_INIT;

	(void)state;
	assert_true(file_write(path, 0644, "x", 1, &err));
	assert_true(reads_trusted(path, false, &err));
	assert_false(reads_trusted(path, true, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.hint, "chmod 600"));
	assert_int_equal(chmod(path, 0664), 0);
	assert_false(reads_trusted(path, false, &err));
	assert_int_equal(chmod(path, 0400), 0);
	assert_true(reads_trusted(path, true, &err));
	assert_false(reads_trusted(dir, false, &err));
	assert_non_null(strstr(err.message, "not a regular file"));
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 12345), 0);
		assert_false(reads_trusted(path, true, &err));
		assert_non_null(strstr(err.message, "12345"));
	}
}

/* Nobody writes into it: opening must not wait for that. */
static void a_pipe_is_no_trusted_file(void **state)
{
	struct err err = ERR_INIT;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/pipe", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(10);
	assert_false(reads_trusted(path, true, &err));
	alarm(0);
	assert_int_equal(err.kind, ERR_CONFIG);
	unlink(path);
}

static void a_failed_write_leaves_the_old_file_alone(void **state)
{
	struct err err = ERR_INIT;
	char **names;
	size_t count;

	(void)state;
	assert_true(file_make_dir(in_dir("w"), 0700, &err));
	assert_true(file_make_dir(in_dir("w/target"), 0700, &err));
	assert_false(file_write(in_dir("w/target"), 0600, "x", 1, &err));
	assert_int_equal(err.kind, ERR_STORE);
	assert_true(file_list(in_dir("w"), "", &names, &count, &err));
	assert_int_equal(count, 1);
	file_free_names(names, count);
	assert_false(file_write(in_dir("no/such/place"), 0600, "x", 1, &err));
}

static void folders_are_made_with_their_parents(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	umask(022);
	assert_true(file_make_dir(in_dir("p/q//r"), 0700, &err));
	assert_true(file_make_dir(in_dir("p/q/r/"), 0700, &err));
	assert_int_equal(mode_of(in_dir("p")), 0700);
	assert_int_equal(mode_of(in_dir("p/q/r")), 0700);
	assert_true(file_write(in_dir("p/f"), 0600, "", 0, &err));
	assert_false(file_make_dir(in_dir("p/f"), 0700, &err));
	assert_non_null(strstr(err.message, "a file has this name"));
	assert_false(file_make_dir(in_dir("p/f/g"), 0700, &err));
}

static void lists_are_sorted_and_filtered(void **state)
{
	struct err err = ERR_INIT;
	char **names;
	size_t count;

	(void)state;
	assert_true(file_make_dir(in_dir("l"), 0700, &err));
	assert_true(file_write(in_dir("l/b.lua"), 0600, "", 0, &err));
	assert_true(file_write(in_dir("l/a.lua"), 0600, "", 0, &err));
	assert_true(file_write(in_dir("l/c.txt"), 0600, "", 0, &err));
	assert_true(file_write(in_dir("l/.d.lua"), 0600, "", 0, &err));
	assert_true(file_list(in_dir("l"), ".lua", &names, &count, &err));
	assert_int_equal(count, 2);
	assert_string_equal(names[0], "a.lua");
	assert_string_equal(names[1], "b.lua");
	file_free_names(names, count);
	assert_false(file_list(in_dir("none"), ".lua", &names, &count, &err));
	assert_int_equal(err.kind, ERR_MISSING);
}

static void a_full_disk_is_named_with_what_is_free(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_false(file_fail_write(in_dir("new"), ENOSPC, &err));
	assert_int_equal(err.kind, ERR_STORE);
	assert_non_null(strstr(err.message, in_dir("new: No space left")));
	assert_non_null(strstr(err.message, " bytes free)"));
	assert_null(strstr(err.message, "(-1 bytes"));
	assert_non_null(strstr(err.hint, "make room"));
	assert_false(file_fail_write(in_dir("new"), EACCES, &err));
	assert_null(strstr(err.message, "free"));
}

static void secrets_are_copied_and_terminated(void **state)
{
	struct secret secret = SECRET_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(secret_from(&secret, "token", 5, &err));
	assert_int_equal(secret.len, 5);
	assert_string_equal(secret.data, "token");
	assert_true(secret.mapped >= 6);
	secret_fini(&secret);
	assert_null(secret.data);
	secret_fini(&secret);
	assert_true(secret_from(&secret, "", 0, &err));
	assert_string_equal(secret.data, "");
	secret_fini(&secret);
	assert_false(secret_init(&secret, SIZE_MAX - 8, &err));
	assert_int_equal(err.kind, ERR_OVER_LIMIT);
}

/* The flags of the mapping that holds `at`, as the kernel lists them ("rd wr mr mw me lo dd wf").
 */
static void read_flags(const void *at, char *flags, size_t size)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	char line[512];
	bool inside = false;

	assert_non_null(maps);
	flags[0] = '\0';
	while (fgets(line, sizeof(line), maps) != NULL) {
		uintptr_t from, to;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)at >= from && (uintptr_t)at < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(flags, size, "%s", line);
	}
	fclose(maps);
}

static void secrets_are_locked_and_not_dumped(void **state)
{
	struct secret secret = SECRET_INIT;
	struct err err = ERR_INIT;
	char flags[256];

	(void)state;
	assert_true(secret_from(&secret, "token", 5, &err));
	read_flags(secret.data, flags, sizeof(flags));
	assert_non_null(strstr(flags, " dd"));
	assert_non_null(strstr(flags, " wf"));
#ifndef MUSTER_SANITIZE /* AddressSanitizer turns mlock into nothing */
	assert_true(secret_lock_failed() || strstr(flags, " lo") != NULL);
#endif
	secret_fini(&secret);
}

static void a_forked_child_sees_zeros(void **state)
{
	struct secret secret = SECRET_INIT;
	struct err err = ERR_INIT;
	int status;
	pid_t child;

	(void)state;
	assert_true(secret_from(&secret, "token", 5, &err));
	child = fork();
	if (child == 0)
		_exit(secret.data[0] == '\0' ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_string_equal(secret.data, "token");
	secret_fini(&secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_large_file_is_refused),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(trust_depends_on_owner_and_mode),
		cmocka_unit_test(a_pipe_is_no_trusted_file),
		cmocka_unit_test(a_failed_write_leaves_the_old_file_alone),
		cmocka_unit_test(folders_are_made_with_their_parents),
		cmocka_unit_test(lists_are_sorted_and_filtered),
		cmocka_unit_test(a_full_disk_is_named_with_what_is_free),
		cmocka_unit_test(secrets_are_copied_and_terminated),
		cmocka_unit_test(secrets_are_locked_and_not_dumped),
		cmocka_unit_test(a_forked_child_sees_zeros),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
