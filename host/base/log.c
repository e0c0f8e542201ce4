/* The log sink. A line is put together in memory and leaves in one write. */
#define _GNU_SOURCE
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/str.h"

struct log {
	int fd;
	enum log_level level;
	const struct redact *redact;
	bool is_terminal;
	bool is_journal; /* systemd's: it wants the level as <N> before each line */
	void (*hide)(void *arg);
	void (*show)(void *arg);
	void *drawing;
};

/* Priorities are those of syslog (RFC 5424), as sd-daemon(3) wants them. */
static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOG_ERROR] = { "error", 3 },
	[LOG_WARN] = { "warn", 4 },
	[LOG_INFO] = { "info", 6 },
	[LOG_DEBUG] = { "debug", 7 },
};

enum log_level log_level_named(const char *name, enum log_level otherwise)
{
	for (size_t i = 0; name != NULL && i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (str_eq(levels[i].name, name))
			return (enum log_level)i;
	}
	return otherwise;
}

/* $JOURNAL_STREAM holds device:inode of the stream; it counts only if that is our descriptor. */
static bool goes_to_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[48];
	struct stat info;

	if (stream == NULL || fstat(fd, &info) != 0)
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
	return str_eq(stream, ours);
}

struct log *log_new(int fd, enum log_level level, const struct redact *redact)
{
	struct log *log = malloc(sizeof(*log));

	if (log == NULL)
		return NULL;
	*log = (struct log){ .fd = fd,
			     .level = level,
			     .redact = redact,
			     .is_terminal = isatty(fd) == 1,
			     .is_journal = goes_to_journal(fd) };
	return log;
}

void log_free(struct log *log)
{
	free(log);
}

void log_set_drawing(struct log *log, void (*hide)(void *arg), void (*show)(void *arg), void *arg)
{
	log->hide = hide;
	log->show = show;
	log->drawing = arg;
}

/*
 * Bytes of the sequence at `at` that are harmless as they are; 0 = it must be escaped: controls
 * (C0, DEL, C1) and what is no UTF-8.
 */
static size_t plain_len(const char *at, size_t left)
{
	uint8_t lead = (uint8_t)*at;
	size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0x80 ? 2 : 1;

	if (lead < 0x20 || lead == 0x7f || n > left || !str_is_utf8(at, n))
		return 0;
	return lead == 0xc2 && (uint8_t)at[1] < 0xa0 ? 0 : n;
}

/* For a person: \n, \x1b. For a machine: JSON, where invalid bytes become U+FFFD. */
static void put_escaped(struct buf *out, const char *text, size_t len, bool is_json)
{
	for (size_t i = 0; i < len;) {
		size_t n = plain_len(text + i, len - i);
		uint8_t c = (uint8_t)text[i];

		if (n > 0) {
			if (is_json && (c == '"' || c == '\\'))
				buf_char(out, '\\');
			buf_append(out, text + i, n);
			i += n;
			continue;
		}
		if (!is_json)
			buf_printf(out, "\\x%02x", c);
		else
			buf_printf(out, "\\u%04x", c < 0x80 ? c : 0xfffd);
		i++;
	}
}

static void put_line(const struct log *log, struct buf *out, enum log_level level,
		     const struct buf *message)
{
	char now[CLOCK_TEXT_SIZE];
	bool is_json = !log->is_terminal;

	clock_now_text(now);
	if (log->is_journal)
		buf_printf(out, "<%d>", levels[level].priority);
	buf_printf(out, is_json ? "{\"at\":\"%s\",\"level\":\"%s\",\"message\":\"" : "%s %-5s ",
		   now, levels[level].name);
	put_escaped(out, message->data, message->len, is_json);
	buf_str(out, is_json ? "\"}\n" : "\n");
}

static void write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, data, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return;
		data += put;
		len -= (size_t)put;
	}
}

static void write_line(const struct log *log, const struct buf *line)
{
	if (log->hide != NULL)
		log->hide(log->drawing);
	write_all(log->fd, line->data, line->len);
	if (log->show != NULL)
		log->show(log->drawing);
}

static void put_message(const struct log *log, struct buf *out, const char *format, va_list args)
{
	char *text;
	int len = vasprintf(&text, format, args);

	if (len < 0) {
		out->failed = true;
		return;
	}
	if (log->redact != NULL)
		redact_copy(log->redact, text, (size_t)len, out);
	else
		buf_append(out, text, (size_t)len);
	secret_wipe(text, (size_t)len);
	free(text);
}

void log_write(struct log *log, enum log_level level, const char *format, ...)
{
	struct buf message = BUF_INIT, line = BUF_INIT;
	int saved = errno;
	va_list args;

	if (log == NULL || level > log->level)
		return;
	va_start(args, format);
	put_message(log, &message, format, args);
	va_end(args);
	put_line(log, &line, level, &message);
	if (!message.failed && !line.failed)
		write_line(log, &line);
	buf_fini(&message);
	buf_fini(&line);
	errno = saved;
}
