/*
 * Help made from the table of verbs: for a terminal, as a man page (roff), and as the shells'
 * completions. All of it appends to a buffer; nothing here knows a verb by name.
 */
#ifndef MUSTER_CLI_HELP_H
#define MUSTER_CLI_HELP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct cli;

/* To stdout. ERR_USAGE for a verb or sub that does not exist, with the nearest. sub may be NULL. */
bool help_print_overview(const struct cli *cli, struct err *err);
bool help_print_verb(const struct cli *cli, const char *name, const char *sub, struct err *err);

/* muster(1). */
void help_man(struct buf *out);

/* "bash", "zsh" or "fish"; false for another shell. */
bool help_completion(const char *shell, struct buf *out);

/* The line "muster accounts set ACCOUNT [--label TEXT] ..." without the flags. */
struct cli_verb;
void help_usage(const struct cli_verb *verb, struct buf *out);

/* "-C, --project DIR" */
struct cli_flag;
void help_flag(const struct cli_flag *flag, struct buf *out);

/* What it means, what it may be, whether it may be repeated; without a full stop. */
void help_flag_meaning(const struct cli_flag *flag, struct buf *out);

#endif
