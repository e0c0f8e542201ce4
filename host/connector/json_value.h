/* Wire values and JSON, both ways. JSON is what the store keeps; wire values are what sandboxes
 * speak. */
#ifndef MUSTER_CONNECTOR_JSON_VALUE_H
#define MUSTER_CONNECTOR_JSON_VALUE_H

#include <jansson.h>

#include "base/buf.h"
#include "wire/value.h"

/* A new reference; NULL when memory ran out or a text is no UTF-8. */
json_t *json_from_value(const struct value *value);

/* Appends the encoding of a JSON value. NULL is one that memory was short for: `out` has failed. */
void value_put_json(struct buf *out, const json_t *json);

/* A text from elsewhere (a vendor, a message that was cut): bytes that are no UTF-8 become U+FFFD.
 */
json_t *json_any_text(const char *text);

/* Compact, keys sorted, malloc'd; takes the reference. NULL when memory ran out. */
char *json_text_take(json_t *json);

#endif
