/* A hardened process leaves no core and lets no one look in. */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/custody.h"
#include "unit.h"

static int harden_and_look(void)
{
	struct err err = ERR_INIT;
	struct rlimit core;

	setenv("SSLKEYLOGFILE", "keys", 1);
	if (!custody_harden(&err) || getrlimit(RLIMIT_CORE, &core) != 0)
		return 1;
	if (getenv("SSLKEYLOGFILE") != NULL)
		return 3;
	return core.rlim_cur == 0 && core.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 2;
}

static void a_hardened_process_cannot_be_dumped(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(harden_and_look());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hardened_process_cannot_be_dumped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
