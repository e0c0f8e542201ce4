/* What libcurl tells of itself, and how it reads dates. */
#include <curl/curl.h>
#include <stdio.h>

#include "net/net.h"

const char *net_library(char *out, size_t size)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

	snprintf(out, size, "%s, %s", info->version,
		 info->ssl_version != NULL ? info->ssl_version : "without TLS");
	return out;
}

int64_t net_date(const char *text)
{
	time_t seconds = text != NULL ? curl_getdate(text, NULL) : -1;

	return seconds > 0 ? (int64_t)seconds * 1000 : 0;
}
