/*
 * manifest.json of a backup: what is in it, and digests of every file. An open vault seals it: an
 * HMAC under a key derived from the vault's (host/vault/vault.h: it survives rotate and rekey), so
 * that nobody without that key can exchange a file and its digest alike.
 */
#ifndef MUSTER_BACKUP_MANIFEST_H
#define MUSTER_BACKUP_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backup/tree.h"
#include "base/clock.h"
#include "base/err.h"

struct vault;

enum { MANIFEST_FORMAT = 1, MANIFEST_KEY_SIZE = 32 };

#define MANIFEST_FILE "manifest.json"
#define MANIFEST_DATABASE ".muster/muster.db"
#define MANIFEST_RECORDINGS ".muster/recordings"

struct manifest_file {
	char *name; /* below the backup, and below the project */
	struct tree_file is;
};

/* Owns its texts. */
struct manifest {
	char *program; /* "muster 0.1.0" */
	char *host;    /* name of the machine */
	char *project; /* where it was there */
	char *install_id;
	char *key_file; /* where the vault's key lay; NULL = a passphrase, or not known */
	char made_at[CLOCK_TEXT_SIZE];
	bool has_recordings;
	struct manifest_file *files;
	size_t count;
	char *seal; /* hex; NULL = the vault was not open */
};

bool manifest_add(struct manifest *manifest, const char *name, const struct tree_file *file,
		  struct err *err);
void manifest_fini(struct manifest *manifest);

/* Sums up the bytes of all files. */
int64_t manifest_bytes(const struct manifest *manifest);

/* The key that seals what was made at this time. ERR_SEALED. The caller wipes it. */
bool manifest_derive_key(const struct vault *vault, const char *made_at,
			 uint8_t out[MANIFEST_KEY_SIZE], struct err *err);

/* Writes it into the folder, with its seal; `key` NULL = without one. */
bool manifest_write(struct manifest *manifest, const char *folder, const uint8_t *key,
		    struct err *err);

/* ERR_MISSING: there is no backup in the folder. ERR_CONFIG: it is none that can be trusted to name
 * its files (a path that leads outside, a newer format). */
bool manifest_read(struct manifest *out, const char *folder, struct err *err);

/* ERR_CONFIG: it was changed after it was sealed. True without a seal: the caller asked for that.
 */
bool manifest_check_seal(const struct manifest *manifest, const struct vault *vault,
			 struct err *err);

#endif
