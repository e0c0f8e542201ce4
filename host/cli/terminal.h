/*
 * What stands at the other end of our three descriptors, and what may be sent there. NO_COLOR,
 * CLICOLOR_FORCE, TERM=dumb and CI are honoured (no-color.org, bixense.com/clicolors).
 */
#ifndef MUSTER_CLI_TERMINAL_H
#define MUSTER_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

enum terminal_colour { TERMINAL_AUTO, TERMINAL_ALWAYS, TERMINAL_NEVER };

struct terminal {
	bool is_out;	 /* stdout is one */
	bool is_err;	 /* stderr is one */
	bool can_ask;	 /* a person can be asked: stdin and stderr are terminals */
	bool can_redraw; /* stderr takes cursor movements */
	bool colour_out, colour_err;
	size_t out_width; /* columns; 0 = not bounded */
	size_t err_width;
};

void terminal_init(struct terminal *terminal, enum terminal_colour colour);

/* A sequence to switch on a colour or an attribute, "" where colours are off. */
enum terminal_style {
	TERMINAL_PLAIN,
	TERMINAL_BOLD,
	TERMINAL_DIM,
	TERMINAL_RED,
	TERMINAL_GREEN,
	TERMINAL_YELLOW
};
const char *terminal_style(bool is_on, enum terminal_style style);

/* Writes everything; false and errno otherwise. */
bool terminal_write(int fd, const void *data, size_t len);

#endif
