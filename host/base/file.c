/* Files, read whole and with suspicion; written so that a crash leaves the old or the new one. */
#define _GNU_SOURCE
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/str.h"

enum { READ_STEP = 65536 };

/* What must be a regular file is opened without waiting: a pipe of that name would never answer. */
static bool open_for_reading(const char *path, bool trusted, int *fd, struct err *err)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (trusted ? O_NONBLOCK : 0));
	if (*fd >= 0)
		return true;
	return err_set_errno(err, errno == ENOENT ? ERR_MISSING : ERR_STORE, errno,
			     "cannot open %s", path);
}

/* One read; *end is true at the end of the file. */
static bool read_step(int fd, const char *path, size_t room_bytes, struct buf *out, bool *end,
		      struct err *err)
{
	char *room = buf_room(out, room_bytes);
	ssize_t got;

	if (room == NULL)
		return buf_ok(out, err);
	do
		got = read(fd, room, room_bytes);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set_errno(err, ERR_STORE, errno, "cannot read %s", path);
	buf_grown(out, (size_t)got);
	*end = got == 0;
	return true;
}

/*
 * The room asked for first is one byte more than the file says it has, so that an ordinary file is
 * read without the buffer moving: a secret leaves no copy behind.
 */
static bool read_all(int fd, const char *path, const struct stat *info, size_t cap_bytes,
		     struct buf *out, struct err *err)
{
	size_t planned = 0, got = 0, before = out->len;
	bool end = false;

	if (S_ISREG(info->st_mode) && (uintmax_t)info->st_size <= cap_bytes)
		planned = (size_t)info->st_size + 1;
	while (!end && got <= cap_bytes) {
		if (!read_step(fd, path, got < planned ? planned - got : READ_STEP, out, &end, err))
			return false;
		got = out->len - before;
	}
	if (got > cap_bytes)
		return err_set(err, ERR_OVER_LIMIT, "%s: larger than %zu bytes", path, cap_bytes);
	return true;
}

static bool check_trusted(const char *path, const struct stat *info, bool private_, struct err *err)
{
	unsigned mode = info->st_mode & 07777;

	if (!S_ISREG(info->st_mode))
		return err_set(err, ERR_CONFIG, "%s: not a regular file", path);
	if (info->st_uid != geteuid() && info->st_uid != 0)
		return err_set(err, ERR_CONFIG, "%s: belongs to user %u, neither to you nor root",
			       path, (unsigned)info->st_uid);
	if (private_ && (mode & 077) != 0) {
		err_set(err, ERR_CONFIG, "%s: open to others (mode %04o)", path, mode);
		return err_hint(err, "chmod 600 %s", path);
	}
	if ((mode & 022) != 0) {
		err_set(err, ERR_CONFIG, "%s: writable by others (mode %04o)", path, mode);
		return err_hint(err, "chmod go-w %s", path);
	}
	return true;
}

/* What is checked and what is read is one and the same open file. */
static bool read_file(const char *path, bool trusted, bool private_, size_t cap_bytes,
		      struct buf *out, struct err *err)
{
	struct stat info;
	bool ok;
	int fd;

	if (!open_for_reading(path, trusted, &fd, err))
		return false;
	if (fstat(fd, &info) != 0)
		ok = err_set_errno(err, ERR_STORE, errno, "cannot read %s", path);
	else
		ok = (!trusted || check_trusted(path, &info, private_, err)) &&
		     read_all(fd, path, &info, cap_bytes, out, err);
	close(fd);
	return ok;
}

bool file_read(const char *path, size_t cap_bytes, struct buf *out, struct err *err)
{
	return read_file(path, false, false, cap_bytes, out, err);
}

bool file_read_trusted(const char *path, bool private_, size_t cap_bytes, struct buf *out,
		       struct err *err)
{
	return read_file(path, true, private_, cap_bytes, out, err);
}

bool file_put(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t put = write(fd, at, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		at += put;
		len -= (size_t)put;
	}
	return true;
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? str_dup(".") : str_dup_len(path, (size_t)(slash - path) + 1);
}

int64_t file_free_bytes(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) == 0 ? (int64_t)(fs.f_bavail * fs.f_frsize) : -1;
}

bool file_fail_write(const char *path, int errnum, struct err *err)
{
	char *folder = folder_of(path);

	if (folder == NULL)
		return err_oom(err);
	if (errnum == ENOSPC || errnum == EDQUOT) {
		err_set(err, ERR_STORE, "cannot write %s: %s (%lld bytes free)", path,
			strerror(errnum), (long long)file_free_bytes(folder));
		err_hint(err, "make room on the disk, then try again");
	} else {
		err_set_errno(err, ERR_STORE, errnum, "cannot write %s", path);
	}
	free(folder);
	return false;
}

