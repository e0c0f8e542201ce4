/* Files that nobody else may reach. */
#define _GNU_SOURCE
#include "store/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

static bool check_owner(const char *path, const struct stat *st, unsigned mode, struct err *err)
{
	if (st->st_uid != geteuid()) {
		err_set(err, ERR_CONFIG, "%s belongs to user %u, not to us (%u)", path,
			(unsigned)st->st_uid, (unsigned)geteuid());
		return err_hint(err, "run muster as the project's owner");
	}
	if ((st->st_mode & 077) == 0)
		return true;
	err_set(err, ERR_CONFIG, "%s can be reached by others (mode %04o)", path,
		(unsigned)(st->st_mode & 07777));
	return err_hint(err, "chmod %04o %s", mode, path);
}

bool private_file_check_folder(const char *path, struct err *err)
{
	char *copy = str_dup(path), *folder;
	struct stat st;
	bool ok;

	if (copy == NULL)
		return err_oom(err);
	folder = dirname(copy);
	if (stat(folder, &st) != 0)
		ok = err_set_errno(err, ERR_MISSING, errno, "%s", folder);
	else
		ok = check_owner(folder, &st, 0700, err);
	free(copy);
	return ok;
}

bool private_file_check(const char *path, const char *suffix, bool *exists, struct err *err)
{
	char name[4096];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	*exists = lstat(name, &st) == 0;
	if (!*exists)
		return errno == ENOENT ? true : err_set_errno(err, ERR_STORE, errno, "%s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "%s is not a regular file", name);
	return check_owner(name, &st, 0600, err);
}

bool private_file_make(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return file_fail_write(path, errno, err);
	close(fd);
	return true;
}
