/* What the verbs of the table do; one file a verb. Each returns false and err when it failed. */
#ifndef MUSTER_CLI_VERBS_H
#define MUSTER_CLI_VERBS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct cli;

bool verb_init(struct cli *cli, struct err *err);
bool verb_vendors_list(struct cli *cli, struct err *err);
bool verb_vendors_show(struct cli *cli, struct err *err);
bool verb_vendors_capabilities(struct cli *cli, struct err *err);
bool verb_vendors_check(struct cli *cli, struct err *err);
bool verb_vendors_approve(struct cli *cli, struct err *err);
bool verb_connect(struct cli *cli, struct err *err);
bool verb_accounts_list(struct cli *cli, struct err *err);
bool verb_accounts_show(struct cli *cli, struct err *err);
bool verb_accounts_set(struct cli *cli, struct err *err);
bool verb_accounts_rename(struct cli *cli, struct err *err);
bool verb_accounts_pause(struct cli *cli, struct err *err);
bool verb_accounts_resume(struct cli *cli, struct err *err);
bool verb_accounts_reconnect(struct cli *cli, struct err *err);
bool verb_accounts_disconnect(struct cli *cli, struct err *err);
bool verb_credentials_list(struct cli *cli, struct err *err);
bool verb_credentials_add(struct cli *cli, struct err *err);
bool verb_credentials_show(struct cli *cli, struct err *err);
bool verb_credentials_set(struct cli *cli, struct err *err);
bool verb_credentials_replace(struct cli *cli, struct err *err);
bool verb_credentials_delete(struct cli *cli, struct err *err);
bool verb_check(struct cli *cli, struct err *err);
bool verb_sync(struct cli *cli, struct err *err);
bool verb_removals_list(struct cli *cli, struct err *err);
bool verb_removals_approve(struct cli *cli, struct err *err);
bool verb_sessions_list(struct cli *cli, struct err *err);
bool verb_sessions_show(struct cli *cli, struct err *err);
bool verb_status(struct cli *cli, struct err *err);
bool verb_map_show(struct cli *cli, struct err *err);
bool verb_list(struct cli *cli, struct err *err);
bool verb_person(struct cli *cli, struct err *err);
bool verb_apps_who(struct cli *cli, struct err *err);
bool verb_query(struct cli *cli, struct err *err);
bool verb_export(struct cli *cli, struct err *err);
bool verb_config_list(struct cli *cli, struct err *err);
bool verb_config_get(struct cli *cli, struct err *err);
bool verb_config_set(struct cli *cli, struct err *err);
bool verb_config_unset(struct cli *cli, struct err *err);
bool verb_vault_status(struct cli *cli, struct err *err);
bool verb_vault_rotate(struct cli *cli, struct err *err);
bool verb_vault_rekey(struct cli *cli, struct err *err);
bool verb_backup(struct cli *cli, struct err *err);
bool verb_restore(struct cli *cli, struct err *err);
bool verb_doctor(struct cli *cli, struct err *err);
bool verb_completion(struct cli *cli, struct err *err);
bool verb_version(struct cli *cli, struct err *err);
bool verb_help(struct cli *cli, struct err *err);

/* The tables and views that can be exported, into names[VERB_EXPORTS_MAX]. Returns how many. */
enum { VERB_EXPORTS_MAX = 32 };
size_t verb_export_names(const char **names);

/* What the verbs about vendors note outside of a project: what one would add. */
void verb_vendors_hint(const struct cli *cli);

#endif
