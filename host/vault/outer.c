/* Keys from outside the project. */
#define _GNU_SOURCE
#include "vault/outer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/str.h"
#include "crypto/random.h"
#include "store/random_id.h"

enum { KEY_BYTES_MIN = 32, KEY_FILE_MAX = 4096 };

static const char waiting_suffix[] = ".new";

/* --- where --- */

/* A variable that holds an absolute path; NULL else (as the XDG specification has it). */
static const char *absolute_env(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] == '/' ? value : NULL;
}

/* Appends $CREDENTIALS_DIRECTORY/muster.key; false if systemd gave us no folder. */
static bool put_systemd_path(struct buf *out)
{
	const char *dir = absolute_env("CREDENTIALS_DIRECTORY");

	if (dir != NULL)
		buf_printf(out, "%s/muster.key", dir);
	return dir != NULL;
}

static bool put_state_path(const char *install_id, struct buf *out, struct err *err)
{
	const char *state = absolute_env("XDG_STATE_HOME"), *home = absolute_env("HOME");

	if (state == NULL && home == NULL) {
		err_set(err, ERR_CONFIG, "no place for the vault's key: HOME is not set");
		return err_hint(err, "name the key's file with --key-file");
	}
	if (state != NULL)
		buf_printf(out, "%s/muster/%s.key", state, install_id);
	else
		buf_printf(out, "%s/.local/state/muster/%s.key", home, install_id);
	return buf_ok(out, err);
}

/* Appends what MUSTER_KEY_FILE names; false if it names nothing. */
static bool put_named_path(struct buf *out)
{
	const char *named = getenv("MUSTER_KEY_FILE");
	bool is_named = named != NULL && named[0] != '\0';

	if (is_named)
		buf_str(out, named);
	return is_named;
}

/* Where a key file is drawn: never among systemd's credentials, which end with the service. */
static bool put_own_path(const char *install_id, struct buf *out, struct err *err)
{
	return put_named_path(out) ? buf_ok(out, err) : put_state_path(install_id, out, err);
}

bool vault_default_key_path(const char *install_id, struct buf *out, struct err *err)
{
	size_t start = out->len;

	if (put_named_path(out))
		return buf_ok(out, err);
	if (put_systemd_path(out)) {
		if (!buf_ok(out, err) || file_exists(out->data + start))
			return buf_ok(out, err);
		out->len = start;
	}
	return put_state_path(install_id, out, err);
}

bool outer_is_drawn(const char *path, const char *install_id)
{
	struct err ignored = ERR_INIT;
	struct buf drawn = BUF_INIT;
	bool same = put_state_path(install_id, &drawn, &ignored) && str_eq(drawn.data, path);

	buf_fini(&drawn);
	return same;
}

static bool hint_systemd(struct err *err)
{
	return err_hint(err, "LoadCredential=muster.key:FILE in the unit's [Service] section");
}

bool outer_path(const struct vault_key *key, const char *install_id, struct buf *out,
		struct err *err)
{
	if (key == NULL)
		return vault_default_key_path(install_id, out, err);
	if (key->path != NULL) {
		buf_str(out, key->path);
		return buf_ok(out, err);
	}
	if (key->kind != VAULT_KEY_SYSTEMD)
		return put_own_path(install_id, out, err);
	if (put_systemd_path(out))
		return buf_ok(out, err);
	err_set(err, ERR_CONFIG, "no systemd credential: CREDENTIALS_DIRECTORY is not set");
	return hint_systemd(err);
}

/* --- reading --- */

static bool is_systemd_path(const char *path)
{
	const char *dir = absolute_env("CREDENTIALS_DIRECTORY");

	return dir != NULL && str_has_prefix(path, dir) && path[strlen(dir)] == '/';
}

static bool take_key(const char *path, const struct buf *file, struct secret *out, struct err *err)
{
	size_t len = file->len;

	while (len > 0 && (file->data[len - 1] == '\n' || file->data[len - 1] == '\r'))
		len--;
	if (len < KEY_BYTES_MIN)
		return err_set(err, ERR_CONFIG, "%s: %zu bytes are too few for a key", path, len);
	return secret_from(out, file->data, len, err);
}

bool outer_read(const char *path, struct secret *out, struct err *err)
{
	struct buf file = BUF_INIT;
	bool ok;

	*out = SECRET_INIT;
	ok = file_read_trusted(path, !is_systemd_path(path), KEY_FILE_MAX, &file, err) &&
	     take_key(path, &file, out, err);
	if (file.data != NULL)
		secret_wipe(file.data, file.size);
	buf_fini(&file);
	if (!ok && err->kind == ERR_MISSING && is_systemd_path(path))
		hint_systemd(err);
	return ok;
}

bool vault_find_credential(struct err *err)
{
	const struct vault_key systemd = { .kind = VAULT_KEY_SYSTEMD };
	struct secret found = SECRET_INIT;
	struct buf path = BUF_INIT;
	bool ok = outer_path(&systemd, "", &path, err) && outer_read(path.data, &found, err);

	secret_fini(&found);
	buf_fini(&path);
	return ok;
}

/* --- drawing --- */

