/* One reading of a URL: curl's parser, and before it a check that leaves nothing to interpret. */
#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "net/policy.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int policy_hex_byte(const char *text)
{
	int high = hex_digit(text[0]);
	int low = high < 0 ? -1 : hex_digit(text[1]);

	return low < 0 ? -1 : high << 4 | low;
}

static bool refuse(struct err *err, const char *why)
{
	return err_set(err, ERR_REFUSED, "URL refused: %s", why);
}

/* --- the text, before anyone parses it --- */

static bool check_bytes(const char *text, struct err *err)
{
	size_t len = strnlen(text, POLICY_URL_MAX + 1);

	if (len > POLICY_URL_MAX)
		return err_set(err, ERR_REFUSED, "URL refused: longer than %d bytes",
			       POLICY_URL_MAX);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c <= ' ' || c == 0x7f)
			return refuse(err, "space or control byte; it must be percent-encoded");
		if (c > 0x7f)
			return refuse(err, "byte outside ASCII; write hosts in punycode (xn--) "
					   "and percent-encode the rest");
		if (c == '\\')
			return refuse(err, "backslash");
		if (c == '#')
			return refuse(err, "fragment");
	}
	return true;
}

static bool check_authority(const char *at, size_t len, struct err *err)
{
	if (len == 0)
		return refuse(err, "no host");
	if (memchr(at, '@', len) != NULL)
		return refuse(err, "user name or password in front of the host");
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)at[i]) && strchr(".-_:[]", at[i]) == NULL)
			return refuse(err, "character that no host name has");
	}
	if (at[len - 1] == ':')
		return refuse(err, "colon without a port");
	return true;
}

/* What an escape may stand for in a path: nothing that changes how the path is cut. */
static bool check_escape(const char *at, struct err *err)
{
	int byte = policy_hex_byte(at + 1);

	if (byte < 0)
		return refuse(err, "percent sign without two hexadecimal digits");
	if (byte < ' ' || byte == 0x7f)
		return refuse(err, "encoded control byte in the path");
	if (byte == '/' || byte == '\\' || byte == '.')
		return refuse(err, "encoded slash, backslash or dot in the path");
	if (byte == '%' && policy_hex_byte(at + 3) >= 0)
		return refuse(err, "path encoded twice");
	return true;
}

static bool is_dots(const char *segment, size_t len)
{
	return (len == 1 && segment[0] == '.') ||
	       (len == 2 && segment[0] == '.' && segment[1] == '.');
}

static bool check_path(const char *path, size_t len, struct err *err)
{
	for (size_t i = 0, start = 1; i < len; i++) {
		bool is_end = i + 1 == len || path[i + 1] == '/';

		if (path[i] == '/') {
			start = i + 1;
			if (i + 1 < len && path[i + 1] == '/')
				return refuse(err, "empty segment in the path");
			continue;
		}
		if (!isalnum((unsigned char)path[i]) &&
		    strchr("-._~!$&'()*+,;=:@%", path[i]) == NULL)
			return refuse(err, "character in the path that must be percent-encoded");
		if (path[i] == '%' && !check_escape(path + i, err))
			return false;
		if (is_end && is_dots(path + start, i + 1 - start))
			return refuse(err, "dot segment in the path");
	}
	return true;
}

static bool check_text(const char *text, size_t *authority_len, struct err *err)
{
	const char *authority, *path;

	if (!check_bytes(text, err))
		return false;
	if (strncasecmp(text, "https://", 8) != 0)
		return refuse(err, "only absolute https:// URLs are sent");
	authority = text + 8;
	*authority_len = strcspn(authority, "/?");
	path = authority + *authority_len;
	return check_authority(authority, *authority_len, err) &&
	       check_path(path, strcspn(path, "?"), err);
}

/* --- what curl reads --- */

/* *out malloc'd; NULL where the URL has no such part. false = memory ran out. */
static bool get_part(CURLU *parsed, CURLUPart part, unsigned flags, char **out)
{
	char *text = NULL;
	CURLUcode code = curl_url_get(parsed, part, &text, flags);

	*out = code == CURLUE_OK ? str_dup(text) : NULL;
	curl_free(text);
	return code == CURLUE_OK ? *out != NULL : code != CURLUE_OUT_OF_MEMORY;
}

static bool check_labels(const char *host, struct err *err)
{
	if (strlen(host) > POLICY_HOST_MAX)
		return refuse(err, "host name longer than 253 bytes");
	for (const char *label = host; label != NULL;) {
		size_t len = strcspn(label, ".");

		if (len == 0 || len > 63)
			return refuse(err, "host name with an empty label or one past 63 bytes");
		if (label[0] == '-' || label[len - 1] == '-')
			return refuse(err, "label of the host name begins or ends with a hyphen");
		label = label[len] == '.' ? label + len + 1 : NULL;
	}
	return true;
}

