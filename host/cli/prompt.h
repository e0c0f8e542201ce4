/*
 * Questions to a person, on stderr, answered on stdin. Never asked when one of the two is no
 * terminal, or under --no-input: then ERR_USAGE says how to give the answer instead.
 */
#ifndef MUSTER_CLI_PROMPT_H
#define MUSTER_CLI_PROMPT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

struct cli;

/* A line of text without the spaces around it; `fallback` (may be NULL) is taken for an empty one.
   `instead` says what to give on the command line. *answer malloc'd. */
bool prompt_text(const struct cli *cli, const char *question, const char *fallback,
		 const char *instead, char **answer, struct err *err);

/* Typed without echo. Ctrl-C is ERR_CANCELLED and leaves the terminal as it was. */
bool prompt_secret(const struct cli *cli, const char *question, const char *instead,
		   struct secret *answer, struct err *err);

/*
 * The same while other things go on: `begin` asks and switches the echo off, `read` takes what is
 * there when stdin is readable, `end` leaves the terminal as it was. The caller looks after signals
 * meanwhile; Ctrl-C comes as a key.
 */
struct prompt_typing;
struct prompt_typing *prompt_typing_begin(const struct cli *cli, const char *question,
					  const char *instead, struct err *err);
/* *is_done: Enter was typed, and *answer is the line. ERR_CANCELLED as above. */
bool prompt_typing_read(struct prompt_typing *typing, struct secret *answer, bool *is_done,
			struct err *err);
/* NULL is fine. */
void prompt_typing_end(struct prompt_typing *typing);

/*
 * A confirmation before harm; `what` is the whole of what will be lost or done, in sentences.
 * --yes answers it. ERR_CANCELLED when the person says no.
 */
bool prompt_confirm(const struct cli *cli, const char *what, const char *question, struct err *err);

#endif
