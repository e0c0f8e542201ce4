/* The Lua texts of a job. */
#include "connector/script.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "connector/connector.h"
#include "crypto/digest.h"

static void script_fini(struct script *script)
{
	free(script->name);
	free(script->path);
	buf_fini(&script->text);
}

static void list_fini(struct script_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		script_fini(&list->items[i]);
	free(list->items);
	*list = (struct script_list){ 0 };
}

void script_set_fini(struct script_set *set)
{
	script_fini(&set->connector);
	list_fini(&set->libs);
	list_fini(&set->overlays);
	*set = (struct script_set){ 0 };
}

/* Takes `path` over. */
static bool script_read(struct script *script, const char *name, char *path, struct err *err)
{
	*script = (struct script){ .name = str_dup(name), .path = path };
	if (script->name == NULL || path == NULL)
		return err_oom(err);
	if (!file_read_trusted(path, false, SCRIPT_TEXT_MAX, &script->text, err))
		return false;
	return digest_sha256_hex(script->text.data, script->text.len, script->sha256, err);
}

static char *join(const char *format, const char *a, const char *b, const char *c)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, format, a, b, c);
	return buf_take(&path);
}

static bool list_add(struct script_list *list, const char *name, char *path, struct err *err)
{
	struct script *items = realloc(list->items, (list->count + 1) * sizeof(*items));

	if (items == NULL) {
		free(path);
		return err_oom(err);
	}
	list->items = items;
	return script_read(&items[list->count++], name, path, err);
}

/* Every file of a folder, as "<prefix>.<file without .lua>". */
static bool add_folder(struct script_list *list, const char *dir, const char *prefix,
		       const char *except, struct err *err)
{
	char **names;
	size_t count;
	bool fine = true;

	if (!file_list(dir, ".lua", &names, &count, err))
		return false;
	for (size_t i = 0; i < count && fine; i++) {
		size_t stem = strlen(names[i]) - strlen(".lua");
		struct buf name = BUF_INIT;

		if (except != NULL && str_eq(names[i], except))
			continue;
		buf_printf(&name, "%s.%.*s", prefix, (int)stem, names[i]);
		fine = buf_ok(&name, err) &&
		       list_add(list, buf_text(&name), join("%s/%s%s", dir, names[i], ""), err);
		buf_fini(&name);
	}
	file_free_names(names, count);
	return fine;
}

static bool add_overlay(struct script_list *list, struct host *host, const char *vendor,
			const char *account_name, struct err *err)
{
	struct buf name = BUF_INIT;
	char *path;
	bool fine = true;

	if (host->project_dir == NULL)
		return true;
	buf_printf(&name, account_name != NULL ? "mappings/%s@%s.lua" : "mappings/%s.lua", vendor,
		   account_name);
	path = join("%s/%s%s", host->project_dir, buf_text(&name), "");
	if (path == NULL)
		fine = err_oom(err);
	else if (file_exists(path))
		fine = list_add(list, buf_text(&name), path, err);
	else
		free(path);
	buf_fini(&name);
	return fine;
}

static bool add_overlays(struct script_list *list, struct host *host, const char *vendor,
			 const char *account_name, struct err *err)
{
	return add_overlay(list, host, vendor, NULL, err) &&
	       (account_name == NULL || add_overlay(list, host, vendor, account_name, err));
}

/* vendors/ID.lua or vendors/ID/init.lua below a root; NULL if neither is there. */
static char *find_below(const char *root, const char *vendor, bool *is_folder)
{
	char *path;

	*is_folder = false;
	if (root == NULL)
		return NULL;
	path = join("%s/vendors/%s%s", root, vendor, ".lua");
	if (path != NULL && !file_exists(path)) {
		free(path);
		path = join("%s/vendors/%s%s", root, vendor, "/init.lua");
		*is_folder = true;
	}
	if (path != NULL && !file_exists(path)) {
		free(path);
		path = NULL;
	}
	return path;
}

static bool missing_connector(struct host *host, const char *vendor, struct err *err)
{
	struct err ignored = ERR_INIT;
	const char *nearest = NULL;
	char **ids = NULL;
	size_t count = 0;

	if (connector_list(host, &ids, &count, &ignored))
		nearest = str_nearest(vendor, (const char *const *)ids, count);
	err_set(err, ERR_MISSING, "there is no connector \"%s\"", vendor);
	if (nearest != NULL)
		err_hint(err, "did you mean %s? All of them: muster vendors", nearest);
	else
		err_hint(err, "all of them: muster vendors");
	file_free_names(ids, count);
	return false;
}

/* An id becomes part of a path: letters, digits, _ and - only. */
static bool is_plain_name(const char *text)
{
	return text[0] != '\0' && strlen(text) <= 63 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
		       strlen(text);
}

static bool find_connector(struct host *host, const char *vendor, struct script_set *set,
			   struct err *err)
{
	bool own_folder = false, delivered_folder = false, is_folder, fine;
	struct buf shown = BUF_INIT;
	char *own, *delivered, *path;

	if (!is_plain_name(vendor))
		return missing_connector(host, vendor, err);
	own = find_below(host->project_dir, vendor, &own_folder);
	delivered = find_below(host->scripts_dir, vendor, &delivered_folder);
	set->is_shadowing = own != NULL && delivered != NULL;
	path = own != NULL ? own : delivered;
	is_folder = own != NULL ? own_folder : delivered_folder;
	if (own != NULL)
		free(delivered);
	if (path == NULL)
		return missing_connector(host, vendor, err);
	buf_printf(&shown, is_folder ? "vendors/%s/init.lua" : "vendors/%s.lua", vendor);
	fine = script_read(&set->connector, buf_text(&shown), path, err);
	buf_fini(&shown);
	if (fine && is_folder) {
		char *dir = str_dup_len(path, strlen(path) - strlen("/init.lua"));

		fine = dir != NULL ? add_folder(&set->libs, dir, vendor, "init.lua", err)
				   : err_oom(err);
		free(dir);
	}
	return fine;
}

bool script_set_read(struct host *host, const char *vendor, const char *account_name,
		     struct script_set *out, struct err *err)
{
	char *libs = join("%s/lib/muster%s%s", host->scripts_dir, "", "");
	bool fine;

	*out = (struct script_set){ 0 };
	fine = libs != NULL ? true : err_oom(err);
	fine = fine && find_connector(host, vendor, out, err) &&
	       add_folder(&out->libs, libs, "muster", NULL, err) &&
	       ((account_name != NULL && account_name[0] == '\0') ||
		add_overlays(&out->overlays, host, vendor, account_name, err));
	free(libs);
	if (!fine) {
		script_set_fini(out);
		if (err->kind != ERR_MISSING)
			err->kind = ERR_CONFIG;
	}
	return fine;
}
