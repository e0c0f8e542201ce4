/* The way to the vendors. */
#include "connector/reach.h"

#include <inttypes.h>

#include "base/clock.h"
#include "doctor/accounts.h"

static const char AREA[] = "reach";

enum {
	DAY_MS = 24 * 60 * 60 * 1000,
	EXPIRY_WARN_DAYS = 14,
	SKEW_MS = 5 * 60 * 1000, /* signed requests and tokens begin to fail about here */
};

struct reaching {
	const struct doctor *doctor;
	const char *slug;
};

static void say_certificate(const struct reaching *reaching, const struct reach *reach)
{
	int64_t days = (reach->expires_ms - reach->asked_ms) / DAY_MS;

	if (reach->expires_ms > 0 && days < EXPIRY_WARN_DAYS)
		doctor_say(reaching->doctor, DOCTOR_WARN, AREA, reaching->slug,
			   "tell whoever runs that host: it will be refused then",
			   "the certificate of %s expires in %" PRId64 " days", reach->url, days);
}

static void say_clock(const struct reaching *reaching, const struct reach *reach)
{
	int64_t ahead = reach->asked_ms - reach->vendor_time_ms;

	if (reach->vendor_time_ms > 0 && (ahead > SKEW_MS || ahead < -SKEW_MS))
		doctor_say(reaching->doctor, DOCTOR_WARN, AREA, reaching->slug,
			   "set this machine's clock (timedatectl set-ntp true)",
			   "the clock here is %" PRId64 " s %s that of %s",
			   (ahead > 0 ? ahead : -ahead) / 1000, ahead > 0 ? "ahead of" : "behind",
			   reach->url);
}

static void say_reach(void *arg, const struct reach *reach)
{
	const struct reaching *reaching = arg;
	char expires[CLOCK_TEXT_SIZE];

	if (reach->err.kind != ERR_NONE) {
		struct err failure = reach->err;

		err_context(&failure, "%s", reach->url);
		doctor_say_err(reaching->doctor, DOCTOR_FAIL, AREA, reaching->slug, &failure);
		return;
	}
	doctor_say(reaching->doctor, DOCTOR_OK, AREA, reaching->slug, "",
		   "%s at %s answered %d in %" PRId64 " ms; certificate until %.10s", reach->url,
		   reach->ip, reach->status, reach->duration_ms,
		   reach->expires_ms > 0 ? clock_format(reach->expires_ms, expires) : "(unknown)");
	say_certificate(reaching, reach);
	say_clock(reaching, reach);
}

static void reach_one(const struct doctor *doctor, const struct account *account)
{
	char slug[DOCTOR_SLUG_SIZE];
	struct reaching reaching = { doctor, doctor_slug(account, slug) };
	struct err err = ERR_INIT;
	struct connector *connector =
		doctor->load(doctor->arg, account->vendor, account->name, &err);

	if (connector == NULL || !reach_account(doctor->host, connector_declaration(connector),
						account, say_reach, &reaching, &err))
		doctor_say_err(doctor, DOCTOR_FAIL, AREA, slug, &err);
	connector_free(connector);
}

void doctor_reach(const struct doctor *doctor)
{
	struct err err = ERR_INIT;
	struct doctor_accounts accounts;

	if (!doctor_accounts_read(doctor, &accounts, &err))
		doctor_say_err(doctor, DOCTOR_FAIL, AREA, "accounts", &err);
	for (size_t i = 0; i < accounts.count; i++)
		reach_one(doctor, &accounts.items[i]);
	account_list_fini(accounts.items, accounts.count);
}
