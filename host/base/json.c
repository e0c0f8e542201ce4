/* JSON documents, built member by member. */
#include "base/json.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/secret.h"

static void free_wiped(void *data)
{
	if (data != NULL)
		secret_wipe(data, malloc_usable_size(data));
	free(data);
}

void json_wipe_freed(void)
{
	json_set_alloc_funcs(malloc, free_wiped);
}

/* jansson has released the value where it could not take it. */
static void keep_if(json_t **document, int failed)
{
	if (failed == 0)
		return;
	json_decref(*document);
	*document = NULL;
}

void json_put(json_t **object, const char *key, json_t *value)
{
	keep_if(object, json_object_set_new(*object, key, value));
}

void json_put_text(json_t **object, const char *key, const char *text)
{
	json_put(object, key, text != NULL ? json_string(text) : json_null());
}

void json_add(json_t **list, json_t *value)
{
	keep_if(list, json_array_append_new(*list, value));
}
