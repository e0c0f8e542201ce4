/* OpenSSL as a whole: which one does the work, and whether it can. */
#include "crypto/library.h"

#include <openssl/crypto.h>

const char *crypto_library(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}

bool crypto_begin(struct err *err)
{
	return OSSL_LIB_CTX_get0_global_default() != NULL ? true : err_oom(err);
}
