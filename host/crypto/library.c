/* Which OpenSSL does the work. */
#include "crypto/library.h"

#include <openssl/crypto.h>

const char *crypto_library(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}
