/*
 * What a verb of the command line is. One table (verbs.c) says everything: parsing, `muster help`,
 * the man page and the shells' completions are made from it.
 */
#ifndef MUSTER_CLI_VERB_H
#define MUSTER_CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct cli;

enum cli_flag_type {
	CLI_SWITCH,
	CLI_TEXT,
	CLI_NUMBER, /* not negative */
	CLI_CHOICE, /* one of `one_of` */
	CLI_PAIR,   /* ID=VALUE */
};

struct cli_flag {
	const char *name; /* "dry-run"; NULL ends a list of flags */
	char letter;	  /* 0 = none */
	enum cli_flag_type type;
	const char *value; /* what stands for the value in the help: "DIR"; NULL for a switch */
	const char *help;  /* half a sentence, lower case, no full stop */
	const char *const *one_of; /* CLI_CHOICE: NULL-terminated */
	bool repeats;		   /* may be given several times */
};

/* What has to be open before a verb runs; the last three each include the one before. */
enum cli_need {
	CLI_NEEDS_NOTHING,
	CLI_NEEDS_PLACES,  /* the loop, the scripts and the project's paths, if there is a project;
			      nothing of it is opened: host.project_dir may be NULL */
	CLI_NEEDS_SCRIPTS, /* all of CLI_NEEDS_HOST in a project, the loop and the scripts outside
			      of one: then host.store and host.project_dir are NULL */
	CLI_NEEDS_PROJECT,
	CLI_NEEDS_STORE,
	CLI_NEEDS_HOST, /* the loop and the scripts: whatever a connector needs to run */
};

struct cli_verb {
	const char *name; /* "accounts" */
	const char *sub; /* "list"; NULL if the verb has none. The first of a name is the default */
	const char *args;	/* as the help shows them: "VENDOR", "[ACCOUNT...]"; NULL = none */
	int args_min, args_max; /* args_max -1 = any number */
	const char *summary;	/* half a sentence, lower case, no full stop */
	const char *help;	/* whole sentences; NULL = the summary says it all */
	const char *examples;	/* one a line; NULL = none */
	const struct cli_flag *flags; /* ends with a NULL name; NULL = none */
	enum cli_need needs;
	/* false and err on failure; an outcome that is no error goes to cli_outcome(). */
	bool (*run)(struct cli *cli, struct err *err);
};

/* All verbs, in the order the help shows them; subs of a verb stand together. */
const struct cli_verb *cli_verbs(size_t *count);

/* The flags every verb takes; ends with a NULL name. */
const struct cli_flag *cli_global_flags(void);

/* By name and sub; sub NULL = the verb's first entry. NULL if there is none. */
const struct cli_verb *cli_verb_find(const char *name, const char *sub);

/* "accounts list" into out. Returns out. */
const char *cli_verb_title(const struct cli_verb *verb, char *out, size_t size);

#endif
