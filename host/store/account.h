/*
 * Accounts: one tenant of a vendor each, written `vendor/name`.
 *
 * `id` is internal and never changes; the slug may. Structs own their texts.
 */
#ifndef MUSTER_STORE_ACCOUNT_H
#define MUSTER_STORE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

struct account {
	char *id;
	char *vendor;	     /* connector id: "kandji" */
	char *name;	     /* "acme"; slug = vendor/name */
	char *label;	     /* free text; may be "" */
	char *state;	     /* design.md section 4: new syncing ok degraded partial held needs-auth
				needs-approval stale paused failed */
	char *state_reason;  /* a sentence; "" = none */
	char *state_since;   /* RFC 3339 */
	char *state_way_out; /* what to do; "" = nothing */
	bool is_paused;	     /* kept beside the state, so that resume knows what to return to */
	char *tenant;	     /* fingerprint as check returned it; NULL = not known yet */
	char *settings;	     /* JSON object of non-secret settings, as parsed */
	char *credential_id; /* NULL = none */
	char *ca_file;	     /* NULL = the system's CAs only */
	char *connect_to;    /* JSON array of HOST:PORT:HOST2:PORT2 */
	char *proxy;	     /* NULL = none */
	char *allow_cidrs;   /* JSON array */
	bool is_recording;   /* exchanges are recorded */
	char *approved_hash; /* of hosts, calls and auth, hex; NULL = none */
	char *approved;	     /* the approved hosts, calls and auth, for showing differences */
	char *last_ok_at;    /* end of the last session that was ok, degraded or partial; NULL */
	int64_t last_session;  /* 0 = none */
	int64_t every_seconds; /* between the syncs of its schedule; 0 = it has none */
	char *created_at;
	char *actions;	   /* names, separated by blanks; NULL = none: it only reads */
	char *archived_at; /* set by --replace: its name is free again; NULL = in use */
	/* Start of its newest session, dry runs apart; NULL = none. Only read, never written. */
	char *last_started_at;
};

void account_fini(struct account *account);
void account_list_fini(struct account *accounts, size_t count);

/* Writes all fields; account->id is drawn if NULL. ERR_CONFIG if the slug is in use. */
bool account_add(struct store_tx *tx, struct account *account, struct err *err);
/* Writes all fields of an existing account. */
bool account_save(struct store_tx *tx, const struct account *account, struct err *err);
/* By id. ERR_MISSING. */
bool account_get(struct store_tx *tx, const char *id, struct account *out, struct err *err);
/*
 * By what a person writes: "vendor/name" (one) or "vendor" (all of it); NULL = all accounts.
 * Archived ones never. ERR_MISSING if none fits, with the nearest slug.
 */
bool account_find(struct store_tx *tx, const char *selector, struct account **out, size_t *count,
		  struct err *err);

/* Those that use a credential, by slug; archived ones never. */
bool account_find_by_credential(struct store_tx *tx, const char *credential_id,
				struct account **out, size_t *count, struct err *err);

/* The one that was archived last of those that used it. ERR_MISSING. */
bool account_find_archived(struct store_tx *tx, const char *credential_id, struct account *out,
			   struct err *err);

/* Only what changes often: state, reason, since (kept if the state stays the same), way out. */
bool account_set_state(struct store_tx *tx, const char *id, const char *state, const char *reason,
		       const char *way_out, const char *now, struct err *err);
bool account_set_last_session(struct store_tx *tx, const char *id, int64_t session_id,
			      const char *ok_at, struct err *err);

/* Rows per table of this account: users, devices ... live ones. JSON object text, malloc'd. */
bool account_row_counts(struct store_tx *tx, const char *id, char **json, struct err *err);

/* Keeps the data under a freed name: sets archived_at. */
bool account_archive(struct store_tx *tx, const char *id, const char *now, struct err *err);
/* Deletes the account with every row that is its own. */
bool account_purge(struct store_tx *tx, const char *id, struct err *err);

#endif