bool file_sync_folder(const char *path, struct err *err)
{
	char *dir = folder_of(path);
	bool ok = true;
	int fd;

	if (dir == NULL)
		return err_oom(err);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		ok = err_set_errno(err, ERR_STORE, errno, "cannot sync the folder of %s", path);
	if (fd >= 0)
		close(fd);
	free(dir);
	return ok;
}

bool file_rename(const char *from, const char *to, struct err *err)
{
	if (rename(from, to) == 0)
		return file_sync_folder(to, err);
	return err_set_errno(err, errno == ENOENT ? ERR_MISSING : ERR_STORE, errno,
			     "cannot replace %s", to);
}

static bool fill_new(int fd, const char *path, unsigned mode, const void *data, size_t len,
		     struct err *err)
{
	if (fchmod(fd, (mode_t)mode) == 0 && file_put(fd, data, len) && fsync(fd) == 0)
		return true;
	return file_fail_write(path, errno, err);
}

bool file_write(const char *path, unsigned mode, const void *data, size_t len, struct err *err)
{
	struct buf beside = BUF_INIT;
	bool ok;
	int fd;

	buf_printf(&beside, "%s.XXXXXX", path);
	if (!buf_ok(&beside, err))
		return false;
	fd = mkostemp(beside.data, O_CLOEXEC);
	if (fd < 0) {
		ok = file_fail_write(path, errno, err);
		buf_fini(&beside);
		return ok;
	}
	ok = fill_new(fd, path, mode, data, len, err);
	close(fd);
	ok = ok && file_rename(beside.data, path, err);
	if (!ok)
		unlink(beside.data);
	buf_fini(&beside);
	return ok;
}

static bool make_one_dir(const char *path, unsigned mode, struct err *err)
{
	struct stat info;

	if (mkdir(path, (mode_t)mode) == 0)
		return true;
	if (errno != EEXIST)
		return err_set_errno(err, ERR_STORE, errno, "cannot make the folder %s", path);
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		return true;
	return err_set(err, ERR_STORE, "cannot make the folder %s: a file has this name", path);
}

bool file_make_dir(const char *path, unsigned mode, struct err *err)
{
	char *part = str_dup(path);
	bool ok = true;

	if (part == NULL)
		return err_oom(err);
	for (char *at = part + 1; ok && part[0] != '\0' && *at != '\0'; at++) {
		if (*at != '/' || at[-1] == '/')
			continue;
		*at = '\0';
		ok = make_one_dir(part, mode, err);
		*at = '/';
	}
	free(part);
	return ok && make_one_dir(path, mode, err);
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool add_name(char ***names, size_t *count, const char *name, struct err *err)
{
	char **grown = realloc(*names, (*count + 1) * sizeof(**names));

	if (grown == NULL)
		return err_oom(err);
	*names = grown;
	grown[*count] = str_dup(name);
	if (grown[*count] == NULL)
		return err_oom(err);
	++*count;
	return true;
}

/* NULL at the end, and where it cannot be read any further: then err says so. */
static struct dirent *next_entry(DIR *open_dir, const char *dir, bool *ok, struct err *err)
{
	struct dirent *entry;

	errno = 0;
	entry = readdir(open_dir);
	if (entry == NULL && errno != 0)
		*ok = err_set_errno(err, ERR_STORE, errno, "cannot list the folder %s", dir);
	return entry;
}

bool file_list(const char *dir, const char *suffix, char ***names, size_t *count, struct err *err)
{
	DIR *open_dir = opendir(dir);
	struct dirent *entry;
	bool ok = true;

	*names = NULL;
	*count = 0;
	if (open_dir == NULL)
		return err_set_errno(err, errno == ENOENT ? ERR_MISSING : ERR_STORE, errno,
				     "cannot list the folder %s", dir);
	while (ok && (entry = next_entry(open_dir, dir, &ok, err)) != NULL) {
		if (entry->d_name[0] != '.' && str_has_suffix(entry->d_name, suffix))
			ok = add_name(names, count, entry->d_name, err);
	}
	closedir(open_dir);
	if (!ok) {
		file_free_names(*names, *count);
		*names = NULL;
		*count = 0;
	} else if (*count > 1) {
		qsort(*names, *count, sizeof(**names), str_sort_order);
	}
	return ok;
}

void file_free_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}
