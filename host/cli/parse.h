/*
 * The command line as parsed against the table of verbs: getopt_long underneath, so that flags may
 * be abbreviated and may stand anywhere, and `--` ends them.
 */
#ifndef MUSTER_CLI_PARSE_H
#define MUSTER_CLI_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/verb.h"

struct parsed_flag {
	const struct cli_flag *flag;
	const char *text; /* NULL for a switch; of a pair: the whole ID=VALUE */
};

/* Texts point into argv. */
struct parsed {
	const struct cli_verb *verb; /* NULL = none was given */
	const char *name;	     /* the verb's word, also when it is unknown; NULL = none */
	bool has_sub;		     /* the verb's second word was given, not taken for granted */
	struct parsed_flag *flags;   /* global ones and the verb's, in the order given */
	size_t flag_count;
	char **args; /* what is no flag */
	size_t arg_count;
};

/*
 * Fills out; parsed_fini releases it, also after a failure, when it holds what was understood so
 * far (so that --json is known to whoever prints the error). ERR_USAGE names the word and the
 * nearest known one. argv is reordered.
 */
bool parse_command_line(int argc, char **argv, struct parsed *out, struct err *err);
void parsed_fini(struct parsed *parsed);

/* Was the flag given? */
bool parsed_has(const struct parsed *parsed, const char *flag);
/* How often? */
size_t parsed_times(const struct parsed *parsed, const char *flag);
/* Its text; NULL if it was not given. */
const char *parsed_text(const struct parsed *parsed, const char *flag);
/* Its number; `fallback` if it was not given. */
int64_t parsed_number(const struct parsed *parsed, const char *flag, int64_t fallback);
/* The texts of a flag that repeats, one after the other: start with *at = 0. NULL at the end. */
const char *parsed_next(const struct parsed *parsed, const char *flag, size_t *at);

/* Argument i; NULL beyond the last. */
const char *parsed_arg(const struct parsed *parsed, size_t i);

#endif
