/*
 * Secrets on their way in: typed at a prompt without echo, read from a file or from standard input.
 * There is no way through an argument or the environment, where other users of the machine could
 * see them.
 */
#ifndef MUSTER_CLI_SECRETS_H
#define MUSTER_CLI_SECRETS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

struct cli;

enum { SECRET_BYTES_MAX = 64 * 1024, SECRET_TRIES = 3 };

/* The bytes of a file without one newline at their end; warns of a file that others can read.
   ERR_USAGE if there are none. */
bool secret_read_file(const struct cli *cli, const char *path, struct secret *out, struct err *err);

/* The same of standard input, up to its end. */
bool secret_read_stdin(struct secret *out, struct err *err);

/* Typed; never empty. Asked SECRET_TRIES times. `instead` says what to give on the command line. */
bool secret_ask(const struct cli *cli, const char *question, const char *instead,
		struct secret *out, struct err *err);

/* Typed twice, the same both times; likewise. */
bool secret_ask_twice(const struct cli *cli, const char *question, const char *instead,
		      struct secret *out, struct err *err);

/*
 * One secret setting as the flags say: --secret-file ID=PATH, --secret-stdin ID, else asked for
 * under its label. The redactor of the host knows it from then on.
 */
bool secret_setting(const struct cli *cli, const char *id, const char *label, struct secret *out,
		    struct err *err);
/* Do the flags say where it is? */
bool secret_is_given(const struct cli *cli, const char *id);

#endif
