/* One value of a row in its different dresses. */
#ifndef MUSTER_CLI_CELL_H
#define MUSTER_CLI_CELL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "cli/output.h"

/* For a table: unescaped; times to the minute, yes and no, lists joined by ", ". */
void cell_for_person(struct buf *out, const struct query_value *value, enum output_kind kind);

/* For JSON; NULL = out of memory. Blobs become hex. */
json_t *cell_for_json(const struct query_value *value, enum output_kind kind);

/*
 * One CSV field. Texts that begin with = + - @ TAB or CR get a ' first (OWASP, "CSV injection");
 * numbers do not. `is_terminal` escapes control bytes.
 */
void cell_for_csv(struct buf *out, const struct query_value *value, enum output_kind kind,
		  bool is_terminal);

/* The shortest digits that read back as the same number. */
void cell_put_real(struct buf *out, double value);

#endif
