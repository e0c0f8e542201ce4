/* One error value from bottom to top. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const struct err_kind_info kinds[ERR_KIND_COUNT] = {
	[ERR_NONE] = { "none", 0, false, "" },
	[ERR_NET] = { "net", 5, true, "check the network and the address, then try again" },
	[ERR_TIMEOUT] = { "timeout", 5, true, "try again later" },
	[ERR_THROTTLED] = { "throttled", 5, true, "wait, then try again" },
	[ERR_AUTH] = { "auth", 4, false,
		       "renew the credential: muster accounts reconnect ACCOUNT" },
	[ERR_FORBIDDEN] = { "forbidden", 4, false,
			    "grant the permission at the vendor: muster vendors show VENDOR" },
	[ERR_UNLICENSED] = { "unlicensed", 4, false, "the vendor's plan does not include this" },
	[ERR_REFUSED] = { "refused", 6, false, "declare the call and its host in the connector" },
	[ERR_REMOTE] = { "remote", 5, true, "try again later; the fault is at the vendor" },
	[ERR_DATA] = { "data", 1, false, "look at the session: muster sessions show ID" },
	[ERR_STORE] = { "store", 1, false, "check the disk and the project folder's permissions" },
	[ERR_CANCELLED] = { "cancelled", 130, false, "" },
	[ERR_OVER_LIMIT] = { "over_limit", 1, false, "" },
	[ERR_BUSY] = { "busy", 8, true, "wait until the other session has ended" },
	[ERR_BUG] = { "bug", 6, false, "mend the script, or report the fault" },
	[ERR_USAGE] = { "usage", 2, false, "muster help" },
	[ERR_CONFIG] = { "config", 6, false, "" },
	[ERR_MISSING] = { "missing", 7, false, "" },
	[ERR_SEALED] = { "sealed", 4, false, "muster vault status" },
};

static void fill(struct err *err, enum err_kind kind, const char *format, va_list args)
{
	*err = ERR_INIT;
	err->kind = kind;
	vsnprintf(err->message, sizeof(err->message), format, args);
}

bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(err, kind, format, args);
	va_end(args);
	return false;
}

bool err_set_errno(struct err *err, enum err_kind kind, int errnum, const char *format, ...)
{
	va_list args;
	size_t len;

	va_start(args, format);
	fill(err, kind, format, args);
	va_end(args);
	len = strlen(err->message);
	snprintf(err->message + len, sizeof(err->message) - len, ": %s", strerror(errnum));
	return false;
}

bool err_oom(struct err *err)
{
	*err = ERR_INIT;
	err->kind = ERR_OVER_LIMIT;
	strcpy(err->message, "out of memory");
	return false;
}

bool err_context(struct err *err, const char *format, ...)
{
	char old[ERR_MESSAGE_MAX];
	va_list args;
	int len;

	memcpy(old, err->message, sizeof(old));
	va_start(args, format);
	len = vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	if (len >= 0 && (size_t)len < sizeof(err->message)) {
		size_t room = sizeof(err->message) - (size_t)len;

		snprintf(err->message + len, room, ": %s", old);
	}
	return false;
}

bool err_hint(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->hint, sizeof(err->hint), format, args);
	va_end(args);
	return false;
}

const struct err_kind_info *err_kind_info(enum err_kind kind)
{
	if ((unsigned)kind >= ERR_KIND_COUNT)
		kind = ERR_BUG;
	return &kinds[kind];
}

const char *err_way_out(const struct err *err)
{
	return err->hint[0] != '\0' ? err->hint : err_kind_info(err->kind)->hint;
}

enum err_kind err_kind_by_name(const char *name)
{
	for (int i = ERR_NET; i <= ERR_BUG; i++) {
		if (str_eq(kinds[i].name, name))
			return (enum err_kind)i;
	}
	return ERR_NONE;
}
