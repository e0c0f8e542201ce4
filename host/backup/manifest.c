/* The manifest of a backup. */
#include "backup/manifest.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "vault/vault.h"

enum { MANIFEST_BYTES_MAX = 64 * 1024 * 1024 };

bool manifest_add(struct manifest *manifest, const char *name, const struct tree_file *file,
		  struct err *err)
{
	struct manifest_file *grown =
		realloc(manifest->files, (manifest->count + 1) * sizeof(*grown));

	if (grown == NULL)
		return err_oom(err);
	manifest->files = grown;
	grown[manifest->count] = (struct manifest_file){ .name = str_dup(name), .is = *file };
	return grown[manifest->count++].name != NULL || err_oom(err);
}

void manifest_fini(struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->count; i++)
		free(manifest->files[i].name);
	free(manifest->files);
	free(manifest->program);
	free(manifest->host);
	free(manifest->project);
	free(manifest->install_id);
	free(manifest->key_file);
	free(manifest->seal);
	*manifest = (struct manifest){ 0 };
}

int64_t manifest_bytes(const struct manifest *manifest)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < manifest->count; i++)
		bytes += manifest->files[i].is.bytes;
	return bytes;
}

/* --- as JSON --- */

static json_t *files_json(const struct manifest *manifest)
{
	json_t *list = json_array();

	for (size_t i = 0; i < manifest->count; i++) {
		const struct manifest_file *file = &manifest->files[i];

		json_add(&list, json_pack("{s:s, s:I, s:s}", "path", file->name, "bytes",
					  (json_int_t)file->is.bytes, "sha256", file->is.sha256));
	}
	return list;
}

/* Everything but the seal. */
static json_t *manifest_json(const struct manifest *manifest)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s?, s:b, s:o}", "format",
			 MANIFEST_FORMAT, "program", manifest->program, "made_at",
			 manifest->made_at, "host", manifest->host, "project", manifest->project,
			 "install_id", manifest->install_id, "key_file", manifest->key_file,
			 "has_recordings", manifest->has_recordings, "files", files_json(manifest));
}

bool manifest_derive_key(const struct vault *vault, const char *made_at,
			 uint8_t out[MANIFEST_KEY_SIZE], struct err *err)
{
	return vault_derive(vault, "backup", made_at, out, err);
}

static bool seal_of(const json_t *json, const uint8_t *key, struct buf *out, struct err *err)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	struct digest seal;
	bool ok = text != NULL || err_oom(err);

	ok = ok &&
	     digest_hmac(DIGEST_SHA256, key, MANIFEST_KEY_SIZE, text, strlen(text), &seal, err);
	free(text);
	if (ok)
		encode_hex(out, seal.bytes, seal.len);
	return ok && buf_ok(out, err);
}

static bool write_json(const json_t *json, const char *folder, struct err *err)
{
	char *text = json_dumps(json, JSON_INDENT(1));
	struct buf path = BUF_INIT;
	bool ok = text != NULL || err_oom(err);

	buf_printf(&path, "%s/" MANIFEST_FILE, folder);
	ok = ok && buf_ok(&path, err) && file_write(buf_text(&path), 0600, text, strlen(text), err);
	buf_fini(&path);
	free(text);
	return ok;
}

static bool add_seal(json_t *json, const uint8_t *key, struct err *err)
{
	struct buf seal = BUF_INIT;
	bool ok = seal_of(json, key, &seal, err) &&
		  (json_object_set_new(json, "seal", json_string(buf_text(&seal))) == 0 ||
		   err_oom(err));

	buf_fini(&seal);
	return ok;
}

bool manifest_write(struct manifest *manifest, const char *folder, const uint8_t *key,
		    struct err *err)
{
	json_t *json = manifest_json(manifest);
	bool ok = (json != NULL || err_oom(err)) && (key == NULL || add_seal(json, key, err)) &&
		  write_json(json, folder, err);

	json_decref(json);
	return ok;
}

/* --- and back --- */

static bool refuse(struct err *err, const char *folder, const char *what)
{
	err_set(err, ERR_CONFIG, "%s/" MANIFEST_FILE ": %s", folder, what);
	return err_hint(err, "it is damaged or was changed: take another backup");
}

/* Where a backup may put something: what a project is made of, and nothing outside of it. */
static bool is_fit_name(const char *name)
{
	static const char *const below[] = { "vendors/", "mappings/", "jobs/",
					     MANIFEST_RECORDINGS "/" };

	if (str_eq(name, MANIFEST_DATABASE))
		return true;
	if (strstr(name, "/../") != NULL || strstr(name, "//") != NULL ||
	    str_has_suffix(name, "/..") || str_has_suffix(name, "/"))
		return false;
	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		if (str_has_prefix(name, below[i]))
			return true;
	}
	return false;
}

