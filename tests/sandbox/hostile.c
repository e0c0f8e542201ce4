/*
 * Runs one hostile script in the real sandbox and compares how it ended with the script's first
 * line: "-- Ends with: TEXT", TEXT being part of the error's message, or one of the two ends that
 * the host learns from the process: "killed by the CPU limit", "no memory outside Lua's heap".
 * Where CPU time is the limit, two seconds of it must do. Meanwhile another sandbox must go on
 * serving us.
 *
 * The environment's MUSTER_HOSTILE_SCRIPT is the script's path.
 */
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/str.h"
#include "fixture_sandbox.h"
#include "wire/exit.h"

static const char cpu_end[] = "killed by the CPU limit";
static const char memory_end[] = "no memory outside Lua's heap";

enum { SCRIPT_MAX = 65536, NEIGHBOUR_CALLS = 20, SHORT_CPU_S = 2 };

struct script {
	char text[SCRIPT_MAX];
	char end[256]; /* what its first line says */
};

static int read_script(void **state)
{
	static const char mark[] = "-- Ends with: ";
	struct script *script = *state;
	const char *path = getenv("MUSTER_HOSTILE_SCRIPT");
	FILE *file = fopen(path, "re");
	size_t len;

	assert_non_null(file);
	len = fread(script->text, 1, sizeof(script->text) - 1, file);
	fclose(file);
	script->text[len] = '\0';
	if (!str_has_prefix(script->text, mark))
		fail_msg("%s does not begin with '%s'", path, mark);
	snprintf(script->end, sizeof(script->end), "%.*s",
		 (int)strcspn(script->text + strlen(mark), "\n"), script->text + strlen(mark));
	return 0;
}

/* Another job, while the hostile one runs. */
static void serve_neighbour(void)
{
	struct box_outcome outcome;
	struct box box;

	box_start(&box, &(struct box_options){ 0 });
	box_load(&box, "return host.crypto.digest('sha256', 'x').method");
	for (int i = 0; i < NEIGHBOUR_CALLS; i++) {
		box_run(&box, &outcome);
		assert_int_equal(outcome.how, BOX_RESULT);
		assert_string_equal(outcome.result->bytes, "crypto");
		box_outcome_fini(&outcome);
	}
	box_close(&box);
}

static const char *end_of(const struct box *box, const struct box_outcome *outcome)
{
	if (outcome->how == BOX_RESULT)
		return "it returned";
	if (outcome->how == BOX_ERROR)
		return outcome->err.message;
	if (WIFSIGNALED(box->wait_status) && WTERMSIG(box->wait_status) == SIGXCPU)
		return cpu_end;
	if (WIFEXITED(box->wait_status) && WEXITSTATUS(box->wait_status) == SANDBOX_EXIT_MEMORY)
		return memory_end;
	return "it died in another way";
}

static void test_script_ends_as_it_says(void **state)
{
	const struct script *script = *state;
	bool is_about_cpu = strstr(script->end, "CPU limit") != NULL;
	struct box_options options = { .cpu_s = is_about_cpu ? SHORT_CPU_S : 0 };
	struct buf args = BUF_INIT;
	struct box_outcome outcome;
	struct box box;
	uint32_t id;

	box_start(&box, &options);
	box_load(&box, script->text);
	value_put_map(&args, 0);
	id = box_send(&box, "run", &args);
	serve_neighbour();
	box_await(&box, id, &outcome);
	if (strstr(end_of(&box, &outcome), script->end) == NULL)
		fail_msg("ended with: %s (wait status %d)", end_of(&box, &outcome),
			 box.wait_status);
	box_outcome_fini(&outcome);
	buf_fini(&args);
	box_close(&box);
}

int main(void)
{
	static struct script script;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate_setup_teardown(test_script_ends_as_it_says, read_script,
							 NULL, &script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
