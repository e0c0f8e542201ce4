/* The project's files and the disk they lie on. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"
#include "connector/script.h"
#include "doctor/doctor.h"

static const char AREA[] = "files";

enum {
	SPACE_FAIL = 16 * 1024 * 1024, /* less than one batch and its log may need */
	SPACE_WARN = 512 * 1024 * 1024,
	INODES_WARN = 1000,
};

/* --- owners and modes --- */

/* A folder whose files run, or name what runs. True if nobody else can put something there. */
static bool check_folder(const struct doctor *doctor, const char *path)
{
	struct stat info;

	if (stat(path, &info) != 0) {
		doctor_say(doctor, DOCTOR_WARN, AREA, path, "muster init makes what is missing",
			   "cannot be looked at: %s", strerror(errno));
	} else if (info.st_uid != geteuid() && info.st_uid != 0) {
		doctor_say(doctor, DOCTOR_FAIL, AREA, path, "run muster as the project's owner",
			   "belongs to user %u, not to us (%u)", (unsigned)info.st_uid,
			   (unsigned)geteuid());
	} else if ((info.st_mode & 022) != 0) {
		doctor_say(doctor, DOCTOR_FAIL, AREA, path, "chmod go-w on it",
			   "others may write here (mode %04o)", (unsigned)(info.st_mode & 07777));
	} else {
		return true;
	}
	return false;
}

/* As they are read for a job: owner, mode, size. */
static size_t check_scripts(const struct doctor *doctor, const char *dir, size_t *wrong)
{
	struct err err = ERR_INIT;
	char **names = NULL;
	size_t count = 0;

	if (!file_list(dir, ".lua", &names, &count, &err))
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct buf path = BUF_INIT, text = BUF_INIT;

		err = ERR_INIT;
		buf_printf(&path, "%s/%s", dir, names[i]);
		if (!buf_ok(&path, &err) ||
		    !file_read_trusted(buf_text(&path), false, SCRIPT_TEXT_MAX, &text, &err)) {
			doctor_say_err(doctor, DOCTOR_FAIL, AREA, names[i], &err);
			++*wrong;
		}
		buf_fini(&text);
		buf_fini(&path);
	}
	file_free_names(names, count);
	return count;
}

static void check_permissions(const struct doctor *doctor)
{
	static const char *const folders[] = { "", "/vendors", "/mappings", "/jobs" };
	size_t scripts = 0, wrong = 0;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct buf path = BUF_INIT;

		buf_printf(&path, "%s%s", doctor->host->project_dir, folders[i]);
		wrong += !check_folder(doctor, buf_text(&path));
		if (i > 0)
			scripts += check_scripts(doctor, buf_text(&path), &wrong);
		buf_fini(&path);
	}
	if (wrong == 0)
		doctor_say(doctor, DOCTOR_OK, AREA, "permissions", "",
			   "the folders are ours alone to change; scripts of the project: %zu",
			   scripts);
}

/* --- the disk --- */

static void check_space(const struct doctor *doctor)
{
	struct statvfs fs;
	unsigned long long bytes;
	enum doctor_verdict verdict;

	if (statvfs(doctor->host->project_dir, &fs) != 0)
		return;
	bytes = (unsigned long long)fs.f_bavail * fs.f_frsize;
	verdict = bytes < SPACE_FAIL ? DOCTOR_FAIL : bytes < SPACE_WARN ? DOCTOR_WARN : DOCTOR_OK;
	doctor_say(doctor, verdict, AREA, "free space",
		   verdict == DOCTOR_OK ? "" : "make room; what is stored already is safe",
		   "%llu MiB", bytes / 1024 / 1024);
	if (fs.f_files > 0 && fs.f_favail < INODES_WARN)
		doctor_say(doctor, DOCTOR_WARN, AREA, "free inodes",
			   "delete small files; every recording needs one", "%llu left",
			   (unsigned long long)fs.f_favail);
}

/* Numbers of statfs(2). On these the write-ahead log's shared memory does not work, or not safely.
 */
static const struct {
	unsigned long magic;
	const char *name;
} NETWORK[] = {
	{ 0x6969, "NFS" },	{ 0x517B, "SMB" },	  { 0xFF534D42, "CIFS" },
	{ 0xFE534D42, "SMB" },	{ 0x01021997, "9P" },	  { 0x5346414F, "AFS" },
	{ 0x00C36400, "Ceph" }, { 0x0BD00BD0, "Lustre" },
};

static void check_filesystem(const struct doctor *doctor)
{
	struct statfs fs;

	if (statfs(doctor->host->project_dir, &fs) != 0)
		return;
	for (size_t i = 0; i < sizeof(NETWORK) / sizeof(NETWORK[0]); i++) {
		if (((unsigned long)fs.f_type & 0xFFFFFFFFul) != NETWORK[i].magic)
			continue;
		doctor_say(doctor, DOCTOR_FAIL, AREA, "filesystem",
			   "move the project to a disk of this machine",
			   "%s: SQLite's write-ahead log does not work over a network",
			   NETWORK[i].name);
		return;
	}
	if ((fs.f_flags & ST_RDONLY) != 0)
		doctor_say(doctor, DOCTOR_FAIL, AREA, "filesystem",
			   "mount it for writing, or move the project", "it is read-only");
	else
		doctor_say(doctor, DOCTOR_OK, AREA, "filesystem", "", "local (type %#lx)",
			   (unsigned long)fs.f_type & 0xFFFFFFFFul);
}

/* --- leftovers --- */

static size_t find_leftovers(const char *dir, const char *suffix, struct buf *found)
{
	struct err ignored = ERR_INIT;
	char **names = NULL;
	size_t count = 0;

	if (!file_list(dir, suffix, &names, &count, &ignored))
		return 0;
	for (size_t i = 0; i < count; i++)
		buf_printf(found, "%s%s", found->len > 0 ? ", " : "", names[i]);
	file_free_names(names, count);
	return count;
}

/* Of writes that were interrupted, and copies from before migrations. Harmless, and large. */
static void check_leftovers(const struct doctor *doctor)
{
	struct buf dir = BUF_INIT, found = BUF_INIT;
	size_t count;

	buf_printf(&dir, "%s/.muster", doctor->host->project_dir);
	count = find_leftovers(buf_text(&dir), ".new", &found) +
		find_leftovers(buf_text(&dir), ".backup", &found);
	if (count > 0)
		doctor_say(doctor, DOCTOR_OK, AREA, "leftovers",
			   "they may be deleted from .muster when all works", "%s",
			   buf_text(&found));
	buf_fini(&found);
	buf_fini(&dir);
}

void doctor_files(const struct doctor *doctor)
{
	check_permissions(doctor);
	check_space(doctor);
	check_filesystem(doctor);
	check_leftovers(doctor);
}
