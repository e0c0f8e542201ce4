/* Recordings: what was appended is read; what was altered, moved or cut is refused or ends there.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "record/recording.h"
#include "record/recording_frame.h"
#include "unit.h"

static char dir[] = "/tmp/muster-test-recording-XXXXXX";
static const uint8_t KEY[32] = "a key of thirty-two bytes, no:1";
static const uint8_t OTHER_KEY[32] = "a key of thirty-two bytes, no:2";

enum { SESSION = 17, EXCHANGES = 5 };

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
	char command[256];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static char *path_of(int64_t session)
{
	char name[RECORDING_NAME_SIZE], *path;

	assert_true(asprintf(&path, "%s/%s", dir, recording_file_name(session, name)) > 0);
	return path;
}

static struct recording_exchange sample(int64_t number)
{
	return (struct recording_exchange){
		.number = number * 3,
		.method = "GET",
		.url = "https://acme.api.kandji.io/api/v1/devices?offset=600",
		.request_headers = "Accept: application/json\r\n",
		.response_headers = number % 2 == 0 ? "Content-Type: application/json\r\n" : NULL,
		.response_body = number == 3 ? NULL : "[{\"a\":\"one\0two\"}]",
		.response_body_len = number == 3 ? 0 : 17,
		.request_body = "",
		.status = number == 3 ? 0 : 200,
		.started_ms = 1772442895120 + number,
		.duration_ms = 70,
		.attempt = 1,
		.error = number == 3 ? "timed out" : NULL,
	};
}

static struct recording *record_some(int64_t session)
{
	struct recording *recording;
	struct err err = ERR_INIT;

	assert_true(recording_start(&recording, dir, session, KEY, &err));
	for (int64_t i = 0; i < EXCHANGES; i++) {
		struct recording_exchange exchange = sample(i);

		assert_true(recording_append(recording, &exchange, &err));
	}
	return recording;
}

static void record_whole(int64_t session)
{
	struct err err = ERR_INIT;

	assert_true(recording_finish(record_some(session), &err));
}

static void expect_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a != NULL)
		assert_string_equal(a, b);
}

static bool compare_with_sample(void *arg, const struct recording_exchange *got, struct err *err)
{
	int64_t *seen = arg;
	struct recording_exchange want = sample(*seen);

	(void)err;
	assert_int_equal(got->number, want.number);
	expect_text(got->method, want.method);
	expect_text(got->url, want.url);
	expect_text(got->request_headers, want.request_headers);
	expect_text(got->response_headers, want.response_headers);
	expect_text(got->request_body, want.request_body);
	expect_text(got->error, want.error);
	assert_int_equal(got->response_body_len, want.response_body_len);
	if (want.response_body != NULL)
		assert_memory_equal(got->response_body, want.response_body, 17);
	assert_int_equal(got->status, want.status);
	assert_int_equal(got->started_ms, want.started_ms);
	assert_int_equal(got->duration_ms, want.duration_ms);
	assert_int_equal(got->attempt, want.attempt);
	++*seen;
	return true;
}

/* How many exchanges can be read; -1 if the file is refused. */
static int64_t count_readable(const char *path, const uint8_t key[32], struct err *err)
{
	int64_t seen = 0;

	return recording_each(path, key, compare_with_sample, &seen, err) ? seen : -1;
}

static void what_is_appended_is_read(void **state)
{
	char *path = path_of(SESSION);
	struct err err = ERR_INIT;
	struct stat info;

	(void)state;
	record_whole(SESSION);
	assert_int_equal(count_readable(path, KEY, &err), EXCHANGES);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	free(path);
}

static void nothing_readable_is_in_the_file(void **state)
{
	char *path = path_of(SESSION);
	struct buf bytes = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	record_whole(SESSION);
	assert_true(file_read(path, 100000, &bytes, &err));
	assert_null(memmem(bytes.data, bytes.len, "kandji", 6));
	assert_null(memmem(bytes.data, bytes.len, "GET", 3));
	buf_fini(&bytes);
	free(path);
}

