/* Ids that are drawn, not counted: accounts, credentials, keys, the installation. */
#ifndef MUSTER_STORE_RANDOM_ID_H
#define MUSTER_STORE_RANDOM_ID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { RANDOM_ID_SIZE = 17 };

/* 16 characters of lower-case base32 (80 random bits from the kernel) and a NUL. */
bool random_id(char out[RANDOM_ID_SIZE], struct err *err);

/* Could random_id have drawn these bytes? */
bool random_id_fits(const char *text, size_t len);

/* Draws one into *id (malloc'd) if it is NULL. */
bool random_id_fill(char **id, struct err *err);

#endif
