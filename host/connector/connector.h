/*
 * A connector as the host knows it: its declaration (data that a sandbox handed over), the hashes
 * of the texts it came from, and the live sandbox that has it loaded.
 *
 * The host reads the files (owner and mode are checked: base/file.h) and passes the texts on; the
 * sandbox opens none. Found as vendors/ID.lua or vendors/ID/init.lua in the project, else as
 * delivered. Overlays are mappings/ID.lua and mappings/ID@NAME.lua of the project.
 */
#ifndef MUSTER_CONNECTOR_CONNECTOR_H
#define MUSTER_CONNECTOR_CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "connector/guest.h"
#include "connector/host.h"
#include "store/account.h"
#include "wire/value.h"

struct connector;

/* `connector` is the receiver's from now on; NULL with err. */
typedef void connector_loaded_fn(void *arg, struct connector *connector, const struct err *err);

/* account_name chooses the account's overlay; NULL = the vendor's alone, "" = none at all. */
bool connector_load(struct host *host, const char *vendor, const char *account_name,
		    connector_loaded_fn *done, void *arg, struct err *err);
/* Ends its sandbox. NULL is fine. */
void connector_free(struct connector *connector);

const char *connector_id(const struct connector *connector);
/* host/README.md, "The declaration". Lives as long as the connector. */
const struct value *connector_declaration(const struct connector *connector);
/* JSON: SHA-256 of each text: {"connector": {"file": ..., "sha256": ...}, "overlays": [...],
 * "libs": ...}. */
const char *connector_fingerprint(const struct connector *connector);
/* The file the connector was read from. */
const char *connector_file(const struct connector *connector);
/* A delivered connector of the same id is hidden by the project's. */
bool connector_is_shadowing(const struct connector *connector);
struct guest *connector_guest(const struct connector *connector);

/* Ids of all connectors, project and delivered, sorted, each once; freed with file_free_names. */
bool connector_list(struct host *host, char ***ids, size_t *count, struct err *err);

/* --- approval: what a changed connector may not change silently --- */

/* The hosts, calls and auth as readable lines, sorted ("host *.api.kandji.io", "call apps GET
 * api:/prism/apps"). */
bool connector_approval(const struct connector *connector, struct buf *text, char hash[65],
			struct err *err);
/*
 * Is the connector what was approved for this account? Else a stored secret, or one that is typed
 * for it, must not leave with it: ERR_CONFIG shows the difference; *is_other tells that from other
 * failures, and may be NULL.
 */
bool connector_check_approval(const struct connector *connector, const struct account *account,
			      bool *is_other, struct err *err);
/* Lines that came ("+ ") and went ("- "), in order. Empty = no difference. */
void connector_approval_diff(const char *approved, const char *now, struct buf *out);

/* --- settings --- */

struct setting_input {
	const char *id;
	const char *text; /* as typed; never of a secret */
};

struct setting_problem {
	char *id;
	char *message;
};

/* `json`: object of parsed non-secret settings; NULL with problems (at least one) or err. Valid
 * during the call. */
typedef void settings_parsed_fn(void *arg, const char *json, const struct setting_problem *problems,
				size_t problem_count, const struct err *err);

/*
 * Defaults, required, pattern, choices, type; `parse` in the sandbox; the parsed URL's host against
 * `hosts`. Secret settings are not among the inputs and not in the result. A connector that is
 * freed before `done` never calls it.
 */
bool connector_parse_settings(struct connector *connector, const struct setting_input *inputs,
			      size_t count, settings_parsed_fn *done, void *arg, struct err *err);

/* One setting of the declaration by id; NULL if there is none. Its type: value_text(s, "type",
 * "text"). */
const struct value *connector_setting(const struct connector *connector, const char *id);
/* Does this setting of the connector apply under the given answers, and the defaults of others
 * (`when`)? */
bool connector_setting_applies(const struct connector *connector, const struct value *setting,
			       const struct setting_input *inputs, size_t count);

#endif