static bool take_file(struct manifest *out, const json_t *item, const char *folder, struct err *err)
{
	const char *name = json_string_value(json_object_get(item, "path"));
	const char *sha256 = json_string_value(json_object_get(item, "sha256"));
	struct tree_file file = { .bytes = json_integer_value(json_object_get(item, "bytes")) };

	if (name == NULL || sha256 == NULL || strlen(sha256) != sizeof(file.sha256) - 1)
		return refuse(err, folder, "a file without path or digest");
	if (!is_fit_name(name))
		return refuse(err, folder, "a path that no project has");
	snprintf(file.sha256, sizeof(file.sha256), "%s", sha256);
	return manifest_add(out, name, &file, err);
}

static bool take_files(struct manifest *out, const json_t *list, const char *folder,
		       struct err *err)
{
	bool has_database = false;

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!take_file(out, json_array_get(list, i), folder, err))
			return false;
		has_database = has_database || str_eq(out->files[i].name, MANIFEST_DATABASE);
	}
	return has_database || refuse(err, folder, "it names no database");
}

static bool take_text(char **out, const json_t *json, const char *key, struct err *err)
{
	const char *text = json_string_value(json_object_get(json, key));

	*out = text != NULL ? str_dup(text) : NULL;
	return text == NULL || *out != NULL || err_oom(err);
}

static bool take_json(struct manifest *out, const json_t *json, const char *folder, struct err *err)
{
	const char *made_at = json_string_value(json_object_get(json, "made_at"));
	json_int_t format = json_integer_value(json_object_get(json, "format"));

	if (format > MANIFEST_FORMAT) {
		err_set(err, ERR_CONFIG, "%s is a backup of format %lld; this muster knows %d",
			folder, (long long)format, MANIFEST_FORMAT);
		return err_hint(err, "restore it with the muster that made it, or a newer one");
	}
	if (!take_text(&out->program, json, "program", err) ||
	    !take_text(&out->host, json, "host", err) ||
	    !take_text(&out->project, json, "project", err) ||
	    !take_text(&out->install_id, json, "install_id", err) ||
	    !take_text(&out->key_file, json, "key_file", err) ||
	    !take_text(&out->seal, json, "seal", err))
		return false;
	if (format < 1 || made_at == NULL || out->program == NULL || out->host == NULL ||
	    out->project == NULL || out->install_id == NULL)
		return refuse(err, folder, "it does not say what it is");
	snprintf(out->made_at, sizeof(out->made_at), "%s", made_at);
	out->has_recordings = json_is_true(json_object_get(json, "has_recordings"));
	return take_files(out, json_object_get(json, "files"), folder, err);
}

static bool read_text(const char *folder, struct buf *text, struct err *err)
{
	struct buf path = BUF_INIT;
	bool ok;

	buf_printf(&path, "%s/" MANIFEST_FILE, folder);
	ok = buf_ok(&path, err) && file_read(buf_text(&path), MANIFEST_BYTES_MAX, text, err);
	buf_fini(&path);
	if (!ok && err->kind == ERR_MISSING) {
		err_set(err, ERR_MISSING, "%s is no backup: it has no " MANIFEST_FILE, folder);
		err_hint(err, "name the folder that \"muster backup\" made");
	}
	return ok;
}

bool manifest_read(struct manifest *out, const char *folder, struct err *err)
{
	struct buf text = BUF_INIT;
	json_t *json = NULL;
	bool ok;

	*out = (struct manifest){ 0 };
	ok = read_text(folder, &text, err);
	if (ok) {
		json = json_loadb(buf_text(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
		ok = json != NULL ? take_json(out, json, folder, err)
				  : refuse(err, folder, "no JSON");
	}
	json_decref(json);
	buf_fini(&text);
	if (!ok)
		manifest_fini(out);
	return ok;
}

static bool compare_seal(const struct manifest *manifest, const uint8_t *key, struct err *err)
{
	json_t *json = manifest_json(manifest);
	struct buf seal = BUF_INIT;
	bool ok = (json != NULL || err_oom(err)) && seal_of(json, key, &seal, err);

	if (ok &&
	    !digest_equal(buf_text(&seal), seal.len, manifest->seal, strlen(manifest->seal))) {
		ok = err_set(err, ERR_CONFIG,
			     "the backup was changed after it was made: its seal does not fit");
		err_hint(err, "take another backup; this one cannot be trusted");
	}
	buf_fini(&seal);
	json_decref(json);
	return ok;
}

bool manifest_check_seal(const struct manifest *manifest, const struct vault *vault,
			 struct err *err)
{
	uint8_t key[MANIFEST_KEY_SIZE];
	bool ok;

	if (manifest->seal == NULL)
		return true;
	ok = manifest_derive_key(vault, manifest->made_at, key, err) &&
	     compare_seal(manifest, key, err);
	secret_wipe(key, sizeof(key));
	return ok;
}
