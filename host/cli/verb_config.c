/* muster config: what the project sets for itself. The table of settings is store/config.c. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/connection.h"
#include "cli/prompt.h"
#include "cli/rows.h"
#include "cli/verbs.h"
#include "store/audit.h"
#include "store/config.h"

/* --- list, get --- */

struct effective {
	enum config_key key;
	int64_t value;
	bool is_set;
};

static bool read_one(struct store_tx *tx, void *arg, struct err *err)
{
	struct effective *effective = arg;

	return config_get(tx, effective->key, &effective->value, &effective->is_set, err);
}

static bool read_effective(const struct cli *cli, struct effective *effective, struct err *err)
{
	return store_run(cli->host.store, STORE_READ, read_one, effective, err);
}

static json_t *effective_json(const struct effective *effective)
{
	const struct config_info *info = config_info(effective->key);

	return json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:s, s:s}", "key", info->key, "value",
			 (json_int_t)effective->value, "unit", info->unit, "default",
			 (json_int_t)info->fallback, "min", (json_int_t)info->min, "max",
			 (json_int_t)info->max, "source", effective->is_set ? "project" : "default",
			 "meaning", info->meaning);
}

static bool print_list(const struct cli *cli, json_t *list, struct err *err)
{
	static const char *const columns[] = { "key",	 "value",   "unit", "default",
					       "source", "meaning", NULL };
	bool done;

	if (cli->is_json)
		return cli_object(cli, list, err);
	done = cli_table(cli, list, columns, 0, err);
	json_decref(list);
	return done;
}

bool verb_config_list(struct cli *cli, struct err *err)
{
	json_t *list = json_array();

	for (int i = 0; i < CONFIG_COUNT; i++) {
		struct effective effective = { .key = (enum config_key)i };

		if (!read_effective(cli, &effective, err) ||
		    (json_array_append_new(list, effective_json(&effective)) != 0 &&
		     !err_oom(err))) {
			json_decref(list);
			return false;
		}
	}
	return print_list(cli, list, err);
}

bool verb_config_get(struct cli *cli, struct err *err)
{
	struct effective effective;

	if (!config_find(parsed_arg(&cli->parsed, 0), &effective.key, err) ||
	    !read_effective(cli, &effective, err))
		return false;
	return cli->is_json ? cli_object(cli, effective_json(&effective), err)
			    : cli_say(cli, err, "%" PRId64, effective.value);
}

/* --- set, unset --- */

struct change {
	enum config_key key;
	int64_t value;
	bool unsets;
};

static bool audit(struct store_tx *tx, const struct change *change, const char *old,
		  struct err *err)
{
	char who[WHO_SIZE], now[CLOCK_TEXT_SIZE], details[96];

	snprintf(details, sizeof(details), "{\"new\":%" PRId64 ",\"old\":%s}", change->value, old);
	return audit_add(tx, connection_who(who), change->unsets ? "unset-config" : "set-config",
			 config_info(change->key)->key, details, clock_now_text(now), err);
}

/* What stood there before goes to the trail, whatever it was. */
static bool apply(struct store_tx *tx, void *arg, struct err *err)
{
	const struct change *change = arg;
	struct err broken = ERR_INIT;
	char old[24] = "null";
	int64_t value;

	if (config_get(tx, change->key, &value, NULL, &broken))
		snprintf(old, sizeof(old), "%" PRId64, value);
	return (change->unsets ? config_unset(tx, change->key, err)
			       : config_set(tx, change->key, change->value, err)) &&
	       audit(tx, change, old, err);
}

static bool is_risky(const struct effective *now, const struct change *change)
{
	enum config_risk risk = config_info(change->key)->risk;

	return (risk == CONFIG_RISKY_UP && change->value > now->value) ||
	       (risk == CONFIG_RISKY_DOWN && change->value < now->value);
}

static bool confirm(const struct cli *cli, const struct change *change, struct err *err)
{
	const struct config_info *info = config_info(change->key);
	struct effective now = { .key = change->key };
	struct err broken = ERR_INIT;
	struct buf what = BUF_INIT;
	bool done;

	if (!read_effective(cli, &now, &broken) || !is_risky(&now, change))
		return true;
	buf_printf(&what, "%s: %" PRId64 " -> %" PRId64 " %s. %s", info->key, now.value,
		   change->value, info->unit, info->warning);
	done = prompt_confirm(cli, buf_text(&what), "Set it?", err);
	buf_fini(&what);
	return done;
}

static bool carry_out(struct cli *cli, struct change *change, struct err *err)
{
	const struct config_info *info = config_info(change->key);
	struct effective now = { .key = change->key };

	return confirm(cli, change, err) &&
	       store_run(cli->host.store, STORE_WRITE, apply, change, err) &&
	       read_effective(cli, &now, err) &&
	       cli_done(cli, effective_json(&now), err, "%s is %" PRId64 " %s.", info->key,
			now.value, info->unit);
}

bool verb_config_set(struct cli *cli, struct err *err)
{
	struct change change = { 0 };

	return config_find(parsed_arg(&cli->parsed, 0), &change.key, err) &&
	       config_parse(change.key, parsed_arg(&cli->parsed, 1), &change.value, err) &&
	       carry_out(cli, &change, err);
}

bool verb_config_unset(struct cli *cli, struct err *err)
{
	struct change change = { .unsets = true };

	if (!config_find(parsed_arg(&cli->parsed, 0), &change.key, err))
		return false;
	change.value = config_info(change.key)->fallback;
	return carry_out(cli, &change, err);
}
