/*
 * Backups of a project, and projects from backups.
 *
 * A backup is a folder (0700) of ordinary files (0600): the database at one moment, the project's
 * vendors/, mappings/ and jobs/, its recordings when asked for, and manifest.json with a digest of
 * each. It needs no tool of ours to be looked into. The vault's key is not in it: a key beside the
 * data it protects protects nothing.
 *
 * Both functions build beside their target and rename at the end: killed at any moment, they leave
 * what was there, or the whole of the new; and perhaps an unfinished folder TARGET.part-* or
 * TARGET.restoring-*, which may be deleted.
 */
#ifndef MUSTER_BACKUP_BACKUP_H
#define MUSTER_BACKUP_BACKUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/store.h"
#include "vault/vault.h"

/* Opens the vault of a copy with the key that the person has; sealed is no failure. */
typedef bool backup_open_vault_fn(void *arg, struct store *copy, struct vault **vault,
				  struct err *err);

struct backup_options {
	const char *project; /* its folder */
	const char *database;
	const char *target;  /* must not exist; its parent must, outside of the project */
	const char *program; /* for the manifest: "muster 0.1.0" */
	const char *key_to;  /* a copy of the vault's key goes into this new file; NULL = none */
	bool with_recordings;
	backup_open_vault_fn *open_vault;
	void *arg;
};

struct backup_report {
	char made_at[CLOCK_TEXT_SIZE];
	int64_t files, bytes;
	int64_t fields;		   /* of credentials that were opened, as a test */
	struct vault_status vault; /* of the copy */
};

/*
 * Copies, reads the copy's database whole (integrity_check), opens every credential in it when the
 * vault opens, and only then gives the backup its name. Syncs go on meanwhile.
 */
bool backup_make(const struct backup_options *options, struct backup_report *out, struct err *err);

struct restore_options {
	const char *source; /* a backup */
	const char *target; /* the project's folder to be */
	bool replace;	    /* a project that is there is moved aside, not deleted */
	bool unsealed;	    /* a backup without a seal is taken: the person vouches for it */
	const char *who;    /* for the audit trail */
	backup_open_vault_fn *open_vault;
	void *arg;
};

struct restore_report {
	char made_at[CLOCK_TEXT_SIZE], install_id[32];
	char target[PATH_MAX];	 /* absolute */
	char moved_to[PATH_MAX]; /* where the project that was there is now; "" = there was none */
	char project[PATH_MAX];	 /* where the original was */
	bool is_elsewhere;	 /* not there: all accounts are paused, as the original may run */
	bool has_seal;		 /* of the manifest; it was checked if the vault opened */
	int64_t left_out;	 /* files in the backup that its manifest does not name */
	char first_left_out[PATH_MAX];
	int64_t files, interrupted, paused, fields;
	struct vault_status vault;
};

/*
 * ERR_CONFIG: the backup is damaged or was changed; it has no seal and `unsealed` is not set
 * (whoever can change a backup can take its seal off); its schema is newer than this program's;
 * there is something at the target and `replace` is not set. ERR_SEALED: there is a key, and it is
 * not the vault's (no key at all is no failure: the data come back, the credentials stay shut).
 * ERR_BUSY: the project to be replaced is in use.
 */
bool backup_restore(const struct restore_options *options, struct restore_report *out,
		    struct err *err);

#endif
