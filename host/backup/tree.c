/* Folders of a backup on their way. */
#define _GNU_SOURCE
#include "backup/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"

enum { COPY_STEP = 256 * 1024, DEPTH_MAX = 16, WALK_FILES = 16 };

/* --- listing --- */

static bool add_name(struct tree_names *names, const char *name, struct err *err)
{
	char **grown = realloc(names->items, (names->count + 1) * sizeof(*grown));

	if (grown == NULL)
		return err_oom(err);
	names->items = grown;
	grown[names->count] = str_dup(name);
	return grown[names->count++] != NULL || err_oom(err);
}

static bool list_below(const char *root, const char *sub, int depth, struct tree_names *out,
		       struct err *err);

static bool add_entry(const char *root, const char *name, int depth, struct tree_names *out,
		      struct err *err)
{
	char path[PATH_MAX];
	struct stat info;

	if (snprintf(path, sizeof(path), "%s/%s", root, name) >= (int)sizeof(path))
		return err_set(err, ERR_CONFIG, "%s: the path is too long", name);
	if (lstat(path, &info) != 0)
		return err_set_errno(err, ERR_STORE, errno, "%s", path);
	if (S_ISDIR(info.st_mode))
		return list_below(root, name, depth + 1, out, err);
	return !S_ISREG(info.st_mode) || add_name(out, name, err);
}

static bool list_below(const char *root, const char *sub, int depth, struct tree_names *out,
		       struct err *err)
{
	struct err failure = ERR_INIT;
	struct buf dir = BUF_INIT;
	char **names = NULL;
	size_t count = 0;
	bool ok;

	if (depth > DEPTH_MAX)
		return err_set(err, ERR_CONFIG, "%s: too deep for a backup", sub);
	buf_printf(&dir, "%s/%s", root, sub);
	ok = buf_ok(&dir, err) && file_list(buf_text(&dir), "", &names, &count, &failure);
	buf_fini(&dir);
	if (!ok && failure.kind != ERR_NONE)
		*err = failure;
	for (size_t i = 0; ok && i < count; i++) {
		struct buf name = BUF_INIT;

		buf_printf(&name, "%s/%s", sub, names[i]);
		ok = buf_ok(&name, err) && add_entry(root, buf_text(&name), depth, out, err);
		buf_fini(&name);
	}
	file_free_names(names, count);
	return ok || failure.kind == ERR_MISSING;
}

bool tree_list(const char *root, const char *sub, struct tree_names *out, struct err *err)
{
	return list_below(root, sub, 0, out, err);
}

void tree_names_fini(struct tree_names *names)
{
	file_free_names(names->items, names->count);
	*names = (struct tree_names){ 0 };
}

/* --- copying --- */

/* One step; *got = 0 at the end. to < 0 = nobody wants the bytes. */
static bool copy_step(int from, int to, char *room, struct digest_stream *stream, ssize_t *got,
		      struct err *err)
{
	do
		*got = read(from, room, COPY_STEP);
	while (*got < 0 && errno == EINTR);
	if (*got < 0)
		return err_set_errno(err, ERR_STORE, errno, "cannot read");
	if (to >= 0 && !file_put(to, room, (size_t)*got))
		return err_set_errno(err, ERR_STORE, errno, "cannot write");
	return digest_stream_add(stream, room, (size_t)*got, err);
}

static bool copy_bytes(int from, int to, struct tree_file *out, struct err *err)
{
	struct digest_stream *stream = digest_stream_new(err);
	char *room = malloc(COPY_STEP);
	ssize_t got = 1;
	bool ok = stream != NULL && (room != NULL || err_oom(err));

	*out = (struct tree_file){ 0 };
	while (ok && got > 0) {
		ok = copy_step(from, to, room, stream, &got, err);
		out->bytes += ok ? got : 0;
	}
	free(room);
	if (ok && to >= 0 && fsync(to) != 0)
		ok = err_set_errno(err, ERR_STORE, errno, "cannot write");
	return digest_stream_end(stream, ok ? out->sha256 : NULL, err) && ok;
}

/* A link, or a pipe that would never answer, is no file. */
static int open_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat info;

	if (fd < 0) {
		err_set_errno(err, errno == ENOENT ? ERR_MISSING : ERR_CONFIG, errno, "%s", path);
		return -1;
	}
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
		return fd;
	err_set(err, ERR_CONFIG, "%s: not a regular file", path);
	close(fd);
	return -1;
}

bool tree_digest(const char *path, struct tree_file *out, struct err *err)
{
	int fd = open_file(path, err);
	bool ok;

	if (fd < 0)
		return false;
	ok = copy_bytes(fd, -1, out, err) || err_context(err, "%s", path);
	close(fd);
	return ok;
}

static bool make_folder_of(const char *path, struct err *err)
{
	char *dir = str_dup_len(path, (size_t)(strrchr(path, '/') - path));
	bool ok = dir != NULL ? file_make_dir(dir, 0700, err) : err_oom(err);

	free(dir);
	return ok;
}

static bool copy_to(int from, const char *path, struct tree_file *out, struct err *err)
{
	bool ok;
	int to;

	if (!make_folder_of(path, err))
		return false;
	to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return err_set_errno(err, ERR_STORE, errno, "cannot write %s", path);
	ok = copy_bytes(from, to, out, err) || err_context(err, "%s", path);
	close(to);
	return ok;
}

bool tree_copy(const char *root_from, const char *root_to, const char *name, struct tree_file *out,
	       struct err *err)
{
	struct buf from = BUF_INIT, to = BUF_INIT;
	bool ok;
	int fd;

	buf_printf(&from, "%s/%s", root_from, name);
	buf_printf(&to, "%s/%s", root_to, name);
	ok = buf_ok(&from, err) && buf_ok(&to, err);
	fd = ok ? open_file(buf_text(&from), err) : -1;
	ok = fd >= 0 && copy_to(fd, buf_text(&to), out, err);
	if (fd >= 0)
		close(fd);
	buf_fini(&from);
	buf_fini(&to);
	return ok;
}

/* --- whole trees --- */

static int sync_folder(const char *path, const struct stat *info, int type, struct FTW *at)
{
	int fd, status;

	(void)info;
	(void)at;
	if (type != FTW_D)
		return 0;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	status = fsync(fd);
	close(fd);
	return status;
}

bool tree_sync(const char *root, struct err *err)
{
	if (nftw(root, sync_folder, WALK_FILES, FTW_PHYS) == 0)
		return true;
	return err_set_errno(err, ERR_STORE, errno, "cannot write %s", root);
}

bool tree_is_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool is_empty = dir != NULL;

	while (is_empty && (entry = readdir(dir)) != NULL)
		is_empty = str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..");
	if (dir != NULL)
		closedir(dir);
	return is_empty;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	remove(path);
	return 0;
}

void tree_remove(const char *root)
{
	nftw(root, remove_one, WALK_FILES, FTW_DEPTH | FTW_PHYS);
}