static void an_unfinished_recording_is_readable(void **state)
{
	char *path = path_of(SESSION);
	struct err err = ERR_INIT;
	struct recording *recording;

	(void)state;
	recording = record_some(SESSION);
	assert_int_equal(recording_count(recording), EXCHANGES);
	assert_int_equal(count_readable(path, KEY, &err), EXCHANGES);
	recording_abandon(recording);
	assert_int_equal(count_readable(path, KEY, &err), EXCHANGES);
	free(path);
}

static void a_recording_of_the_same_session_is_replaced(void **state)
{
	char *path = path_of(SESSION);
	struct err err = ERR_INIT;
	struct recording *recording;

	(void)state;
	record_whole(SESSION);
	assert_true(recording_start(&recording, dir, SESSION, KEY, &err));
	assert_true(recording_finish(recording, &err));
	assert_int_equal(count_readable(path, KEY, &err), 0);
	free(path);
}

/* Any length of the file gives the exchanges that are whole in it, or (in its head) a refusal. */
static void a_cut_file_is_readable_up_to_the_cut(void **state)
{
	char *path = path_of(SESSION);
	struct buf bytes = BUF_INIT;
	struct err err = ERR_INIT;
	int64_t before = 0;

	(void)state;
	record_whole(SESSION);
	assert_true(file_read(path, 100000, &bytes, &err));
	for (size_t len = 0; len <= bytes.len; len++) {
		int64_t seen;

		assert_true(file_write(path, 0600, bytes.data, len, &err));
		seen = count_readable(path, KEY, &err);
		if (len < RECORDING_HEAD_SIZE)
			assert_int_equal(seen, -1);
		else
			assert_true(seen == before || seen == before + 1);
		before = seen < 0 ? 0 : seen;
	}
	assert_int_equal(before, EXCHANGES);
	buf_fini(&bytes);
	free(path);
}

static void every_altered_byte_is_refused(void **state)
{
	char *path = path_of(SESSION);
	struct buf bytes = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	record_whole(SESSION);
	assert_true(file_read(path, 100000, &bytes, &err));
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.data[i] ^= 0x40;
		assert_true(file_write(path, 0600, bytes.data, bytes.len, &err));
		assert_int_equal(count_readable(path, KEY, &err), -1);
		assert_int_equal(err.kind, ERR_STORE);
		assert_non_null(strstr(err.message, path));
		bytes.data[i] ^= 0x40;
	}
	buf_fini(&bytes);
	free(path);
}

static void another_key_is_refused(void **state)
{
	char *path = path_of(SESSION);
	struct err err = ERR_INIT;

	(void)state;
	record_whole(SESSION);
	assert_int_equal(count_readable(path, OTHER_KEY, &err), -1);
	assert_non_null(strstr(err.message, "another vault's key"));
	free(path);
}

/* The frames' places in the file, from their heads. */
static size_t frame_end(const struct buf *file, size_t at)
{
	struct err err = ERR_INIT;
	int64_t number;
	size_t len;

	assert_true(
		recording_read_frame_head((const uint8_t *)file->data + at, &number, &len, &err));
	return at + RECORDING_FRAME_HEAD_SIZE + len;
}

static void moved_repeated_and_omitted_frames_are_refused(void **state)
{
	char *path = path_of(SESSION);
	struct buf file = BUF_INIT, forged = BUF_INIT;
	struct err err = ERR_INIT;
	size_t first = RECORDING_HEAD_SIZE, second, third;

	(void)state;
	record_whole(SESSION);
	assert_true(file_read(path, 100000, &file, &err));
	second = frame_end(&file, first);
	third = frame_end(&file, second);
	for (int forgery = 0; forgery < 3; forgery++) {
		buf_clear(&forged);
		buf_append(&forged, file.data, forgery == 1 ? second : first);
		if (forgery == 0) /* second, first */
			buf_append(&forged, file.data + second, third - second);
		if (forgery < 2) /* first, once more in the second forgery */
			buf_append(&forged, file.data + first, second - first);
		buf_append(&forged, file.data + (forgery == 0 ? third : second),
			   file.len - (forgery == 0 ? third : second));
		assert_true(file_write(path, 0600, forged.data, forged.len, &err));
		assert_int_equal(count_readable(path, KEY, &err), -1);
	}
	buf_fini(&file);
	buf_fini(&forged);
	free(path);
}

