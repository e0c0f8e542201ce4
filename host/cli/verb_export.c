/* muster export: a table or view as CSV or NDJSON. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/rows.h"
#include "cli/verbs.h"

static const struct {
	const char *name;
	bool has_account; /* a column of that name */
} VIEWS[] = { { "people", false }, { "installed_apps", true }, { "inventory", false } };

enum { VIEW_COUNT = sizeof(VIEWS) / sizeof(VIEWS[0]) };

static const struct model_entity *entity_of_table(const char *table)
{
	size_t count;
	const struct model_entity *entities = model_entities(&count);

	for (size_t i = 0; i < count; i++) {
		if (str_eq(entities[i].table, table))
			return &entities[i];
	}
	return NULL;
}

size_t verb_export_names(const char **names)
{
	size_t count, n = 0;
	const struct model_entity *entities = model_entities(&count);

	for (size_t i = 0; i < count && n < VERB_EXPORTS_MAX - VIEW_COUNT; i++)
		names[n++] = entities[i].table;
	for (size_t i = 0; i < VIEW_COUNT; i++)
		names[n++] = VIEWS[i].name;
	return n;
}

static bool fail_unknown(const char *name, struct err *err)
{
	const char *names[VERB_EXPORTS_MAX];
	const char *nearest;
	size_t n = verb_export_names(names);

	err_set(err, ERR_USAGE, "there is no \"%s\" to export", name);
	nearest = str_nearest(name, names, n);
	if (nearest)
		return err_hint(err, "did you mean \"%s\"?", nearest);
	return err_hint(err, "muster help export lists them");
}

/* The query for the account in $1, or for all. */
static bool put_table(const struct cli *cli, const struct model_entity *entity, struct buf *sql)
{
	buf_str(sql, "SELECT ");
	rows_select(sql, entity, "t");
	buf_printf(sql,
		   " FROM %s t JOIN accounts a ON a.id = t.account_id"
		   " WHERE a.archived_at IS NULL",
		   entity->table);
	if (!parsed_has(&cli->parsed, "removed"))
		buf_str(sql, " AND t.removed_at IS NULL");
	if (parsed_has(&cli->parsed, "account"))
		buf_str(sql, " AND (a.vendor || '/' || a.name = $1 OR a.vendor = $1)");
	buf_str(sql, " ORDER BY t.id");
	return true;
}

static bool put_view(const struct cli *cli, const char *name, struct buf *sql, struct err *err)
{
	for (size_t i = 0; i < VIEW_COUNT; i++) {
		if (!str_eq(VIEWS[i].name, name))
			continue;
		if (parsed_has(&cli->parsed, "removed"))
			return err_set(err, ERR_USAGE, "%s never shows removed rows", name);
		if (!parsed_has(&cli->parsed, "account")) {
			buf_printf(sql, "SELECT * FROM %s", name);
			return true;
		}
		if (!VIEWS[i].has_account)
			return err_set(err, ERR_USAGE,
				       "%s merges all accounts: --account means "
				       "nothing here",
				       name);
		buf_printf(sql,
			   "SELECT * FROM %s WHERE account = $1"
			   " OR substr(account, 1, length($1) + 1) = $1 || '/'",
			   name);
		return true;
	}
	return fail_unknown(name, err);
}

static bool put_query(const struct cli *cli, const char *name, struct buf *sql, struct err *err)
{
	const struct model_entity *entity = entity_of_table(name);
	struct account *accounts = NULL;
	size_t count = 0;

	if (!accounts_find(cli, parsed_text(&cli->parsed, "account"), &accounts, &count, err))
		return false;
	account_list_fini(accounts, count);
	return (entity ? put_table(cli, entity, sql) : put_view(cli, name, sql, err)) &&
	       buf_ok(sql, err);
}

static bool print(const struct cli *cli, const char *sql, int fd, size_t *count, struct err *err)
{
	const char *format = parsed_text(&cli->parsed, "format");
	const char *account = parsed_text(&cli->parsed, "account");
	struct rows_result result;
	struct rows_options options = {
		.has_model = true,
		.output = {
			.format = format && str_eq(format, "ndjson") ? OUTPUT_NDJSON : OUTPUT_CSV,
			.fd = fd,
			.is_terminal = isatty(fd),
		},
	};

	if (!rows_print(cli->host.store, sql, &account, account ? 1 : 0, &options, &result, err))
		return false;
	*count = result.count;
	return true;
}

/* What is no file cannot be exchanged for one: a pipe, a terminal, /dev/stdout. */
static bool is_special(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

static bool print_to_special(const struct cli *cli, const char *sql, const char *path,
			     size_t *count, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	bool done;

	if (fd < 0)
		return err_set_errno(err, ERR_USAGE, errno, "cannot write %s", path);
	done = print(cli, sql, fd, count, err);
	close(fd);
	return done;
}

/* A new file: what lies there under this name, a link above all, is not written to. */
static int open_draft(const char *draft)
{
	unlink(draft);
	return open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

/* The file appears whole or not at all: written beside its place, then renamed. */
static bool print_whole(const struct cli *cli, const char *sql, const char *path, size_t *count,
			struct err *err)
{
	char *draft = NULL;
	int fd;
	bool done;

	if (asprintf(&draft, "%s.part", path) < 0)
		return err_oom(err);
	fd = open_draft(draft);
	if (fd < 0) {
		err_set_errno(err, ERR_USAGE, errno, "cannot write %s", draft);
		free(draft);
		return false;
	}
	done = print(cli, sql, fd, count, err) || err_context(err, "%s", path);
	if (done && (fsync(fd) != 0 && errno != EINVAL))
		done = file_fail_write(path, errno, err);
	close(fd);
	if (done && rename(draft, path) != 0)
		done = err_set_errno(err, ERR_STORE, errno, "cannot write %s", path);
	if (!done)
		unlink(draft);
	free(draft);
	return done;
}

/* Where a symbolic link leads, not in its place. */
static bool print_to_file(const struct cli *cli, const char *sql, const char *path, size_t *count,
			  struct err *err)
{
	char *target;
	bool done;

	if (is_special(path))
		return print_to_special(cli, sql, path, count, err);
	target = realpath(path, NULL);
	done = print_whole(cli, sql, target ? target : path, count, err);
	free(target);
	return done;
}

/* Where the rows went to stdout, no object follows them. */
static bool tell(const struct cli *cli, const char *name, const char *file, size_t count,
		 struct err *err)
{
	if (file)
		return cli_done(cli,
				json_pack("{s:s, s:s, s:I}", "export", name, "file", file, "rows",
					  (json_int_t)count),
				err, "%zu %s", count, name);
	cli_note(cli, "%zu %s", count, name);
	return true;
}

bool verb_export(struct cli *cli, struct err *err)
{
	const char *name = parsed_arg(&cli->parsed, 0);
	const char *path = parsed_text(&cli->parsed, "output");
	struct buf sql = BUF_INIT;
	size_t count = 0;
	bool to_file = path && !str_eq(path, "-");
	bool done = put_query(cli, name, &sql, err);

	if (done && to_file)
		done = print_to_file(cli, buf_text(&sql), path, &count, err);
	else if (done)
		done = print(cli, buf_text(&sql), STDOUT_FILENO, &count, err);
	buf_fini(&sql);
	return done && tell(cli, name, to_file ? path : NULL, count, err);
}
