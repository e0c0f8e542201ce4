/*
 * Credentials as rows: an entry with a name and a provider, and its fields as records that the
 * vault sealed. The store neither opens nor checks them (vault/ does), and no query of a person
 * reaches them.
 *
 * Changing a credential's fields, its DEK and the vault's notes belongs into one unit.
 */
#ifndef MUSTER_STORE_CREDENTIAL_H
#define MUSTER_STORE_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

struct credential {
	char *id;
	char *name;	/* unique; what a person calls it */
	char *provider; /* several connectors may share one: "zoho" */
	char *vendor;	/* for which connector it was made; NULL = none in particular */
	char *state;	/* "ok", "refused" ... */
	char *note;	/* free text, may be "" */
	char *created_at;
	char *last_used_at; /* NULL = never */
	char *redirect_uri; /* registered with an OAuth client; NULL = the usual one */
};

void credential_fini(struct credential *credential);
void credential_list_fini(struct credential *credentials, size_t count);

/* Writes all columns; credential->id is drawn if NULL. ERR_CONFIG if the name is in use. */
bool credential_add(struct store_tx *tx, struct credential *credential, struct err *err);
bool credential_save(struct store_tx *tx, const struct credential *credential, struct err *err);
/* By id; by name. ERR_MISSING. */
bool credential_get(struct store_tx *tx, const char *id, struct credential *out, struct err *err);
bool credential_find(struct store_tx *tx, const char *name, struct credential *out,
		     struct err *err);
/* By name, ascending. */
bool credential_list(struct store_tx *tx, struct credential **out, size_t *count, struct err *err);
bool credential_set_state(struct store_tx *tx, const char *id, const char *state, struct err *err);
bool credential_set_redirect_uri(struct store_tx *tx, const char *id, const char *uri,
				 struct err *err);
bool credential_touch(struct store_tx *tx, const char *id, const char *now, struct err *err);
/* With its fields and DEKs. ERR_CONFIG names the accounts that use it (archived ones do not). */
bool credential_delete(struct store_tx *tx, const char *id, struct err *err);

/* --- fields --- */

struct credential_field {
	char *credential_id;
	char *field; /* "api_token" */
	char *dek_id;
	int64_t generation; /* counts the values of this field */
	void *record;	    /* sealed */
	size_t record_len;
};

void credential_field_fini(struct credential_field *field);
void credential_field_list_fini(struct credential_field *fields, size_t count);

/* Adds or replaces. */
bool credential_field_put(struct store_tx *tx, const struct credential_field *field,
			  struct err *err);
/* ERR_MISSING. */
bool credential_field_get(struct store_tx *tx, const char *credential_id, const char *field,
			  struct credential_field *out, struct err *err);
/* One that is not there is fine. */
bool credential_field_delete(struct store_tx *tx, const char *credential_id, const char *field,
			     struct err *err);
bool credential_field_list(struct store_tx *tx, const char *credential_id,
			   struct credential_field **out, size_t *count, struct err *err);
/* Fields sealed under a DEK: what a rotation still has to do. */
bool credential_field_list_under(struct store_tx *tx, const char *dek_id,
				 struct credential_field **out, size_t *count, struct err *err);
bool credential_field_count(struct store_tx *tx, int64_t *count, struct err *err);

#endif
