/* Secrets on their way in. */
#include "cli/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/redact.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/prompt.h"

/* Everything up to the end into out, whose room is SECRET_BYTES_MAX + 1; `name` for messages. */
static bool read_all(int fd, const char *name, struct secret *out, struct err *err)
{
	size_t room = out->len, len = 0;

	for (;;) {
		ssize_t n = read(fd, out->data + len, room - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_errno(err, ERR_USAGE, errno, "cannot read %s", name);
		if (n == 0)
			break;
		len += (size_t)n;
		if (len == room)
			return err_set(err, ERR_USAGE, "%s holds more than %d bytes: no secret",
				       name, SECRET_BYTES_MAX);
	}
	len -= len > 0 && out->data[len - 1] == '\n';
	len -= len > 0 && out->data[len - 1] == '\r';
	out->data[len] = '\0';
	out->len = len;
	return len > 0 ? true : err_set(err, ERR_USAGE, "%s holds no secret: it is empty", name);
}

static bool read_descriptor(int fd, const char *name, struct secret *out, struct err *err)
{
	struct secret all = SECRET_INIT;
	bool done;

	if (!secret_init(&all, SECRET_BYTES_MAX + 1, err))
		return false;
	done = read_all(fd, name, &all, err) && secret_from(out, all.data, all.len, err);
	secret_fini(&all);
	return done;
}

/* The file is the person's own, and so is the decision: it is taken, but not in silence. */
static void warn_if_open(const struct cli *cli, int fd, const char *path)
{
	struct stat info;

	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 077) != 0)
		cli_warn(cli, "%s can be read by others (mode %04o); close it: chmod 600 %s", path,
			 (unsigned)(info.st_mode & 07777), path);
}

bool secret_read_file(const struct cli *cli, const char *path, struct secret *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool done;

	if (fd < 0)
		return err_set_errno(err, ERR_USAGE, errno, "cannot read %s", path);
	warn_if_open(cli, fd, path);
	done = read_descriptor(fd, path, out, err);
	close(fd);
	return done;
}

bool secret_read_stdin(struct secret *out, struct err *err)
{
	return read_descriptor(STDIN_FILENO, "standard input", out, err);
}

bool secret_ask(const struct cli *cli, const char *question, const char *instead,
		struct secret *out, struct err *err)
{
	for (int tries = 1;; tries++) {
		if (!prompt_secret(cli, question, instead, out, err))
			return false;
		if (out->len > 0)
			return true;
		secret_fini(out);
		if (tries == SECRET_TRIES)
			break;
		cli_warn(cli, "Nothing was typed. Once again, please.");
	}
	err_set(err, ERR_USAGE, "%s: nothing was typed", question);
	return err_hint(err, "%s", instead);
}

/* Asks for it again; false also when the two are not the same: then err is left as it was. */
static bool ask_again(const struct cli *cli, const char *instead, const struct secret *first,
		      bool *is_other, struct err *err)
{
	struct secret again = SECRET_INIT;
	bool done = secret_ask(cli, "Once more", instead, &again, err);

	*is_other = done &&
		    (again.len != first->len || memcmp(again.data, first->data, first->len) != 0);
	secret_fini(&again);
	return done && !*is_other;
}

bool secret_ask_twice(const struct cli *cli, const char *question, const char *instead,
		      struct secret *out, struct err *err)
{
	for (int tries = 1;; tries++) {
		bool is_other;

		if (!secret_ask(cli, question, instead, out, err))
			return false;
		if (ask_again(cli, instead, out, &is_other, err))
			return true;
		secret_fini(out);
		if (!is_other)
			return false;
		if (tries == SECRET_TRIES)
			break;
		cli_warn(cli, "The two are not the same. Once again, please.");
	}
	err_set(err, ERR_USAGE, "the two are not the same");
	return err_hint(err, "%s", instead);
}

/* --- settings --- */

/* The path given for a secret's id; NULL if none was. */
static const char *file_of(const struct cli *cli, const char *id)
{
	size_t at = 0, len = strlen(id);
	const char *pair;

	while ((pair = parsed_next(&cli->parsed, "secret-file", &at))) {
		if (strncmp(pair, id, len) == 0 && pair[len] == '=')
			return pair + len + 1;
	}
	return NULL;
}

static bool is_on_stdin(const struct cli *cli, const char *id)
{
	const char *given = parsed_text(&cli->parsed, "secret-stdin");

	return given && str_eq(given, id);
}

static bool ask_setting(const struct cli *cli, const char *id, const char *label,
			struct secret *out, struct err *err)
{
	char instead[160];

	snprintf(instead, sizeof(instead), "give --secret-file %s=PATH or --secret-stdin %s", id,
		 id);
	return secret_ask(cli, label, instead, out, err);
}

bool secret_is_given(const struct cli *cli, const char *id)
{
	return file_of(cli, id) || is_on_stdin(cli, id);
}

bool secret_setting(const struct cli *cli, const char *id, const char *label, struct secret *out,
		    struct err *err)
{
	const char *path = file_of(cli, id);
	bool done;

	if (path && is_on_stdin(cli, id))
		return err_set(err, ERR_USAGE, "%s: give a file or standard input, not both", id);
	if (path)
		done = secret_read_file(cli, path, out, err);
	else if (is_on_stdin(cli, id))
		done = secret_read_stdin(out, err);
	else
		done = ask_setting(cli, id, label, out, err);
	done = done && redact_add(cli->host.redact, id, out->data, out->len, err);
	if (!done)
		secret_fini(out);
	return done;
}
