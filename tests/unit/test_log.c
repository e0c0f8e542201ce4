/* Log lines: their form on a pipe and on a terminal, escaping, redaction, systemd's prefix. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "unit.h"

struct sink {
	int in, out; /* read from in, log to out */
};

static struct sink pipe_sink(void)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	return (struct sink){ ends[0], ends[1] };
}

/* The terminal's own end, unprocessed: what is written comes out as it is. */
static struct sink terminal_sink(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	return (struct sink){ master, open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC) };
}

static void read_line(struct sink sink, char *line, size_t size)
{
	ssize_t got = read(sink.in, line, size - 1);

	assert_true(got > 0);
	line[got] = '\0';
	close(sink.in);
	close(sink.out);
}

static void a_pipe_gets_json_lines(void **state)
{
	struct sink sink = pipe_sink();
	struct log *log = log_new(sink.out, LOG_INFO, NULL);
	char line[512];

	(void)state;
	log_write(log, LOG_WARN, "kandji/%s: \"odd\" \\ %d", "acme", 7);
	log_free(log);
	read_line(sink, line, sizeof(line));
	assert_memory_equal(line, "{\"at\":\"20", 9);
	assert_non_null(strstr(line, "Z\",\"level\":\"warn\",\"message\":"
				     "\"kandji/acme: \\\"odd\\\" \\\\ 7\"}\n"));
}

static void a_terminal_gets_text(void **state)
{
	struct sink sink = terminal_sink();
	struct log *log = log_new(sink.out, LOG_INFO, NULL);
	char line[512];

	(void)state;
	log_write(log, LOG_ERROR, "it broke");
	log_free(log);
	read_line(sink, line, sizeof(line));
	assert_memory_equal(line, "20", 2);
	assert_non_null(strstr(line, "Z error it broke\r\n"));
}

static void control_bytes_never_reach_a_terminal(void **state)
{
	struct sink sink = terminal_sink();
	struct log *log = log_new(sink.out, LOG_INFO, NULL);
	char line[512];

	(void)state;
	log_write(log, LOG_INFO, "a\x1b[31m\nb\x7f\xc2\x9b\xff Zo\xc3\xab");
	log_free(log);
	read_line(sink, line, sizeof(line));
	assert_non_null(strstr(line, "a\\x1b[31m\\x0ab\\x7f\\xc2\\x9b\\xff Zo\xc3\xab\r\n"));
}

static void json_lines_are_always_valid(void **state)
{
	struct sink sink = pipe_sink();
	struct log *log = log_new(sink.out, LOG_INFO, NULL);
	char line[512];

	(void)state;
	log_write(log, LOG_INFO, "x\n\t\x1b\x7f\xff\xc2\x9b");
	log_free(log);
	read_line(sink, line, sizeof(line));
	assert_non_null(strstr(line, "\"x\\u000a\\u0009\\u001b\\u007f\\ufffd\\ufffd\\ufffd\"}"));
}

static void secrets_are_redacted_before_escaping(void **state)
{
	struct sink sink = pipe_sink();
	struct redact *redact = redact_new();
	struct log *log = log_new(sink.out, LOG_INFO, redact);
	struct err err = ERR_INIT;
	char line[512];

	(void)state;
	assert_true(redact_add(redact, "api_token", "to\"ken\\x", 8, &err));
	log_write(log, LOG_INFO, "sent to\"ken\\x there");
	log_free(log);
	redact_free(redact);
	read_line(sink, line, sizeof(line));
	assert_non_null(strstr(line, "\"sent <secret:api_token> there\""));
}

static void unwanted_levels_write_nothing(void **state)
{
	struct sink sink = pipe_sink();
	struct log *log = log_new(sink.out, LOG_WARN, NULL);
	char line[512];

	(void)state;
	log_write(NULL, LOG_ERROR, "nowhere");
	log_write(log, LOG_INFO, "first");
	log_write(log, LOG_ERROR, "second");
	log_free(log);
	read_line(sink, line, sizeof(line));
	assert_null(strstr(line, "first"));
	assert_non_null(strstr(line, "second"));
}

static void the_journal_gets_priorities(void **state)
{
	struct sink sink = pipe_sink();
	char line[512], stream[64];
	struct stat info;
	struct log *log;

	(void)state;
	assert_int_equal(fstat(sink.out, &info), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log = log_new(sink.out, LOG_INFO, NULL);
	log_write(log, LOG_ERROR, "x");
	log_free(log);
	read_line(sink, line, sizeof(line));
	assert_memory_equal(line, "<3>{", 4);
	unsetenv("JOURNAL_STREAM");
}

/* The variable is inherited; a log that goes elsewhere takes no notice of it. */
static void a_foreign_journal_stream_is_ignored(void **state)
{
	struct sink sink = pipe_sink();
	struct log *log;
	char line[512];

	(void)state;
	setenv("JOURNAL_STREAM", "1:2", 1);
	log = log_new(sink.out, LOG_INFO, NULL);
	log_write(log, LOG_ERROR, "x");
	log_free(log);
	read_line(sink, line, sizeof(line));
	assert_memory_equal(line, "{", 1);
	unsetenv("JOURNAL_STREAM");
}

static void levels_have_names(void **state)
{
	(void)state;
	assert_int_equal(log_level_named("error", LOG_INFO), LOG_ERROR);
	assert_int_equal(log_level_named("warn", LOG_INFO), LOG_WARN);
	assert_int_equal(log_level_named("debug", LOG_INFO), LOG_DEBUG);
	assert_int_equal(log_level_named("loud", LOG_INFO), LOG_INFO);
	assert_int_equal(log_level_named(NULL, LOG_DEBUG), LOG_DEBUG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pipe_gets_json_lines),
		cmocka_unit_test(a_terminal_gets_text),
		cmocka_unit_test(control_bytes_never_reach_a_terminal),
		cmocka_unit_test(json_lines_are_always_valid),
		cmocka_unit_test(secrets_are_redacted_before_escaping),
		cmocka_unit_test(unwanted_levels_write_nothing),
		cmocka_unit_test(the_journal_gets_priorities),
		cmocka_unit_test(a_foreign_journal_stream_is_ignored),
		cmocka_unit_test(levels_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
