/*
 * The log sink: stderr, text on a terminal, JSON lines otherwise; control bytes escaped; every line
 * passes the redactor (base/redact) before it leaves.
 */
#ifndef MUSTER_BASE_LOG_H
#define MUSTER_BASE_LOG_H

#include "base/redact.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log;

/* "error", "warn", "info" or "debug"; `otherwise` for NULL and any other text. */
enum log_level log_level_named(const char *name, enum log_level otherwise);

/* `redact` is borrowed and must outlive the log; may be NULL. Writes to `fd`, which stays the
 * caller's. */
struct log *log_new(int fd, enum log_level level, const struct redact *redact);
void log_free(struct log *log);

/*
 * What is drawn on the same terminal: `hide` takes it off before each line, `show` puts it back.
 * Neither may log. Then log_write is for the drawer's thread alone. NULL for both = nothing is
 * drawn.
 */
void log_set_drawing(struct log *log, void (*hide)(void *arg), void (*show)(void *arg), void *arg);

/* Does nothing when log is NULL or the level is not wanted. */
void log_write(struct log *log, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
