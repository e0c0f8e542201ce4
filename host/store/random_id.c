/* Ids that are drawn, not counted. */
#include "store/random_id.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/str.h"

static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";

bool random_id(char out[RANDOM_ID_SIZE], struct err *err)
{
	uint8_t bytes[RANDOM_ID_SIZE - 1];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_set_errno(err, ERR_STORE, errno, "no random bytes from the kernel");
	for (int i = 0; i < RANDOM_ID_SIZE - 1; i++)
		out[i] = alphabet[bytes[i] % 32];
	out[RANDOM_ID_SIZE - 1] = '\0';
	return true;
}

bool random_id_fits(const char *text, size_t len)
{
	return len == RANDOM_ID_SIZE - 1 && strspn(text, alphabet) >= len;
}

bool random_id_fill(char **id, struct err *err)
{
	char drawn[RANDOM_ID_SIZE];

	if (*id != NULL)
		return true;
	if (!random_id(drawn, err))
		return false;
	*id = str_dup(drawn);
	return *id != NULL || err_oom(err);
}
