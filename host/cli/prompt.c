/* Questions to a person. */
#define _GNU_SOURCE
#include "cli/prompt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cli.h"
#include "cli/text.h"

enum {
	LINE_MAX_BYTES = 4096,
	SECRET_MAX_BYTES = 16384,
	CTRL_C = 3,
	CTRL_D = 4,
	BACKSPACE = 8,
	CTRL_U = 21,
	DELETE = 127
};

static bool can_ask(const struct cli *cli, const char *question, const char *instead,
		    struct err *err)
{
	if (cli->terminal.can_ask && !cli->no_input)
		return true;
	err_set(err, ERR_USAGE, "%s: not given, and nobody can be asked", question);
	return err_hint(err, "%s", instead);
}

static void say(const char *text)
{
	struct buf out = BUF_INIT;

	text_escape(&out, text, strlen(text));
	terminal_write(STDERR_FILENO, buf_text(&out), out.len);
	buf_fini(&out);
}

/* One line of stdin without its newline; ERR_CANCELLED at its end. */
static bool read_line(char *line, size_t size, struct err *err)
{
	size_t len = 0;
	char c;

	for (;;) {
		ssize_t n = read(STDIN_FILENO, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(err, ERR_CANCELLED, "no answer was given");
		if (c == '\n')
			break;
		if (len + 1 == size)
			return err_set(err, ERR_USAGE, "the answer is longer than %zu bytes", size);
		line[len++] = c;
	}
	line[len] = '\0';
	return str_is_utf8(line, len) ? true : err_set(err, ERR_USAGE, "the answer is not UTF-8");
}

static char *trimmed(char *line)
{
	size_t len;

	line += strspn(line, " \t\r");
	for (len = strlen(line); len > 0 && strchr(" \t\r", line[len - 1]); len--)
		line[len - 1] = '\0';
	return line;
}

bool prompt_text(const struct cli *cli, const char *question, const char *fallback,
		 const char *instead, char **answer, struct err *err)
{
	char line[LINE_MAX_BYTES];
	const char *text;

	if (!can_ask(cli, question, instead, err))
		return false;
	say(question);
	if (fallback) {
		say(" [");
		say(fallback);
		say("]");
	}
	say(": ");
	if (!read_line(line, sizeof(line), err))
		return false;
	text = trimmed(line);
	*answer = str_dup(!*text && fallback ? fallback : text);
	return *answer ? true : err_oom(err);
}

/* --- without echo --- */

/*
 * While the echo is off, a signal to end cuts the reading short instead of the process, which would
 * leave the terminal as it is. It is held back but for the waiting, so that none comes in between.
 */
struct endings {
	struct sigaction term, hup; /* as they were */
	sigset_t mask;
};

static void on_ending(int signal)
{
	(void)signal;
}

static void endings_catch(struct endings *before)
{
	const struct sigaction action = { .sa_handler = on_ending };
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &held, &before->mask);
	sigaction(SIGTERM, &action, &before->term);
	sigaction(SIGHUP, &action, &before->hup);
}

static void endings_release(const struct endings *before)
{
	sigaction(SIGTERM, &before->term, NULL);
	sigaction(SIGHUP, &before->hup, NULL);
	pthread_sigmask(SIG_SETMASK, &before->mask, NULL);
}

static bool read_key(const struct endings *before, char *key)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	return ppoll(&input, 1, NULL, &before->mask) == 1 && read(STDIN_FILENO, key, 1) == 1;
}

/* One key: *is_done after Enter. The signals' keys are read as bytes: none of them leaves echo off.
 */
static bool take_key(char c, struct secret *out, bool *is_done, struct err *err)
{
	switch (c) {
	case '\n':
	case '\r':
		*is_done = true;
		return true;
	case CTRL_C:
		return err_set(err, ERR_CANCELLED, "cancelled");
	case CTRL_D:
		*is_done = out->len > 0;
		return *is_done || err_set(err, ERR_CANCELLED, "no answer was given");
	case BACKSPACE:
	case DELETE:
		out->len -= out->len > 0;
		return true;
	case CTRL_U:
		out->len = 0;
		return true;
	default:
		if (out->len == SECRET_MAX_BYTES)
			return err_set(err, ERR_USAGE, "longer than %d bytes", SECRET_MAX_BYTES);
		out->data[out->len++] = c;
		return true;
	}
}

