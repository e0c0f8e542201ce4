/* Progress on stderr. */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/text.h"

enum { REDRAW_MS = 100, ACCOUNT_MAX = 160, LINE_MAX_BYTES = 512 };

struct line {
	char account[ACCOUNT_MAX]; /* "" = free */
	char text[LINE_MAX_BYTES];
};

struct progress {
	struct cli *cli;
	bool is_on;   /* anything is shown at all */
	bool is_live; /* redrawn in place */
	struct line lines[PROGRESS_LINES_MAX];
	size_t drawn; /* lines on the screen; the cursor stands at the end of the last one */
	int64_t drawn_at_ms;
	struct loop_timer *later; /* draws what came too soon after the last drawing */
	struct loop_timer *plain; /* prints the next plain lines */
	int64_t plain_ms;
};

/* --- drawing --- */

/* Back to the start of the first drawn line, everything from there on cleared. */
static void put_clear(const struct progress *progress, struct buf *out)
{
	if (progress->drawn > 1)
		buf_printf(out, "\x1b[%zuA", progress->drawn - 1);
	if (progress->drawn > 0)
		buf_str(out, "\r\x1b[J");
}

static void take_off(struct progress *progress)
{
	struct buf out = BUF_INIT;

	put_clear(progress, &out);
	terminal_write(STDERR_FILENO, buf_text(&out), out.len);
	buf_fini(&out);
	progress->drawn = 0;
}

void progress_clear(struct progress *progress)
{
	loop_timer_close(progress->later);
	progress->later = NULL;
	take_off(progress);
	progress->drawn_at_ms = 0;
}

static void draw(struct progress *progress)
{
	size_t width = progress->cli->terminal.err_width;
	struct buf out = BUF_INIT;

	put_clear(progress, &out);
	progress->drawn = 0;
	for (size_t i = 0; i < PROGRESS_LINES_MAX; i++) {
		if (!progress->lines[i].account[0])
			continue;
		buf_str(&out, progress->drawn++ > 0 ? "\n" : "");
		text_fit(&out, progress->lines[i].text, strlen(progress->lines[i].text),
			 width > 1 ? width - 1 : 79, TEXT_FILL_NONE);
	}
	terminal_write(STDERR_FILENO, buf_text(&out), out.len);
	buf_fini(&out);
	progress->drawn_at_ms = clock_monotonic_ms();
}

static void draw_later(void *arg)
{
	struct progress *progress = arg;

	progress->later = NULL;
	draw(progress);
}

static void draw_soon(struct progress *progress)
{
	int64_t wait_ms = progress->drawn_at_ms + REDRAW_MS - clock_monotonic_ms();

	if (progress->later)
		return;
	if (wait_ms <= 0)
		draw(progress);
	else
		progress->later =
			loop_timer_start(progress->cli->host.loop, wait_ms, draw_later, progress);
}

/* --- beside the log --- */

static void hide(void *arg)
{
	take_off(arg);
}

/* Draws nothing while no account runs. */
static void show(void *arg)
{
	draw(arg);
}

/* --- plain lines --- */

static void print_plain(void *arg)
{
	struct progress *progress = arg;
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < PROGRESS_LINES_MAX; i++) {
		if (progress->lines[i].account[0])
			buf_printf(&out, "%s\n", progress->lines[i].text);
	}
	terminal_write(STDERR_FILENO, buf_text(&out), out.len);
	buf_fini(&out);
	progress->plain = loop_timer_start(progress->cli->host.loop, progress->plain_ms,
					   print_plain, progress);
}

/* --- lines --- */

static struct line *line_of(struct progress *progress, const char *account)
{
	struct line *free_line = NULL;

	for (size_t i = 0; i < PROGRESS_LINES_MAX; i++) {
		struct line *line = &progress->lines[i];

		if (str_eq(line->account, account))
			return line;
		if (!line->account[0] && !free_line)
			free_line = line;
	}
	if (free_line)
		snprintf(free_line->account, sizeof(free_line->account), "%s", account);
	return free_line;
}

/* "kandji/acme  devices  300 of 1200  900 rows  page 3" */
static void put_text(const struct sync_progress *now, struct buf *out)
{
	buf_printf(out, "%s  %s", now->account, now->stream ? now->stream : "starting");
	if (now->total >= 0 && now->done >= 0)
		buf_printf(out, "  %" PRId64 " of %" PRId64, now->done, now->total);
	buf_printf(out, "  %" PRId64 " rows", now->rows);
	if (now->label && now->label[0])
		buf_printf(out, "  %s", now->label);
}

void progress_update(struct progress *progress, const struct sync_progress *now)
{
	struct line *line = progress->is_on ? line_of(progress, now->account) : NULL;
	struct buf text = BUF_INIT, safe = BUF_INIT;

	if (!line)
		return;
	put_text(now, &text);
	text_escape(&safe, buf_text(&text), text.len);
	snprintf(line->text, sizeof(line->text), "%s", buf_text(&safe));
	buf_fini(&text);
	buf_fini(&safe);
	if (progress->is_live)
		draw_soon(progress);
}

void progress_end(struct progress *progress, const char *account)
{
	for (size_t i = 0; i < PROGRESS_LINES_MAX; i++) {
		if (str_eq(progress->lines[i].account, account))
			progress->lines[i].account[0] = '\0';
	}
	progress_clear(progress);
}

/* --- new and gone --- */

static bool begin(struct progress *progress, struct cli *cli, int64_t plain_ms)
{
	progress->cli = cli;
	progress->plain_ms = plain_ms;
	progress->is_on = !cli->is_quiet && !cli->is_json;
	progress->is_live = progress->is_on && cli->terminal.can_redraw;
	if (progress->is_live && cli->host.log)
		log_set_drawing(cli->host.log, hide, show, progress);
	if (!progress->is_on || progress->is_live)
		return true;
	progress->plain = loop_timer_start(cli->host.loop, plain_ms, print_plain, progress);
	return progress->plain != NULL;
}

struct progress *progress_new(struct cli *cli, int64_t plain_ms, struct err *err)
{
	struct progress *progress = calloc(1, sizeof(*progress));

	if (progress && begin(progress, cli, plain_ms))
		return progress;
	free(progress);
	err_oom(err);
	return NULL;
}

void progress_free(struct progress *progress)
{
	if (!progress)
		return;
	if (progress->is_live && progress->cli->host.log)
		log_set_drawing(progress->cli->host.log, NULL, NULL, NULL);
	loop_timer_close(progress->plain);
	progress_clear(progress);
	free(progress);
}
