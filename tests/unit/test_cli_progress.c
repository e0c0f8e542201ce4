/* Progress where nothing can be redrawn, and lines of the log beside what is drawn. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "unit.h"

enum { PLAIN_MS = 5 };

/* stderr goes into a pipe meanwhile. */
struct scene {
	struct cli cli;
	struct loop_watch *watch;
	int pipes[2], stderr_before;
	struct buf shown;
};

static void take_shown(struct scene *scene)
{
	char bytes[4096];
	ssize_t len;

	while ((len = read(scene->pipes[0], bytes, sizeof(bytes))) > 0)
		buf_append(&scene->shown, bytes, (size_t)len);
}

static void on_shown(void *arg, int events)
{
	struct scene *scene = arg;

	(void)events;
	take_shown(scene);
	loop_stop(scene->cli.host.loop);
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct err err = ERR_INIT;

	assert_non_null(scene);
	assert_int_equal(pipe2(scene->pipes, O_NONBLOCK | O_CLOEXEC), 0);
	scene->stderr_before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_int_equal(dup2(scene->pipes[1], STDERR_FILENO), STDERR_FILENO);
	scene->cli.host.loop = loop_new(&err);
	scene->cli.host.log = log_new(STDERR_FILENO, LOG_INFO, NULL);
	scene->watch = loop_watch_start(scene->cli.host.loop, scene->pipes[0], LOOP_READABLE,
					on_shown, scene, &err);
	assert_non_null(scene->watch);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	dup2(scene->stderr_before, STDERR_FILENO);
	loop_watch_close(scene->watch);
	loop_run(scene->cli.host.loop);
	loop_free(scene->cli.host.loop);
	log_free(scene->cli.host.log);
	close(scene->pipes[0]);
	close(scene->pipes[1]);
	close(scene->stderr_before);
	buf_fini(&scene->shown);
	free(scene);
	return 0;
}

static struct progress *start(struct scene *scene)
{
	struct err err = ERR_INIT;
	struct progress *progress = progress_new(&scene->cli, PLAIN_MS, &err);

	assert_non_null(progress);
	return progress;
}

static void update(struct progress *progress, const char *account, int64_t rows)
{
	const struct sync_progress now = { .account = account,
					   .stream = "devices",
					   .label = "page 3",
					   .total = -1,
					   .rows = rows };

	progress_update(progress, &now);
}

static void long_ones_say_now_and_then_what_they_do(void **state)
{
	struct scene *scene = *state;
	struct progress *progress = start(scene);

	update(progress, "kandji/acme", 900);
	update(progress, "kandji/beta", 7);
	take_shown(scene);
	assert_int_equal(scene->shown.len, 0);
	loop_run(scene->cli.host.loop);
	assert_string_equal(buf_text(&scene->shown), "kandji/acme  devices  900 rows  page 3\n"
						     "kandji/beta  devices  7 rows  page 3\n");
	buf_clear(&scene->shown);
	progress_end(progress, "kandji/acme");
	update(progress, "kandji/beta", 8);
	loop_run(scene->cli.host.loop);
	assert_string_equal(buf_text(&scene->shown), "kandji/beta  devices  8 rows  page 3\n");
	progress_free(progress);
}

static void on_time(void *arg)
{
	loop_stop(arg);
}

static void nothing_is_said_under_quiet_and_with_json(void **state)
{
	struct scene *scene = *state;
	struct progress *progress;

	for (int i = 0; i < 2; i++) {
		scene->cli.is_quiet = i == 0;
		scene->cli.is_json = i == 1;
		progress = start(scene);
		update(progress, "kandji/acme", 900);
		loop_timer_start(scene->cli.host.loop, PLAIN_MS * 4, on_time, scene->cli.host.loop);
		loop_run(scene->cli.host.loop);
		progress_free(progress);
	}
	take_shown(scene);
	assert_int_equal(scene->shown.len, 0);
}

static void a_line_of_the_log_stands_above_the_drawing(void **state)
{
	static const char drawn[] = "kandji/acme  devices  900 rows  page 3";
	struct scene *scene = *state;
	struct progress *progress;
	const char *at;

	scene->cli.terminal.can_redraw = true;
	scene->cli.terminal.err_width = 80;
	progress = start(scene);
	update(progress, "kandji/acme", 900);
	take_shown(scene);
	assert_string_equal(buf_text(&scene->shown), drawn);
	buf_clear(&scene->shown);
	log_write(scene->cli.host.log, LOG_INFO, "a line");
	take_shown(scene);
	at = buf_text(&scene->shown);
	assert_memory_equal(at, "\r\x1b[J{", 5);
	at = strchr(at, '\n');
	assert_non_null(at);
	assert_string_equal(at + 1, drawn);
	progress_free(progress);
	buf_clear(&scene->shown);
	log_write(scene->cli.host.log, LOG_INFO, "another");
	take_shown(scene);
	assert_null(strstr(buf_text(&scene->shown), drawn));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(long_ones_say_now_and_then_what_they_do),
		T(nothing_is_said_under_quiet_and_with_json),
		T(a_line_of_the_log_stands_above_the_drawing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