static bool read_keys(const struct endings *before, struct secret *out, struct err *err)
{
	bool is_done = false;
	char c;

	out->len = 0;
	while (!is_done) {
		if (!read_key(before, &c))
			return err_set(err, ERR_CANCELLED, "no answer was given");
		if (!take_key(c, out, &is_done, err))
			return false;
	}
	return true;
}

/* Echo goes before the question comes: an answer that is quicker than we are is not shown either.
 */
static bool silence(const char *question, struct termios *before, struct err *err)
{
	struct termios silent;

	if (tcgetattr(STDIN_FILENO, before) != 0)
		return err_set_errno(err, ERR_USAGE, errno, "cannot switch off the echo");
	silent = *before;
	silent.c_lflag &= (tcflag_t) ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	silent.c_cc[VMIN] = 1;
	silent.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) != 0)
		return err_set_errno(err, ERR_USAGE, errno, "cannot switch off the echo");
	say(question);
	say(" (not shown): ");
	return true;
}

static void unsilence(const struct termios *before)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, before);
	terminal_write(STDERR_FILENO, "\n", 1);
}

static bool ask_without_echo(const char *question, struct secret *out, struct err *err)
{
	struct endings endings;
	struct termios before;
	bool is_silent, done;

	endings_catch(&endings);
	is_silent = silence(question, &before, err);
	done = is_silent && read_keys(&endings, out, err);
	if (is_silent)
		unsilence(&before);
	endings_release(&endings);
	return done;
}

bool prompt_secret(const struct cli *cli, const char *question, const char *instead,
		   struct secret *answer, struct err *err)
{
	struct secret typed = SECRET_INIT;
	bool done;

	if (!can_ask(cli, question, instead, err) ||
	    !secret_init(&typed, SECRET_MAX_BYTES + 1, err))
		return false;
	done = ask_without_echo(question, &typed, err) &&
	       secret_from(answer, typed.data, typed.len, err);
	secret_fini(&typed);
	return done;
}

/* --- while other things go on --- */

struct prompt_typing {
	struct termios before;
	struct secret line;
};

struct prompt_typing *prompt_typing_begin(const struct cli *cli, const char *question,
					  const char *instead, struct err *err)
{
	struct prompt_typing *typing;

	if (!can_ask(cli, question, instead, err))
		return NULL;
	typing = calloc(1, sizeof(*typing));
	if (!typing) {
		err_oom(err);
		return NULL;
	}
	if (secret_init(&typing->line, SECRET_MAX_BYTES + 1, err)) {
		typing->line.len = 0;
		if (silence(question, &typing->before, err))
			return typing;
	}
	secret_fini(&typing->line);
	free(typing);
	return NULL;
}

/* What comes behind Enter in one go is no answer to anything. */
bool prompt_typing_read(struct prompt_typing *typing, struct secret *answer, bool *is_done,
			struct err *err)
{
	char keys[256];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));
	bool fine = true;

	*is_done = false;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0)
		return err_set(err, ERR_CANCELLED, "no answer was given");
	for (ssize_t i = 0; i < n && fine && !*is_done; i++)
		fine = take_key(keys[i], &typing->line, is_done, err);
	secret_wipe(keys, sizeof(keys));
	if (!fine || !*is_done)
		return fine;
	fine = secret_from(answer, typing->line.data, typing->line.len, err);
	typing->line.len = 0;
	return fine;
}

void prompt_typing_end(struct prompt_typing *typing)
{
	if (!typing)
		return;
	unsilence(&typing->before);
	secret_fini(&typing->line);
	free(typing);
}

/* --- confirmations --- */

bool prompt_confirm(const struct cli *cli, const char *what, const char *question, struct err *err)
{
	char line[64];

	if (cli->says_yes)
		return true;
	if (!cli->terminal.can_ask || cli->no_input) {
		err_set(err, ERR_USAGE, "%.*s", (int)strcspn(what, "\n"), what);
		return err_hint(err, "this must be confirmed: add --yes");
	}
	cli_warn(cli, "%s", what);
	say(question);
	say(" [y/N] ");
	if (!read_line(line, sizeof(line), err))
		return false;
	str_lower(line);
	if (str_eq(trimmed(line), "y") || str_eq(trimmed(line), "yes"))
		return true;
	return err_set(err, ERR_CANCELLED, "nothing was changed");
}