static void a_frame_of_another_recording_is_refused(void **state)
{
	char *path = path_of(SESSION), *other = path_of(SESSION + 1);
	struct buf file = BUF_INIT, foreign = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	record_whole(SESSION);
	record_whole(SESSION + 1);
	assert_true(file_read(path, 100000, &file, &err));
	assert_true(file_read(other, 100000, &foreign, &err));
	assert_true(buf_room(&foreign, 0) != NULL);
	memcpy(foreign.data, file.data, RECORDING_HEAD_SIZE);
	assert_true(file_write(path, 0600, foreign.data, foreign.len, &err));
	assert_int_equal(count_readable(path, KEY, &err), -1);
	buf_fini(&file);
	buf_fini(&foreign);
	free(path);
	free(other);
}

static void bytes_after_the_end_are_refused(void **state)
{
	char *path = path_of(SESSION);
	struct buf file = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	record_whole(SESSION);
	assert_true(file_read(path, 100000, &file, &err));
	buf_char(&file, '\0');
	assert_true(file_write(path, 0600, file.data, file.len, &err));
	assert_int_equal(count_readable(path, KEY, &err), -1);
	buf_fini(&file);
	free(path);
}

static int64_t file_size(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
}

/* A full disk, played by a limit on file size. */
static int append_on_a_full_disk(void)
{
	const struct rlimit limit = { 700, 700 };
	struct recording *recording;
	struct err err = ERR_INIT;
	int64_t done = 0, seen = 0;
	char *path = path_of(SESSION);

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	if (!recording_start(&recording, dir, SESSION, KEY, &err))
		return 1;
	for (;; done++) {
		struct recording_exchange exchange = sample(done);

		if (!recording_append(recording, &exchange, &err))
			break;
	}
	if (err.kind != ERR_STORE || strstr(err.message, path) == NULL || done == 0)
		return 2;
	recording_abandon(recording);
	seen = count_readable(path, KEY, &err);
	free(path);
	return seen == done ? 0 : 3;
}

