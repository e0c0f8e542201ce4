/*
 * JSON documents, built member by member. As with a buf, nothing reports on the way: the first
 * member that cannot be made or added releases the whole document and makes it NULL, what is put
 * into NULL is released, and one look at the end is enough.
 *
 *	json_t *object = json_object();
 *
 *	json_put_text(&object, "name", name);
 *	json_put(&object, "streams", streams_json(streams));
 *	return object;
 *
 * NULL is an allocation that failed, or a text that is no UTF-8.
 */
#ifndef MUSTER_BASE_JSON_H
#define MUSTER_BASE_JSON_H

#include <jansson.h>

/*
 * From now on jansson wipes all that it gives back: what servers answer with tokens passes through
 * its texts, and through buffers that nobody else sees. Before it is used for the first time.
 */
void json_wipe_freed(void);

/* Takes `value` over. */
void json_put(json_t **object, const char *key, json_t *value);
/* NULL = null. */
void json_put_text(json_t **object, const char *key, const char *text);
/* Takes `value` over. */
void json_add(json_t **list, json_t *value);

#endif
