/* The encodings in which a secret may turn up. Shared by the files of redact only. */
#ifndef MUSTER_BASE_REDACT_FORMS_H
#define MUSTER_BASE_REDACT_FORMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { REDACT_FORM_COUNT = 21, REDACT_FORM_GROWTH = 7 };

/*
 * Appends the secret in form `form` (0 .. REDACT_FORM_COUNT - 1), at most REDACT_FORM_GROWTH bytes
 * for each of its own. Several forms of one secret may be equal.
 */
void redact_put_form(struct buf *out, int form, const uint8_t *secret, size_t len);

#endif