static void a_full_disk_leaves_whole_exchanges(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(append_on_a_full_disk());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* The room is back, but the place in the file, and with it the nonce, was used. */
static int append_after_a_full_disk(void)
{
	struct rlimit before, narrow;
	struct recording_exchange exchange = sample(0);
	struct recording *recording;
	struct err err = ERR_INIT;
	int64_t whole;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	narrow = (struct rlimit){ 700, before.rlim_max };
	if (!recording_start(&recording, dir, SESSION, KEY, &err) ||
	    setrlimit(RLIMIT_FSIZE, &narrow) != 0)
		return 1;
	while (recording_append(recording, &exchange, &err))
		exchange.number++;
	setrlimit(RLIMIT_FSIZE, &before);
	whole = recording_bytes(recording);
	if (recording_append(recording, &exchange, &err) || err.kind != ERR_STORE)
		return 2;
	if (recording_bytes(recording) != whole || recording_finish(recording, &err))
		return 3;
	return file_size(path_of(SESSION)) == whole ? 0 : 4;
}

static void a_failed_write_is_the_last(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(append_after_a_full_disk());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_missing_file_and_folder_are_named(void **state)
{
	struct recording *recording;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(count_readable("/nonexistent/1.rec", KEY, &err), -1);
	assert_int_equal(err.kind, ERR_MISSING);
	assert_false(recording_start(&recording, "/nonexistent", 1, KEY, &err));
	assert_non_null(strstr(err.message, "/nonexistent/1.rec"));
}

static void numbers_below_zero_are_refused(void **state)
{
	struct recording_exchange exchange = sample(0);
	struct recording *recording;
	struct err err = ERR_INIT;

	(void)state;
	exchange.number = RECORDING_END;
	assert_true(recording_start(&recording, dir, SESSION, KEY, &err));
	assert_false(recording_append(recording, &exchange, &err));
	assert_int_equal(err.kind, ERR_BUG);
	recording_abandon(recording);
}

static void an_oversized_exchange_is_refused_and_others_follow(void **state)
{
	struct recording_exchange exchange = sample(0);
	struct recording *recording;
	struct err err = ERR_INIT;
	char *path = path_of(SESSION), *large = calloc(1, RECORDING_EXCHANGE_MAX);

	(void)state;
	assert_non_null(large);
	assert_true(recording_start(&recording, dir, SESSION, KEY, &err));
	exchange.response_body = large;
	exchange.response_body_len = RECORDING_EXCHANGE_MAX;
	assert_false(recording_append(recording, &exchange, &err));
	assert_int_equal(err.kind, ERR_OVER_LIMIT);
	exchange = sample(0);
	assert_true(recording_append(recording, &exchange, &err));
	assert_true(recording_finish(recording, &err));
	assert_int_equal(count_readable(path, KEY, &err), 1);
	free(large);
	free(path);
}

static bool stop_at_once(void *arg, const struct recording_exchange *exchange, struct err *err)
{
	(void)arg;
	(void)exchange;
	return err_set(err, ERR_CANCELLED, "enough");
}

static void the_reader_may_stop(void **state)
{
	char *path = path_of(SESSION);
	struct err err = ERR_INIT;

	(void)state;
	record_whole(SESSION);
	assert_false(recording_each(path, KEY, stop_at_once, NULL, &err));
	assert_int_equal(err.kind, ERR_CANCELLED);
	free(path);
}

static void headers_are_redacted_by_name_and_value(void **state)
{
	static const struct net_header headers[] = {
		{ "Accept", "a/b" },	       { "AUTHORIZATION", "Bearer tok-12345" },
		{ "X-My-Key", "k" },	       { "X-Echo", "it was tok-12345!" },
		{ "Set-Cookie", "session=1" }, { "X-Odd", "a\r\nInjected: b" },
	};
	static const char *const more[] = { "x-my-key" };
	struct redact *redact = redact_new();
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(redact_add(redact, "api_token", "tok-12345", 9, &err));
	recording_redact_headers(headers, 6, more, 1, redact, &out);
	assert_string_equal(out.data, "Accept: a/b\r\n"
				      "AUTHORIZATION: <redacted>\r\n"
				      "X-My-Key: <redacted>\r\n"
				      "X-Echo: it was <secret:api_token>!\r\n"
				      "Set-Cookie: <redacted>\r\n"
				      "X-Odd: a  Injected: b\r\n");
	buf_fini(&out);
	redact_free(redact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_appended_is_read),
		cmocka_unit_test(nothing_readable_is_in_the_file),
		cmocka_unit_test(an_unfinished_recording_is_readable),
		cmocka_unit_test(a_recording_of_the_same_session_is_replaced),
		cmocka_unit_test(a_cut_file_is_readable_up_to_the_cut),
		cmocka_unit_test(every_altered_byte_is_refused),
		cmocka_unit_test(another_key_is_refused),
		cmocka_unit_test(moved_repeated_and_omitted_frames_are_refused),
		cmocka_unit_test(a_frame_of_another_recording_is_refused),
		cmocka_unit_test(bytes_after_the_end_are_refused),
		cmocka_unit_test(a_full_disk_leaves_whole_exchanges),
		cmocka_unit_test(a_failed_write_is_the_last),
		cmocka_unit_test(a_missing_file_and_folder_are_named),
		cmocka_unit_test(numbers_below_zero_are_refused),
		cmocka_unit_test(an_oversized_exchange_is_refused_and_others_follow),
		cmocka_unit_test(the_reader_may_stop),
		cmocka_unit_test(headers_are_redacted_by_name_and_value),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
