/* Where the authorization server sends a person's browser back to. */
#include "vault/oauth/redirect.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

#define LOOPBACK "http://127.0.0.1"
#define PUBLIC "https://"

enum { PORT_DEFAULT = 80, PORT_MAX = 65535 };

static bool refuse(const char *why, struct err *err)
{
	err_set(err, ERR_USAGE, "the redirect URI %s", why);
	return err_hint(err, "register one such as %s, or a public https:// address of yours",
			OAUTH_REDIRECT_URI);
}

static bool is_plain(const char *text, const char *others)
{
	for (; *text != '\0'; text++) {
		if (!isalnum((unsigned char)*text) && strchr(others, *text) == NULL)
			return false;
	}
	return true;
}

static bool read_port(const char *text, size_t len, uint16_t *port)
{
	unsigned number = 0;

	if (len == 0 || len > 5 || text[0] == '0')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		number = number * 10 + (unsigned)(text[i] - '0');
	}
	*port = (uint16_t)number;
	return number <= PORT_MAX;
}

static bool read_loopback(struct oauth_redirect *out, struct err *err)
{
	const char *port = out->uri + strlen(LOOPBACK);
	bool has_port = *port == ':';

	out->is_loopback = true;
	out->authority = out->uri + strlen("http://");
	out->path = port + strcspn(port, "/");
	out->authority_len = (size_t)(out->path - out->authority);
	out->port = PORT_DEFAULT;
	if (has_port && !read_port(port + 1, (size_t)(out->path - port) - 1, &out->port))
		return refuse("has no port from 1 to 65535", err);
	/* "//host" would lead elsewhere where we send the browser on to the path alone. */
	if (*out->path != '/' || out->path[1] == '/')
		return refuse("has no path", err);
	return true;
}

static bool read_public(const char *host, struct err *err)
{
	size_t len = strcspn(host, "/?");

	if (len == 0 || memchr(host, '@', len) != NULL || host[len] != '/')
		return refuse("names no host and path", err);
	return true;
}

bool oauth_redirect_read(const char *uri, struct oauth_redirect *out, struct err *err)
{
	*out = (struct oauth_redirect){ .uri = uri };
	if (strlen(uri) > OAUTH_REDIRECT_URI_MAX)
		return refuse("is longer than 512 bytes", err);
	if (str_has_prefix(uri, PUBLIC))
		return (is_plain(uri, "-._~:/?[]@!$&'()*+,;=%") || refuse("holds a character that "
									  "has no place there",
									  err)) &&
		       read_public(uri + strlen(PUBLIC), err);
	if (str_has_prefix(uri, LOOPBACK) && strchr(":/", uri[strlen(LOOPBACK)]) != NULL)
		return (is_plain(uri, "-._~:/") ||
			refuse("of this machine is letters, digits and -._~ in its path", err)) &&
		       read_loopback(out, err);
	return refuse("is neither public (https://) nor this machine by its address (127.0.0.1)",
		      err);
}