/*
 * A name whose last label is a number is an address, says the URL standard; curl sees that only
 * where no dot follows. "https://0./" is 0.0.0.0 to some and a name to others.
 */
static bool check_number(const char *host, struct err *err)
{
	const char *label = strrchr(host, '.') != NULL ? strrchr(host, '.') + 1 : host;
	struct in_addr unused;
	bool is_number = strspn(label, "0123456789") == strlen(label) ||
			 (label[0] == '0' && label[1] == 'x');

	return !is_number || inet_pton(AF_INET, host, &unused) == 1 ||
	       refuse(err, "host is another spelling of an address");
}

/* The host as it is written: without brackets, port, and one trailing dot; lower case. */
static void written_host(const char *text, size_t authority_len, char out[POLICY_HOST_MAX + 4])
{
	const char *at = text + 8;
	size_t len = authority_len;

	if (at[0] == '[') {
		at++;
		len = strcspn(at, "]");
	} else if (memchr(at, ':', len) != NULL) {
		len = strcspn(at, ":");
	}
	if (len > POLICY_HOST_MAX + 2)
		len = POLICY_HOST_MAX + 2;
	if (len > 0 && at[len - 1] == '.')
		len--;
	memcpy(out, at, len);
	out[len] = '\0';
	str_lower(out);
}

/*
 * Makes curl's host canonical, in the parsed URL as well. curl reads 0x7f.1 or 2130706433 as
 * 127.0.0.1: whatever it reads otherwise than it is written is refused.
 */
static bool canonical_host(struct policy_url *url, const char *written, struct err *err)
{
	char *host;
	size_t len;
	bool is_v6;

	if (!get_part(url->parsed, CURLUPART_HOST, 0, &url->host))
		return err_oom(err);
	host = url->host;
	if (host == NULL)
		return refuse(err, "no host");
	len = strlen(host);
	is_v6 = len > 2 && host[0] == '[';
	str_lower(host);
	if (!is_v6 && len > 1 && host[len - 1] == '.')
		host[len - 1] = '\0';
	if (curl_url_set(url->parsed, CURLUPART_HOST, host, 0) != CURLUE_OK)
		return refuse(err, "not a host");
	if (is_v6) {
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	}
	if (!str_eq(host, written))
		return err_set(err, ERR_REFUSED, "URL refused: host %s is another spelling of %s",
			       written, host);
	return is_v6 || (check_labels(host, err) && check_number(host, err));
}

static bool read_port(struct policy_url *url, struct err *err)
{
	char *text;
	int64_t port = 0;
	bool is_port;

	if (!get_part(url->parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT, &text))
		return err_oom(err);
	is_port = text != NULL && str_to_int64(text, &port) && port > 0 && port <= UINT16_MAX;
	free(text);
	url->port = (uint16_t)port;
	return is_port || refuse(err, "port must be 1 to 65535");
}

static bool read_rest(struct policy_url *url, struct err *err)
{
	return (get_part(url->parsed, CURLUPART_PATH, 0, &url->path) && url->path != NULL &&
		get_part(url->parsed, CURLUPART_QUERY, 0, &url->query) &&
		get_part(url->parsed, CURLUPART_URL, CURLU_NO_DEFAULT_PORT, &url->text) &&
		url->text != NULL) ||
	       err_oom(err);
}

bool policy_url_parse(const char *text, struct policy_url *out, struct err *err)
{
	char written[POLICY_HOST_MAX + 4];
	size_t authority_len = 0;

	*out = (struct policy_url){ 0 };
	if (!check_text(text, &authority_len, err))
		return false;
	written_host(text, authority_len, written);
	out->parsed = curl_url();
	if (out->parsed == NULL)
		return err_oom(err);
	if (curl_url_set(out->parsed, CURLUPART_URL, text,
			 CURLU_DISALLOW_USER | CURLU_PATH_AS_IS) != CURLUE_OK)
		refuse(err, "not a URL");
	else if (canonical_host(out, written, err) && read_port(out, err) && read_rest(out, err))
		return true;
	policy_url_fini(out);
	return false;
}

void policy_url_fini(struct policy_url *url)
{
	curl_url_cleanup(url->parsed);
	free(url->text);
	free(url->host);
	free(url->path);
	free(url->query);
	*url = (struct policy_url){ 0 };
}
