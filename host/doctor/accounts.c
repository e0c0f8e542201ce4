/* The project's accounts. */
#include "doctor/accounts.h"

#include <stdio.h>

static bool find_all(struct store_tx *tx, void *arg, struct err *err)
{
	struct doctor_accounts *out = arg;

	return account_find(tx, NULL, &out->items, &out->count, err);
}

bool doctor_accounts_read(const struct doctor *doctor, struct doctor_accounts *out, struct err *err)
{
	*out = (struct doctor_accounts){ 0 };
	return store_run(doctor->host->store, STORE_READ, find_all, out, err);
}

const char *doctor_slug(const struct account *account, char out[DOCTOR_SLUG_SIZE])
{
	snprintf(out, DOCTOR_SLUG_SIZE, "%s/%s", account->vendor, account->name);
	return out;
}
