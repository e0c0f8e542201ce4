/* What a project may set for itself. */
#include "store/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "store/setting.h"

/* clang-format off */

#define DAYS .min = 1, .max = 3650, .unit = "days"
#define DELETES(what) \
	.risk = CONFIG_RISKY_DOWN, \
	.warning = "Within a day " what " that are older will be deleted for good."
#define LOOSENS(what) \
	.risk = CONFIG_RISKY_UP, \
	.warning = "From now on " what " may be removed from the store without anybody being asked."

static const struct config_info infos[CONFIG_COUNT] = {
	[CONFIG_GUARD_SHARE] = {
		"guard.share", 10, .min = 0, .max = 100, .unit = "%",
		.meaning = "hold removals when more than this share of an entity's rows is missing",
		LOOSENS("a larger share of an account's rows") },
	[CONFIG_GUARD_SHARE_FROM] = {
		"guard.share-from", 10, .min = 0, .max = 1000000, .unit = "rows",
		.meaning = "let the share count only when more rows than these are missing",
		LOOSENS("more rows of a small account") },
	[CONFIG_GUARD_COUNT] = {
		"guard.count", 200, .min = 0, .max = 1000000000, .unit = "rows",
		.meaning = "hold removals of more users, devices or groups than these",
		LOOSENS("more users, devices or groups at once") },
	[CONFIG_KEEP_REMOVED] = {
		"keep.removed", 90, DAYS,
		.meaning = "keep rows that are gone at the vendor",
		DELETES("removed rows") },
	[CONFIG_KEEP_CHANGES] = {
		"keep.changes", 90, DAYS, .meaning = "keep the log of changes",
		DELETES("changes") },
	[CONFIG_KEEP_QUARANTINE] = {
		"keep.quarantine", 90, DAYS, .meaning = "keep records that could not be mapped",
		DELETES("such records") },
	[CONFIG_KEEP_SESSIONS] = {
		"keep.sessions", 90, DAYS,
		.meaning = "keep sessions that nothing else which is kept refers to",
		DELETES("such sessions") },
	[CONFIG_KEEP_RECORDINGS] = {
		"keep.recordings", 30, DAYS, .meaning = "keep recordings of sessions",
		DELETES("recordings") },
	[CONFIG_SYNC_PARALLEL] = {
		"sync.parallel", 4, .min = 1, .max = 16, .unit = "accounts",
		.meaning = "sync so many accounts at a time" },
};

/* clang-format on */

const struct config_info *config_info(enum config_key key)
{
	return &infos[key];
}

bool config_find(const char *name, enum config_key *out, struct err *err)
{
	const char *keys[CONFIG_COUNT], *nearest;

	for (int i = 0; i < CONFIG_COUNT; i++) {
		keys[i] = infos[i].key;
		if (!str_eq(keys[i], name))
			continue;
		*out = (enum config_key)i;
		return true;
	}
	nearest = str_nearest(name, keys, CONFIG_COUNT);
	err_set(err, ERR_USAGE, "there is no setting %s", name);
	return nearest ? err_hint(err, "did you mean %s?", nearest)
		       : err_hint(err, "muster config list");
}

static bool read_value(const struct config_info *info, const char *text, int64_t *out)
{
	return str_to_int64(text, out) && *out >= info->min && *out <= info->max;
}

bool config_parse(enum config_key key, const char *text, int64_t *out, struct err *err)
{
	const struct config_info *info = &infos[key];

	if (read_value(info, text, out))
		return true;
	err_set(err, ERR_USAGE, "\"%s\" is no value for %s", text, info->key);
	return err_hint(err, "a whole number from %" PRId64 " to %" PRId64 " (%s)", info->min,
			info->max, info->unit);
}

bool config_get(struct store_tx *tx, enum config_key key, int64_t *out, bool *is_set,
		struct err *err)
{
	const struct config_info *info = &infos[key];
	char *text;
	bool fine;

	if (!setting_get(tx, info->key, &text, err))
		return false;
	*out = info->fallback;
	if (is_set != NULL)
		*is_set = text != NULL;
	fine = text == NULL || read_value(info, text, out);
	if (!fine) {
		err_set(err, ERR_CONFIG, "the setting %s is \"%s\", which is no value for it",
			info->key, text);
		err_hint(err, "muster config unset %s", info->key);
	}
	free(text);
	return fine;
}

bool config_set(struct store_tx *tx, enum config_key key, int64_t value, struct err *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return setting_set(tx, infos[key].key, text, err);
}

bool config_unset(struct store_tx *tx, enum config_key key, struct err *err)
{
	return setting_set(tx, infos[key].key, NULL, err);
}
