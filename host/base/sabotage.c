/* The names of the faults, and which one the environment chose. */
#include "base/sabotage.h"

#ifdef MUSTER_SABOTAGE

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define VARIABLE "MUSTER_SABOTAGE"

static const char *const names[SABOTAGE_COUNT] = {
	[SABOTAGE_SKIP_GUARD] = "skip-guard",
	[SABOTAGE_GUARD_OFF_BY_ONE] = "guard-off-by-one",
	[SABOTAGE_UNBOUND_APPROVAL] = "unbound-approval",
	[SABOTAGE_INCOMPLETE_IS_COMPLETE] = "incomplete-is-complete",
	[SABOTAGE_SWALLOW_PAGE_ERROR] = "swallow-page-error",
	[SABOTAGE_IGNORE_DRIFT] = "ignore-drift",
	[SABOTAGE_QUARANTINED_IS_UNSEEN] = "quarantined-is-unseen",
	[SABOTAGE_IGNORE_BASELINE] = "ignore-baseline",
	[SABOTAGE_ENDLESS_APPROVAL] = "endless-approval",
	[SABOTAGE_CURSOR_FIRST] = "cursor-first",
	[SABOTAGE_SPLIT_BATCH] = "split-batch",
	[SABOTAGE_IGNORE_FENCE] = "ignore-fence",
	[SABOTAGE_HOOK_NOT_STICKY] = "hook-not-sticky",
	[SABOTAGE_NO_SECCOMP] = "no-seccomp",
	[SABOTAGE_BUDGET_PER_COROUTINE] = "budget-per-coroutine",
	[SABOTAGE_DEAF_COMMIT] = "deaf-commit",
	[SABOTAGE_SPLIT_MIGRATION] = "split-migration",
	[SABOTAGE_UNCHECKED_MEMORY] = "unchecked-memory",
	[SABOTAGE_FOLLOW_REDIRECTS] = "follow-redirects",
	[SABOTAGE_ANY_ADDRESS] = "any-address",
	[SABOTAGE_ANY_HOST] = "any-host",
	[SABOTAGE_IGNORE_RETRY_AFTER] = "ignore-retry-after",
	[SABOTAGE_NO_JITTER] = "no-jitter",
	[SABOTAGE_UNCOUNTED_RETRIES] = "uncounted-retries",
	[SABOTAGE_FORGET_LIMITS] = "forget-limits",
	[SABOTAGE_SHARED_BREAKER] = "shared-breaker",
	[SABOTAGE_IGNORE_DUPLICATE_KEYS] = "ignore-duplicate-keys",
	[SABOTAGE_PLAIN_ANSWERS] = "plain-answers",
	[SABOTAGE_CORE_DUMPS] = "core-dumps",
	[SABOTAGE_NO_BODY_CAP] = "no-body-cap",
	[SABOTAGE_NO_RATIO] = "no-ratio",
	[SABOTAGE_ANY_CERTIFICATE] = "any-certificate",
	[SABOTAGE_ANY_NAME] = "any-name",
	[SABOTAGE_UNBOUND_SECRETS] = "unbound-secrets",
	[SABOTAGE_ANY_GENERATION] = "any-generation",
	[SABOTAGE_LEAK_REQUESTS] = "leak-requests",
	[SABOTAGE_FRAME_BOUNDS] = "frame-bounds",
	[SABOTAGE_MISSING_LOCK] = "missing-lock",
	[SABOTAGE_FREE_LEASE] = "free-lease",
	[SABOTAGE_RENEW_REGARDLESS] = "renew-regardless",
	[SABOTAGE_USE_UNSTORED] = "use-unstored",
	[SABOTAGE_UNCOUNTED_CALLS] = "uncounted-calls",
	[SABOTAGE_NO_RESERVE] = "no-reserve",
};

bool sabotage_is(enum sabotage fault)
{
	const char *chosen = getenv(VARIABLE);

	return chosen != NULL && str_eq(chosen, names[fault]);
}

/* The entry as it stands in the environment: getenv gives what follows "NAME=". */
char *sabotage_environment(void)
{
	char *chosen = getenv(VARIABLE);

	return chosen == NULL ? NULL : chosen - strlen(VARIABLE "=");
}

bool sabotage_check(struct err *err)
{
	const char *chosen = getenv(VARIABLE);

	for (int fault = 0; chosen != NULL && fault < SABOTAGE_COUNT; fault++) {
		if (str_eq(chosen, names[fault]))
			return true;
	}
	if (chosen == NULL)
		return true;
	return err_set(err, ERR_USAGE, VARIABLE "=%s: there is no such fault (base/sabotage.c)",
		       chosen);
}

#endif
