/* Which OpenSSL does the work. */
#ifndef MUSTER_CRYPTO_LIBRARY_H
#define MUSTER_CRYPTO_LIBRARY_H

/* "OpenSSL 3.0.17 1 Jul 2025": of the library that is loaded, not of the headers. */
const char *crypto_library(void);

#endif
