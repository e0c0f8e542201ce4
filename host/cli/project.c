/* A project on disk, and where muster itself is installed. */
#define _GNU_SOURCE
#include "cli/project.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

enum { SOURCE_BYTES_MAX = 1024 * 1024 };

char *project_path(const char *dir, const char *name, struct err *err)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) >= 0)
		return path;
	err_oom(err);
	return NULL;
}

static bool is_dir(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Cuts the last part of a path; "/a" becomes "/". */
static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		slash[slash == path] = '\0';
}

/* --- the installation --- */

static bool read_program(char **program, struct err *err)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len < 0)
		return err_set_errno(err, ERR_CONFIG, errno, "cannot find the running program");
	*program = str_dup_len(path, (size_t)len);
	return *program ? true : err_oom(err);
}

/* The first of two places that exists, in its shortest form; NULL if none does. */
static char *first_dir(const char *base, const char *one, const char *other)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", base, one);
	if (!is_dir(path))
		snprintf(path, sizeof(path), "%s/%s", base, other);
	return is_dir(path) ? realpath(path, NULL) : NULL;
}

bool project_find_program(struct project *project, struct err *err)
{
	char folder[PATH_MAX];

	if (!read_program(&project->program, err))
		return false;
	snprintf(folder, sizeof(folder), "%s", project->program);
	cut_last(folder);
	project->scripts = first_dir(folder, "../share/muster/scripts", "scripts");
	if (project->scripts)
		return true;
	err_set(err, ERR_CONFIG, "the scripts delivered with muster are not at %s", folder);
	return err_hint(err, "install the whole of it: cmake --install");
}

/* --- a project --- */

static void free_paths(struct project *project)
{
	free(project->dir);
	free(project->database);
	free(project->recordings);
	project->dir = project->database = project->recordings = NULL;
}

static bool set_paths(struct project *project, const char *dir, struct err *err)
{
	free_paths(project);
	project->dir = realpath(dir, NULL);
	if (!project->dir)
		return err_set_errno(err, ERR_MISSING, errno, "%s", dir);
	project->database = project_path(project->dir, ".muster/muster.db", err);
	if (!project->database)
		return false;
	project->recordings = project_path(project->dir, ".muster/recordings", err);
	return project->recordings != NULL;
}

static bool is_project(const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/.muster", dir);
	return is_dir(path);
}

static bool find_upwards(struct project *project, struct err *err)
{
	char path[PATH_MAX];

	if (!getcwd(path, sizeof(path)))
		return err_set_errno(err, ERR_MISSING, errno, "the current folder");
	for (;; cut_last(path)) {
		if (is_project(path))
			return set_paths(project, path, err);
		if (str_eq(path, "/"))
			break;
	}
	err_set(err, ERR_MISSING, "there is no project here or in a folder above");
	return err_hint(err, "make one with \"muster init\", or name one: muster -C DIR ...");
}

bool project_find(struct project *project, const char *dir, struct err *err)
{
	if (!dir)
		return find_upwards(project, err);
	if (is_project(dir))
		return set_paths(project, dir, err);
	err_set(err, ERR_MISSING, "%s is no project: it has no folder .muster", dir);
	return err_hint(err, "make one there: muster init %s", dir);
}

static bool make_dir(const char *base, const char *name, unsigned mode, struct err *err)
{
	char *path = project_path(base, name, err);
	bool done = path && file_make_dir(path, mode, err);

	free(path);
	return done;
}

bool project_make(struct project *project, const char *dir, struct err *err)
{
	static const char *const folders[] = { "vendors", "mappings", "jobs", "out" };

	if (!file_make_dir(dir, 0777, err))
		return false;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (!make_dir(dir, folders[i], 0777, err))
			return false;
	}
	return make_dir(dir, ".muster", 0700, err) &&
	       make_dir(dir, ".muster/recordings", 0700, err) && set_paths(project, dir, err);
}

/* --- stubs --- */

static bool copy_file(const char *from_dir, const char *to_dir, const char *name, struct err *err)
{
	struct buf text = BUF_INIT;
	char *from = project_path(from_dir, name, err);
	char *to = from ? project_path(to_dir, name, err) : NULL;
	bool done = to && file_read(from, SOURCE_BYTES_MAX, &text, err) &&
		    file_write(to, 0600, buf_text(&text), text.len, err);

	buf_fini(&text);
	free(from);
	free(to);
	return done;
}

/* All Lua files of lib/NAME into .muster/types/NAME. */
static bool copy_stubs(const struct project *project, const char *name, struct err *err)
{
	char from[PATH_MAX], to[PATH_MAX];
	char **names = NULL;
	size_t count = 0;
	bool done;

	snprintf(from, sizeof(from), "%s/lib%s", project->scripts, name);
	snprintf(to, sizeof(to), "%s/.muster/types%s", project->dir, name);
	done = file_make_dir(to, 0700, err) && file_list(from, ".lua", &names, &count, err);
	for (size_t i = 0; done && i < count; i++)
		done = copy_file(from, to, names[i], err);
	file_free_names(names, count);
	return done;
}

static bool write_luarc(const struct project *project, struct err *err)
{
	static const char text[] =
		"{\n"
		"  \"runtime.version\": \"Lua 5.4\",\n"
		"  \"runtime.path\": [\"?.lua\", \"?/init.lua\", \".muster/types/?.lua\"],\n"
		"  \"workspace.library\": [\".muster/types\"],\n"
		"  \"workspace.checkThirdParty\": false,\n"
		"  \"diagnostics.globals\": [\"host\"]\n"
		"}\n";
	char *path = project_path(project->dir, ".luarc.json", err);
	bool done =
		path && (file_exists(path) || file_write(path, 0644, text, sizeof(text) - 1, err));

	free(path);
	return done;
}

/* What is in .muster belongs to this machine: no version control should take it. */
static bool write_gitignore(const struct project *project, struct err *err)
{
	char *path = project_path(project->dir, ".muster/.gitignore", err);
	bool done = path && file_write(path, 0600, "*\n", 2, err);

	free(path);
	return done;
}

bool project_write_stubs(const struct project *project, struct err *err)
{
	return write_luarc(project, err) && write_gitignore(project, err) &&
	       copy_stubs(project, "", err) && copy_stubs(project, "/muster", err);
}

void project_fini(struct project *project)
{
	free_paths(project);
	free(project->program);
	free(project->scripts);
	*project = (struct project){ 0 };
}
