/* muster vendors list and check: which connectors there are, and whether they can be used. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/remote.h"
#include "cli/verbs.h"

void verb_vendors_hint(const struct cli *cli)
{
	if (!cli->host.project_dir)
		cli_note(cli,
			 "There is no project here: these are the vendors delivered with muster."
			 "\n  hint: a project (\"muster init\") adds connectors of its own, "
			 "mappings and accounts");
}

/* --- list --- */

static size_t accounts_of(const struct account *accounts, size_t count, const char *vendor)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += str_eq(accounts[i].vendor, vendor);
	return n;
}

static void put_streams(const struct value *declaration, struct buf *out)
{
	const struct value *streams = value_get(declaration, "streams");

	for (size_t i = 0; i < value_count(streams); i++)
		buf_printf(out, "%s%s", i ? ", " : "",
			   value_text(value_at(streams, i), "name", "?"));
}

/* A connector that cannot be loaded is listed with what is wrong. */
static bool put_row(struct cli *cli, struct output *output, const char *id, size_t accounts,
		    struct err *err)
{
	struct err failure = ERR_INIT;
	struct connector *connector = remote_load(cli, id, NULL, &failure);
	const struct value *declaration = connector ? connector_declaration(connector) : NULL;
	struct buf streams = BUF_INIT;
	bool done;

	put_streams(declaration, &streams);
	if (!connector)
		buf_printf(&streams, "cannot be used: %s", failure.message);
	{
		struct query_value values[] = {
			output_text(id),
			output_text(value_text(declaration, "name", NULL)),
			output_text(value_text(declaration, "version", NULL)),
			output_int((int64_t)accounts),
			output_text(buf_text(&streams)),
			output_text(connector ? connector_file(connector) : NULL),
			output_int(connector && connector_is_shadowing(connector)),
		};

		done = buf_ok(&streams, err) && output_row(output, values, err);
	}
	buf_fini(&streams);
	connector_free(connector);
	return done;
}

static bool put_rows(struct cli *cli, struct output *output, char *const *ids, size_t count,
		     struct err *err)
{
	struct account *accounts = NULL;
	size_t account_count = 0;
	bool done = !cli->host.store || accounts_find(cli, NULL, &accounts, &account_count, err);

	for (size_t i = 0; done && i < count; i++)
		done = put_row(cli, output, ids[i], accounts_of(accounts, account_count, ids[i]),
			       err);
	account_list_fini(accounts, account_count);
	return done;
}

bool verb_vendors_list(struct cli *cli, struct err *err)
{
	static const struct output_column columns[] = {
		{ .name = "vendor" },
		{ .name = "name" },
		{ .name = "version" },
		{ .name = "accounts" },
		{ .name = "streams" },
		{ .name = "file", .is_hidden = true },
		{ .name = "is_shadowing", .kind = OUTPUT_BOOL, .is_hidden = true },
	};
	char **ids = NULL;
	size_t count = 0;
	struct output *output;
	bool done;

	if (!connector_list(&cli->host, &ids, &count, err))
		return false;
	output = cli_output(cli, columns, sizeof(columns) / sizeof(columns[0]), err);
	done = output && put_rows(cli, output, ids, count, err);
	file_free_names(ids, count);
	if (!done) {
		output_free(output);
		return false;
	}
	done = cli_output_end(cli, output, "There are no connectors.", err);
	if (done)
		verb_vendors_hint(cli);
	return done;
}

/* --- check --- */

/* Loads one connector with one account's overlay (NULL = none of an account). */
static bool check_one(struct cli *cli, json_t *results, const char *vendor, const char *name,
		      struct err *err)
{
	struct err failure = ERR_INIT;
	struct connector *connector = remote_load(cli, vendor, name, &failure);
	json_t *error = connector ? json_null() : errors_object(cli, &failure, 0);
	bool done = true;

	if (json_array_append_new(results,
				  json_pack("{s:s, s:s?, s:b, s:o}", "vendor", vendor, "account",
					    name, "ok", connector != NULL, "error", error)) != 0)
		done = err_oom(err);
	if (done && !cli->is_json && connector)
		done = cli_say(cli, err, "%s%s%s: ok", vendor, name ? "@" : "", name ? name : "");
	if (!connector)
		cli_outcome(cli, cli->is_json ? err_kind_info(failure.kind)->exit_code
					      : errors_report(cli, &failure));
	connector_free(connector);
	return done;
}

/* The overlays of single accounts: mappings/VENDOR@NAME.lua. */
static bool check_overlays(struct cli *cli, json_t *results, const char *vendor, struct err *err)
{
	char *dir = cli->project.dir ? project_path(cli->project.dir, "mappings", err) : NULL;
	char **files = NULL;
	size_t count = 0, len = strlen(vendor);
	struct err missing = ERR_INIT;
	bool done = dir || !cli->project.dir;

	if (dir && !file_list(dir, ".lua", &files, &count, &missing))
		count = 0;
	for (size_t i = 0; done && i < count; i++) {
		char *name;

		if (strncmp(files[i], vendor, len) != 0 || files[i][len] != '@')
			continue;
		name = str_dup_len(files[i] + len + 1, strlen(files[i]) - len - 1 - strlen(".lua"));
		done = name ? check_one(cli, results, vendor, name, err) : err_oom(err);
		free(name);
	}
	file_free_names(files, count);
	free(dir);
	return done;
}

static bool check_vendor(struct cli *cli, json_t *results, const char *vendor, struct err *err)
{
	return check_one(cli, results, vendor, NULL, err) &&
	       check_overlays(cli, results, vendor, err);
}

static bool check_all(struct cli *cli, json_t *results, struct err *err)
{
	char **ids = NULL;
	size_t count = 0;
	bool done = connector_list(&cli->host, &ids, &count, err);

	for (size_t i = 0; done && i < count; i++)
		done = check_vendor(cli, results, ids[i], err);
	file_free_names(ids, count);
	return done;
}

bool verb_vendors_check(struct cli *cli, struct err *err)
{
	json_t *results = json_array();
	bool done = true;

	for (size_t i = 0; done && i < cli->parsed.arg_count; i++)
		done = check_vendor(cli, results, cli->parsed.args[i], err);
	if (cli->parsed.arg_count == 0)
		done = check_all(cli, results, err);
	if (done && cli->is_json)
		done = cli_object(cli, json_incref(results), err);
	json_decref(results);
	if (done)
		verb_vendors_hint(cli);
	return done;
}
