/* What stands at the other end of our descriptors. */
#include "cli/terminal.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"

static bool env_is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

static bool env_is_on(const char *name)
{
	return env_is_set(name) && !str_eq(getenv(name), "0");
}

static bool is_dumb(void)
{
	return !env_is_set("TERM") || str_eq(getenv("TERM"), "dumb");
}

static bool wants_colour(enum terminal_colour colour, bool is_terminal)
{
	if (colour != TERMINAL_AUTO)
		return colour == TERMINAL_ALWAYS;
	if (env_is_set("NO_COLOR"))
		return false;
	return env_is_on("CLICOLOR_FORCE") || (is_terminal && !is_dumb());
}

static size_t width_of(int fd, bool is_terminal)
{
	struct winsize size;
	int64_t columns;

	if (!is_terminal)
		return 0;
	if (env_is_set("COLUMNS") && str_to_int64(getenv("COLUMNS"), &columns) && columns > 0)
		return (size_t)columns;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void terminal_init(struct terminal *terminal, enum terminal_colour colour)
{
	*terminal = (struct terminal){
		.is_out = isatty(STDOUT_FILENO),
		.is_err = isatty(STDERR_FILENO),
	};
	terminal->can_ask = terminal->is_err && isatty(STDIN_FILENO);
	terminal->can_redraw = terminal->is_err && !is_dumb() && !env_is_on("CI");
	terminal->colour_out = wants_colour(colour, terminal->is_out);
	terminal->colour_err = wants_colour(colour, terminal->is_err);
	terminal->out_width = width_of(STDOUT_FILENO, terminal->is_out);
	terminal->err_width = width_of(STDERR_FILENO, terminal->is_err);
}

const char *terminal_style(bool is_on, enum terminal_style style)
{
	static const char *const sequences[] = {
		[TERMINAL_PLAIN] = "\x1b[0m",  [TERMINAL_BOLD] = "\x1b[1m",
		[TERMINAL_DIM] = "\x1b[2m",    [TERMINAL_RED] = "\x1b[31m",
		[TERMINAL_GREEN] = "\x1b[32m", [TERMINAL_YELLOW] = "\x1b[33m",
	};

	return is_on ? sequences[style] : "";
}

bool terminal_write(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}
