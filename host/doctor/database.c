/* The database and the vault in it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "doctor/doctor.h"
#include "store/health.h"
#include "vault/vault.h"

static const char AREA[] = "database";

static void say_file(const struct doctor *doctor)
{
	struct stat file;

	doctor_say(doctor, DOCTOR_OK, AREA, "file", "", "%s, %lld KiB, %s: ok", doctor->database,
		   stat(doctor->database, &file) == 0 ? (long long)file.st_size / 1024 : 0,
		   doctor->is_full ? "integrity_check" : "quick_check");
}

/* An older schema is fit for use: whoever opens it brings it up to date. */
static bool say_schema(const struct doctor *doctor, const struct health *health)
{
	if (health->schema > health->newest_schema)
		doctor_say(doctor, DOCTOR_FAIL, AREA, "schema",
			   "use the muster that wrote it, or a newer one",
			   "version %lld; this muster knows up to %lld", (long long)health->schema,
			   (long long)health->newest_schema);
	else if (health->schema < health->newest_schema)
		doctor_say(doctor, DOCTOR_WARN, AREA, "schema",
			   "the next verb brings it up to date, after a copy; then ask again",
			   "version %lld of %lld", (long long)health->schema,
			   (long long)health->newest_schema);
	else
		doctor_say(doctor, DOCTOR_OK, AREA, "schema", "", "version %lld",
			   (long long)health->schema);
	return health->schema == health->newest_schema;
}

static void say_leases(const struct doctor *doctor, const struct health *health)
{
	if (health->stale_leases > 0)
		doctor_say(doctor, DOCTOR_WARN, AREA, "leases",
			   "nothing to do: the account's next sync takes it over",
			   "%lld of an ended or silent process", (long long)health->stale_leases);
	else
		doctor_say(doctor, DOCTOR_OK, AREA, "leases", "", "%lld in use",
			   (long long)health->leases);
}

/* Times are texts that sort. */
static void say_clock(const struct doctor *doctor, const struct health *health)
{
	char now[CLOCK_TEXT_SIZE];

	clock_now_text(now);
	if (health->last_session[0] != '\0' && strcmp(now, health->last_session) < 0)
		doctor_say(doctor, DOCTOR_WARN, AREA, "clock",
			   "compare the clock with another one: date -u",
			   "it is %s here, but the newest session began at %s", now,
			   health->last_session);
}

bool doctor_database(const struct doctor *doctor)
{
	struct err err = ERR_INIT;
	struct health health;

	if (!health_read(doctor->database, doctor->is_full, &health, &err)) {
		doctor_say_err(doctor, DOCTOR_FAIL, AREA, "file", &err);
		return false;
	}
	say_file(doctor);
	if (!say_schema(doctor, &health))
		return false;
	say_leases(doctor, &health);
	say_clock(doctor, &health);
	return true;
}

/* --- the vault --- */

static void say_sealed(const struct doctor *doctor, const struct vault_status *status)
{
	doctor_say(doctor, status->slot_count > 0 ? DOCTOR_FAIL : DOCTOR_WARN, "vault", "key",
		   status->slots[0] == VAULT_KEY_PASSPHRASE
			   ? "ask again with --passphrase-file FILE"
			   : "put the key back, or name it: --key-file FILE",
		   "sealed: %s", status->reason);
}

static void say_fields(const struct doctor *doctor, struct vault *vault)
{
	struct err err = ERR_INIT;
	int64_t fields = 0;

	if (vault_verify(vault, doctor->host->store, &fields, &err))
		doctor_say(doctor, DOCTOR_OK, "vault", "credentials", "", "every field opens: %lld",
			   (long long)fields);
	else
		doctor_say_err(doctor, DOCTOR_FAIL, "vault", "credentials", &err);
}

void doctor_vault(const struct doctor *doctor, struct vault *vault, const struct err *err)
{
	struct vault_status status;
	struct err failure = *err;

	if (vault == NULL || !vault_read_status(vault, doctor->host->store, &status, &failure)) {
		doctor_say_err(doctor, DOCTOR_FAIL, "vault", "key", &failure);
		return;
	}
	if (status.is_sealed) {
		say_sealed(doctor, &status);
		return;
	}
	doctor_say(doctor, DOCTOR_OK, "vault", "key", "", "%s%s",
		   status.key_path[0] != '\0' ? status.key_path : "opens with ",
		   status.key_path[0] != '\0' ? "" : vault_key_kind_name(status.slots[0]));
	if (status.is_rotating)
		doctor_say(doctor, DOCTOR_WARN, "vault", "rotation",
			   "muster vault rotate finishes it", "it was interrupted");
	say_fields(doctor, vault);
}
