/* What is kept how long. */
#include "sync/retention.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/config.h"
#include "store/entity.h"
#include "store/event.h"
#include "store/limit.h"
#include "store/recording.h"
#include "store/session.h"
#include "store/setting.h"

enum { DATE_LEN = sizeof("2026-03-02") - 1 };

static const int64_t day_ms = INT64_C(24) * 60 * 60 * 1000;

/* The file goes first: a row without its file is told as such, a file without its row never ends.
 */
static bool remove_file(void *arg, const char *file, struct err *err)
{
	const char *dir = arg;
	struct buf path = BUF_INIT;
	bool fine;

	buf_printf(&path, "%s/%s", dir, file);
	fine = buf_ok(&path, err);
	if (fine && unlink(buf_text(&path)) != 0 && errno != ENOENT)
		fine = err_set_errno(err, ERR_STORE, errno, "cannot remove the recording %s",
				     buf_text(&path));
	buf_fini(&path);
	return fine;
}

static bool read_before(struct store_tx *tx, enum config_key key, int64_t now_ms,
			char out[CLOCK_TEXT_SIZE], struct err *err)
{
	int64_t days;

	if (!config_get(tx, key, &days, NULL, err))
		return false;
	clock_format(now_ms - days * day_ms, out);
	return true;
}

static bool expire_rows(struct store_tx *tx, int64_t now_ms, struct err *err)
{
	char removed[CLOCK_TEXT_SIZE], changes[CLOCK_TEXT_SIZE], quarantine[CLOCK_TEXT_SIZE];
	const struct entity_expiry expiry = { removed, changes, quarantine };

	return read_before(tx, CONFIG_KEEP_REMOVED, now_ms, removed, err) &&
	       read_before(tx, CONFIG_KEEP_CHANGES, now_ms, changes, err) &&
	       read_before(tx, CONFIG_KEEP_QUARANTINE, now_ms, quarantine, err) &&
	       entity_expire(tx, &expiry, err);
}

/* Last of all: what has just gone speaks of no session any more. */
static bool expire_sessions(struct store_tx *tx, int64_t now_ms, struct err *err)
{
	char before[CLOCK_TEXT_SIZE];

	return read_before(tx, CONFIG_KEEP_SESSIONS, now_ms, before, err) &&
	       session_expire(tx, before, err);
}

static bool expire(struct store_tx *tx, const char *recordings_dir, struct err *err)
{
	int64_t now_ms = clock_wall_ms();
	char before[CLOCK_TEXT_SIZE], events_before[CLOCK_TEXT_SIZE];

	clock_format(now_ms - RETENTION_EVENTS_DAYS * day_ms, events_before);
	return expire_rows(tx, now_ms, err) && event_expire(tx, events_before, err) &&
	       limit_expire(tx, now_ms - RETENTION_LIMITS_DAYS * day_ms, err) &&
	       read_before(tx, CONFIG_KEEP_RECORDINGS, now_ms, before, err) &&
	       recording_forget(tx, before, remove_file, (void *)(uintptr_t)recordings_dir, err) &&
	       expire_sessions(tx, now_ms, err);
}

bool retention_apply(struct store_tx *tx, const char *recordings_dir, struct err *err)
{
	char now[CLOCK_TEXT_SIZE], today[DATE_LEN + 1];
	char *last = NULL;
	bool is_done;

	clock_now_text(now);
	for (int i = 0; i < DATE_LEN; i++)
		today[i] = now[i];
	today[DATE_LEN] = '\0';
	if (!setting_get(tx, "expired_on", &last, err))
		return false;
	is_done = last != NULL && str_eq(last, today);
	free(last);
	return is_done ||
	       (expire(tx, recordings_dir, err) && setting_set(tx, "expired_on", today, err));
}
