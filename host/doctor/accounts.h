/* The project's accounts, for the parts that go through them. */
#ifndef MUSTER_DOCTOR_ACCOUNTS_H
#define MUSTER_DOCTOR_ACCOUNTS_H

#include <stddef.h>

#include "doctor/doctor.h"
#include "store/account.h"

struct doctor_accounts {
	struct account *items;
	size_t count;
};

/* All that are in use; released with account_list_fini. */
bool doctor_accounts_read(const struct doctor *doctor, struct doctor_accounts *out,
			  struct err *err);

enum { DOCTOR_SLUG_SIZE = 160 };

/* "vendor/name" into out. Returns out. */
const char *doctor_slug(const struct account *account, char out[DOCTOR_SLUG_SIZE]);

#endif
