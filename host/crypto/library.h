/* OpenSSL as a whole: which one does the work, and whether it can. */
#ifndef MUSTER_CRYPTO_LIBRARY_H
#define MUSTER_CRYPTO_LIBRARY_H

#include <stdbool.h>

#include "base/err.h"

/* "OpenSSL 3.0.17 1 Jul 2025": of the library that is loaded, not of the headers. */
const char *crypto_library(void);

/*
 * Before anything else of OpenSSL, also through libcurl. It makes what all its functions stand on
 * when the first of them is called, once, and does not look whether there was memory for it: they
 * would crash.
 */
bool crypto_begin(struct err *err);

#endif
