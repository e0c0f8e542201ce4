/*
 * The command line: `muster VERB ...`. Data goes to stdout, everything else to stderr.
 *
 * A verb gets a struct cli: what was typed, what stands at the other end, and the host with as much
 * opened as the table of verbs says. It owns nothing of it.
 */
#ifndef MUSTER_CLI_CLI_H
#define MUSTER_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "cli/output.h"
#include "cli/parse.h"
#include "cli/project.h"
#include "cli/terminal.h"
#include "connector/host.h"

struct cli {
	struct parsed parsed;
	struct terminal terminal;
	bool is_json;
	bool is_quiet;
	bool no_input;
	bool says_yes;
	struct project project;
	struct host host;
	int exit_code; /* of an outcome that is no error: cli_outcome() */
};

/* Runs one command line; returns the exit code. */
int cli_main(int argc, char **argv);

/* The exit code of a run that went well but not fully; of several the most serious one stays. */
void cli_outcome(struct cli *cli, int exit_code);

/* A line for the person, on stderr, unless --quiet. Escapes what must not reach a terminal. */
void cli_note(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Like cli_note, also under --quiet. */
void cli_warn(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How rows go to stdout: as JSON with --json, as a table otherwise. */
struct output_options cli_output_options(const struct cli *cli);

/* An output with these options. */
struct output *cli_output(const struct cli *cli, const struct output_column *columns, size_t count,
			  struct err *err);

/* output_end, then output_free; `nothing` is noted when there was no row (NULL = not). */
bool cli_output_end(const struct cli *cli, struct output *output, const char *nothing,
		    struct err *err);

/*
 * One object on stdout: JSON with --json, else its members as lines "key  value", lists of objects
 * as tables below. Takes `object` over; NULL is an allocation that failed.
 */
bool cli_object(const struct cli *cli, json_t *object, struct err *err);

/*
 * What a verb that changes something ends with: `object`, what is now, on stdout with --json, else
 * the note. Takes `object` over, as cli_object does.
 */
bool cli_done(const struct cli *cli, json_t *object, struct err *err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * A list of objects as a table on stdout: the members that `columns` (NULL-terminated) names, the
 * first `limit` objects (0 = all).
 */
bool cli_table(const struct cli *cli, const json_t *list, const char *const *columns, size_t limit,
	       struct err *err);

/*
 * A document as text (flags are jansson's), malloc'd; NULL = out of memory. For a terminal
 * everything outside ASCII is escaped if any of it must not reach one.
 */
char *cli_json_text(const json_t *json, size_t flags, bool is_terminal);

/* A line of a verb's result for a person, on stdout; escaped. */
bool cli_say(const struct cli *cli, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Text as it is on stdout. */
bool cli_print(const struct cli *cli, const char *text, size_t len, struct err *err);

#endif
