/*
 * The log sink: stderr, text on a terminal, JSON lines otherwise; control bytes escaped; every line
 * passes the redactor (base/redact) before it leaves.
 */
#ifndef MUSTER_BASE_LOG_H
#define MUSTER_BASE_LOG_H

#include "base/redact.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log;

/* `redact` is borrowed and must outlive the log; may be NULL. Writes to `fd`, which stays the
 * caller's. */
struct log *log_new(int fd, enum log_level level, const struct redact *redact);
void log_free(struct log *log);

/* Does nothing when log is NULL or the level is not wanted. */
void log_write(struct log *log, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
