/*
 * One error value from bottom to top: plain data, no ownership, copied freely.
 *
 * A function that can fail takes `struct err *err` last and returns false (or NULL) after filling
 * it. `err` may never be NULL. On success it is left untouched. A message says what was wrong,
 * where and the way out; it gains context on its way up (err_context) and never holds a secret.
 */
#ifndef MUSTER_BASE_ERR_H
#define MUSTER_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The closed set. Up to ERR_BUG the kinds are those that scripts see (design: connector contract);
 * the rest exist in the host only. err_kind_info() says what each one leads to.
 */
enum err_kind {
	ERR_NONE,
	ERR_NET, /* could not connect, connection broken, TLS refused */
	ERR_TIMEOUT,
	ERR_THROTTLED,	/* the vendor asked us to slow down */
	ERR_AUTH,	/* credentials refused */
	ERR_FORBIDDEN,	/* credentials fine, permission missing */
	ERR_UNLICENSED, /* the vendor's plan lacks the feature */
	ERR_REFUSED,	/* the host refused a request: not declared, address not allowed */
	ERR_REMOTE,	/* the vendor answered with a failure */
	ERR_DATA,	/* the vendor's answer is not what it has to be */
	ERR_STORE,	/* database or disk */
	ERR_CANCELLED,
	ERR_OVER_LIMIT, /* a limit of ours: memory, CPU, size */
	ERR_BUSY,	/* somebody else holds the lease */
	ERR_BUG,	/* a script, or we, did something that must not happen */
	ERR_USAGE,	/* the command line */
	ERR_CONFIG,	/* connector, overlay, setting or file of the project */
	ERR_MISSING,	/* no such account, session, connector ... */
	ERR_SEALED,	/* the vault has no key */
	ERR_KIND_COUNT
};

struct err_kind_info {
	const char *name; /* as scripts and JSON see it: "throttled" */
	int exit_code;	  /* of the command line */
	bool retryable;	  /* worth another attempt by itself, later */
	const char *hint; /* what the person is told to do next; may be "" */
};

enum { ERR_MESSAGE_MAX = 1024, ERR_HINT_MAX = 256 };

struct err {
	enum err_kind kind;
	int status;		/* HTTP status, 0 = none */
	int64_t retry_after_ms; /* -1 = not said */
	bool stop;		/* a connector declared: no further request after this */
	char message[ERR_MESSAGE_MAX];
	char hint[ERR_HINT_MAX]; /* more specific than the kind's; "" = none */
};

/* Starts from nothing: { .kind = ERR_NONE, .retry_after_ms = -1 }. */
#define ERR_INIT ((struct err){ .kind = ERR_NONE, .retry_after_ms = -1 })

/* Fills err. Always returns false, so that `return err_set(...)` reads well. */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* err_set with the text of an errno appended: "cannot open x: Permission denied". */
bool err_set_errno(struct err *err, enum err_kind kind, int errnum, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Out of memory. Returns false. */
bool err_oom(struct err *err);

/* Puts "context: " before the message. Returns false. */
bool err_context(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets the way out. Returns false. */
bool err_hint(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

const struct err_kind_info *err_kind_info(enum err_kind kind);

/* The kind's own hint where err carries none. */
const char *err_way_out(const struct err *err);

/* "throttled" -> ERR_THROTTLED; ERR_NONE for a name that is none of the script-visible kinds. */
enum err_kind err_kind_by_name(const char *name);

#endif