static bool make_folder_of(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	bool ok;

	if (slash == NULL || slash == path)
		return true;
	dir = str_dup_len(path, (size_t)(slash - path));
	if (dir == NULL)
		return err_oom(err);
	ok = file_make_dir(dir, 0700, err);
	free(dir);
	return ok;
}

static bool draw_hex(struct secret *out, struct err *err)
{
	uint8_t bytes[KEY_BYTES_MIN];
	struct buf hex = BUF_INIT;
	bool ok = random_bytes(bytes, sizeof(bytes), err);

	if (ok) {
		encode_hex(&hex, bytes, sizeof(bytes));
		ok = buf_ok(&hex, err) && secret_from(out, hex.data, hex.len, err);
	}
	secret_wipe(bytes, sizeof(bytes));
	if (hex.data != NULL)
		secret_wipe(hex.data, hex.size);
	buf_fini(&hex);
	return ok;
}

static bool hint_elsewhere(struct err *err)
{
	return err_hint(err, "the vault's key goes there; name another file: --key-file FILE (of "
			     "rekey: --new-key-file)");
}

/* The newline takes the place of the NUL that follows a secret, for as long as it takes. */
static bool write_key(const char *path, struct secret *key, struct err *err)
{
	bool ok;

	key->data[key->len] = '\n';
	ok = file_write(path, 0600, key->data, key->len + 1, err);
	key->data[key->len] = '\0';
	return ok;
}

bool outer_draw(const char *path, struct secret *out, struct err *err)
{
	*out = SECRET_INIT;
	if (!make_folder_of(path, err))
		return hint_elsewhere(err);
	if (!draw_hex(out, err))
		return false;
	if (write_key(path, out, err))
		return true;
	secret_fini(out);
	return hint_elsewhere(err);
}

bool outer_copy(const char *from, const char *to, struct err *err)
{
	struct secret key;
	bool ok;

	if (file_exists(to)) {
		err_set(err, ERR_CONFIG, "%s is there already", to);
		return err_hint(err, "a key is never written over: name another file");
	}
	ok = outer_read(from, &key, err) && write_key(to, &key, err);
	secret_fini(&key);
	return ok;
}

/* --- exchanging --- */

bool outer_waiting_path(const char *path, const char *slot_id, struct buf *out, struct err *err)
{
	buf_printf(out, "%s.%s%s", path, slot_id, waiting_suffix);
	return buf_ok(out, err);
}

/* Best effort: a file system that copies on write, or a disk that remaps, keeps the old bytes. */
static void overwrite(int fd)
{
	static const char zeros[KEY_FILE_MAX];
	struct stat info;

	if (fd < 0)
		return;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= KEY_FILE_MAX &&
	    pwrite(fd, zeros, (size_t)info.st_size, 0) == info.st_size)
		fsync(fd);
	close(fd);
}

bool outer_promote(const char *path, const char *waiting, struct err *err)
{
	struct err refused = ERR_INIT;
	int old;

	if (!file_exists(waiting))
		return true;
	old = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (file_rename(waiting, path, &refused)) {
		overwrite(old);
		return true;
	}
	if (old >= 0)
		close(old);
	/* Another process was faster: then `old` may be the new key, and nothing is left to do. */
	if (refused.kind == ERR_MISSING && !file_exists(waiting))
		return true;
	*err = refused;
	return false;
}

void outer_remove(const char *path)
{
	overwrite(open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
	unlink(path);
}

/*
 * STEM<slot>.new, also with the six characters more that it has while it is written (base/file.c),
 * and not what somebody keeps under a name like it.
 */
static bool is_waiting_name(const char *name, const char *stem)
{
	const char *id = name + strlen(stem), *end;

	if (!str_has_prefix(name, stem))
		return false;
	end = strstr(id, waiting_suffix);
	if (end == NULL || !random_id_fits(id, (size_t)(end - id)))
		return false;
	end += strlen(waiting_suffix);
	return *end == '\0' || (*end == '.' && strlen(end) == strlen(".XXXXXX"));
}

static void remove_in(const char *dir, const char *stem, const char *keep)
{
	struct err ignored = ERR_INIT;
	char **names;
	size_t count;

	if (!file_list(dir, "", &names, &count, &ignored))
		return;
	for (size_t i = 0; i < count; i++) {
		char *path;

		if (!is_waiting_name(names[i], stem) || str_eq(names[i], keep) ||
		    asprintf(&path, "%s/%s", dir, names[i]) < 0)
			continue;
		outer_remove(path);
		free(path);
	}
	file_free_names(names, count);
}

void outer_remove_stale(const char *path, const char *slot_id)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	struct buf dir = BUF_INIT, stem = BUF_INIT, keep = BUF_INIT;

	buf_append(&dir, slash == NULL ? "." : path,
		   slash == NULL ? 1 : (size_t)(slash - path) + 1);
	buf_printf(&stem, "%s.", base);
	buf_printf(&keep, "%s.%s%s", base, slot_id, waiting_suffix);
	if (!dir.failed && !stem.failed && !keep.failed)
		remove_in(dir.data, stem.data, keep.data);
	buf_fini(&dir);
	buf_fini(&stem);
	buf_fini(&keep);
}
