/* JSON text of a column, read. */
#include "store/json_in.h"

json_t *json_in(const char *text, size_t len, const char *what, struct err *err)
{
	json_error_t error = { .line = -1 };
	json_t *json = text != NULL ? json_loadb(text, len, 0, &error) : NULL;

	if (json != NULL)
		return json;
	/* A lack of memory jansson calls now this, now that: a wrong text among others. */
	if (text == NULL || json_error_code(&error) == json_error_unknown ||
	    json_error_code(&error) == json_error_out_of_memory)
		err_oom(err);
	else
		err_set(err, ERR_STORE, "%s: damaged, or memory ran out: %s", what, error.text);
	return NULL;
}
