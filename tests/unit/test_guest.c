/* The host's end of a sandbox when its socket fails. This program is the sandbox, too. */
#define _GNU_SOURCE
#include "connector/guest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/str.h"
#include "unit.h"

enum { SANDBOX_SOCKET = 3, HANGS_S = 30 };

static int failing_sends; /* of this process */

/* In the place of the C library's. */
ssize_t send(int fd, const void *data, size_t len, int flags)
{
	if (failing_sends > 0) {
		failing_sends--;
		errno = ENOBUFS;
		return -1;
	}
	return syscall(SYS_sendto, fd, data, len, flags, NULL, 0);
}

/* A sandbox that waits for work, answers nothing, and ends when the host is gone. */
static int be_sandbox(void)
{
	char byte;

	alarm(HANGS_S);
	while (read(SANDBOX_SOCKET, &byte, 1) > 0)
		continue;
	return 0;
}

struct scene {
	struct loop *loop;
	struct guest *guest;
	struct err answered, gone;
};

static void on_done(void *arg, const struct value *result, const struct err *err)
{
	struct scene *scene = arg;

	assert_null(result);
	scene->answered = *err;
}

static void on_gone(void *arg, const struct err *err)
{
	struct scene *scene = arg;

	scene->gone = *err;
	guest_close(scene->guest);
}

/* The sandbox lives and will never hear of the call: it must not be waited for. */
static void a_call_that_cannot_be_sent_ends_the_sandbox(void **state)
{
	struct scene scene = { .answered = ERR_INIT, .gone = ERR_INIT };
	struct err err = ERR_INIT;
	struct host host = { .program = "/proc/self/exe" };
	const struct guest_handlers handlers = { .gone = on_gone, .arg = &scene };
	struct buf args = BUF_INIT;

	(void)state;
	alarm(HANGS_S);
	scene.loop = host.loop = loop_new(&err);
	assert_non_null(scene.loop);
	scene.guest = guest_start(&host, "sample", &handlers, &err);
	assert_non_null(scene.guest);
	value_put_map(&args, 0);
	failing_sends = 1;
	assert_true(guest_call(scene.guest, "load", &args, on_done, &scene, &err));
	loop_run(scene.loop);
	assert_int_equal(failing_sends, 0);
	assert_int_equal(scene.answered.kind, ERR_STORE);
	assert_int_equal(scene.gone.kind, ERR_STORE);
	assert_non_null(strstr(scene.gone.message, "sample: the connection to its sandbox broke"));
	buf_fini(&args);
	loop_free(scene.loop);
	alarm(0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_that_cannot_be_sent_ends_the_sandbox),
	};

	if (argc == 2 && str_eq(argv[1], "__sandbox"))
		return be_sandbox();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
