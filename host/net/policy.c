/* Which requests may leave: declared hosts, methods and paths, and harmless headers. */
#include "net/policy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/sabotage.h"
#include "base/str.h"

enum { HTTPS_PORT = 443, NAMED_IN_ERRORS = 6 };

/* --- hosts --- */

/* Splits "host:port"; *host_len without the port. false: the port is no port. */
static bool split_port(const char *pattern, size_t *host_len, uint16_t *port)
{
	const char *end = pattern[0] == '[' ? strchr(pattern, ']') : pattern;
	const char *colon = end != NULL ? strchr(end, ':') : NULL;
	int64_t number;

	*port = HTTPS_PORT;
	*host_len = strlen(pattern);
	if (colon == NULL)
		return true;
	*host_len = (size_t)(colon - pattern);
	if (!str_to_int64(colon + 1, &number) || number < 1 || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	return true;
}

bool policy_host_matches(const char *pattern, const struct policy_url *url)
{
	const char *host = url->host;
	size_t len;
	uint16_t port;

	if (!split_port(pattern, &len, &port) || port != url->port)
		return false;
	if (pattern[0] == '[' && len > 2) {
		pattern++;
		len -= 2;
	} else if (str_has_prefix(pattern, "*.")) {
		host = strchr(host, '.');
		if (host == NULL || host == url->host)
			return false;
		pattern++;
		len--;
	}
	return strlen(host) == len && strncasecmp(host, pattern, len) == 0;
}

bool net_check_host_pattern(const char *pattern, struct err *err)
{
	bool is_wild = str_has_prefix(pattern, "*.");
	const char *name = is_wild ? pattern + 2 : pattern;
	struct policy_url url;
	char text[POLICY_HOST_MAX + 32];
	struct err why = ERR_INIT;
	size_t len;
	uint16_t port;

	if (!split_port(name, &len, &port))
		return err_set(err, ERR_CONFIG, "host \"%s\": the port must be 1 to 65535",
			       pattern);
	if (len == 0 || len > POLICY_HOST_MAX || strpbrk(name, "/?#@*") != NULL)
		return err_set(err, ERR_CONFIG,
			       "host \"%s\": expected \"api.vendor.com\" or \"*.vendor.com\", "
			       "optionally with \":port\"",
			       pattern);
	snprintf(text, sizeof(text), "https://%s/", name);
	if (!policy_url_parse(text, &url, &why))
		return err_set(err, ERR_CONFIG, "host \"%s\": %s", pattern, why.message);
	policy_url_fini(&url);
	if (is_wild && memchr(name, '.', len) == NULL)
		return err_set(err, ERR_CONFIG,
			       "host \"%s\": the star must stand before a registrable name, as in "
			       "\"*.vendor.com\"",
			       pattern);
	return true;
}

/* --- paths --- */

struct segment {
	const char *at;
	size_t len;
};

/* The next segment of a path that begins with a slash; false at the end. */
static bool next_segment(const char **path, struct segment *out)
{
	if (**path != '/')
		return false;
	out->at = *path + 1;
	out->len = strcspn(out->at, "/");
	*path = out->at + out->len;
	return true;
}

/*
 * May this stand for a `{name}`? Servers give ";" (path parameters) a meaning of its own, and ":"
 * (custom verbs: POST /devices/7:wipe), so neither may slip into a declared part; ids with colons
 * are common enough to be read, though.
 */
static bool fits_part(const char *text, size_t len, const char *method)
{
	bool reads = str_eq(method, "GET") || str_eq(method, "HEAD");

	for (size_t i = 0; i < len; i++) {
		if (text[i] == ';' || (text[i] == ':' && !reads))
			return false;
		if (text[i] != '%')
			continue;
		if (strncasecmp(text + i, "%3b", 3) == 0 ||
		    (strncasecmp(text + i, "%3a", 3) == 0 && !reads))
			return false;
	}
	return len > 0;
}

static bool has_bytes(const char *text, const char *expected, size_t len)
{
	return memcmp(text, expected, len) == 0;
}

static bool segment_matches(const struct segment *pattern, const struct segment *actual,
			    const char *method)
{
	const char *open = memchr(pattern->at, '{', pattern->len);
	const char *close =
		open ? memchr(open, '}', pattern->len - (size_t)(open - pattern->at)) : NULL;
	size_t before, after;

	if (close == NULL)
		return pattern->len == actual->len &&
		       has_bytes(actual->at, pattern->at, pattern->len);
	before = (size_t)(open - pattern->at);
	after = pattern->len - (size_t)(close + 1 - pattern->at);
	if (actual->len < before + after || !has_bytes(actual->at, pattern->at, before) ||
	    !has_bytes(actual->at + actual->len - after, close + 1, after))
		return false;
	return fits_part(actual->at + before, actual->len - before - after, method);
}

static bool path_matches(const char *pattern, const char *path, const char *method)
{
	struct segment wanted, actual;

	while (next_segment(&pattern, &wanted)) {
		if (!next_segment(&path, &actual) || !segment_matches(&wanted, &actual, method))
			return false;
	}
	return *pattern == '\0' && *path == '\0';
}

/* The part of the path behind the base's path; NULL if it is not below the base. */
static const char *below_base(const char *base_url, const struct policy_url *url)
{
	struct policy_url base;
	struct err err = ERR_INIT;
	const char *rest = NULL;
	size_t len;

	if (!policy_url_parse(base_url, &base, &err))
		return NULL;
	len = strlen(base.path);
	if (base.path[len - 1] == '/')
		len--;
	if (base.query == NULL && base.port == url->port && str_eq(base.host, url->host) &&
	    strncmp(base.path, url->path, len) == 0)
		rest = url->path + len;
	policy_url_fini(&base);
	return rest;
}

/* --- bound queries --- */

static bool is_same_byte(char a, char b, bool any_case)
{
	return a == b || (any_case && tolower((unsigned char)a) == tolower((unsigned char)b));
}

/* Does the form-encoded text mean `plain`? */
static bool decodes_to(const char *text, size_t len, const char *plain, bool any_case)
{
	for (size_t i = 0; i < len; i++, plain++) {
		char c = text[i] == '+' ? ' ' : text[i];

		if (c == '%' && i + 2 < len && policy_hex_byte(text + i + 1) >= 0) {
			c = (char)policy_hex_byte(text + i + 1);
			i += 2;
		}
		if (!is_same_byte(c, *plain, any_case) || c == '\0')
			return false;
	}
	return *plain == '\0';
}

/*
 * How often `name` occurs to any server: some read a name in any case, some cut at ";" as well.
 * *all_equal: each time written as it is declared, and with `value` (NULL: any).
 */
static int count_parameter(const char *query, const char *name, const char *value, bool *all_equal)
{
	int count = 0;

	*all_equal = true;
	for (const char *at = query; at != NULL; at = *at != '\0' ? at + 1 : NULL) {
		size_t len = strcspn(at, "&;"), name_len = strcspn(at, "=&;");
		const char *text = at + name_len + (at[name_len] == '=');

		if (decodes_to(at, name_len, name, true)) {
			count++;
			if (value != NULL &&
			    !(decodes_to(at, name_len, name, false) &&
			      decodes_to(text, (size_t)(at + len - text), value, false)))
				*all_equal = false;
		}
		at += len;
	}
	return count;
}

static bool query_matches(const struct net_allowed_call *call, const char *query)
{
	bool equal;

	for (size_t i = 0; i < call->query_count; i++) {
		if (count_parameter(query, call->query[i].name, call->query[i].value, &equal) !=
			    1 ||
		    !equal)
			return false;
	}
	/* Frameworks let this parameter change the method behind the policy's back. */
	return count_parameter(query, "_method", NULL, &equal) == 0;
}

/* --- the check --- */

bool policy_call_matches(const struct net_allowed_call *call, const char *method,
			 const struct policy_url *url)
{
	const char *rest;

	if (!str_eq(call->method, method))
		return false;
	rest = below_base(call->base_url, url);
	return rest != NULL && path_matches(call->path, rest, method) &&
	       query_matches(call, url->query);
}

static bool refuse_host(const struct net_allow *allow, const struct policy_url *url,
			struct err *err)
{
	char declared[400] = "none";
	size_t len = 0;

	for (size_t i = 0; i < allow->host_count && i < NAMED_IN_ERRORS; i++) {
		len += (size_t)snprintf(declared + len, sizeof(declared) - len, "%s%s",
					i > 0 ? ", " : "", allow->hosts[i]);
		if (len >= sizeof(declared))
			break;
	}
	err_set(err, ERR_REFUSED, "host not allowed: %s port %u; declared: %s", url->host,
		url->port, declared);
	return err_hint(err, "declare the host in the connector and have it approved");
}

static bool refuse_call(const struct net_allow *allow, struct err *err)
{
	char declared[500] = "none";
	size_t len = 0;

	for (size_t i = 0; i < allow->call_count && i < NAMED_IN_ERRORS; i++) {
		const struct net_allowed_call *call = &allow->calls[i];

		len += (size_t)snprintf(declared + len, sizeof(declared) - len, "%s%s %s%s",
					i > 0 ? ", " : "", call->method, call->base_url,
					call->path);
		if (len >= sizeof(declared))
			break;
	}
	err_set(err, ERR_REFUSED, "call not declared; declared: %s", declared);
	return err_hint(err, "declare the call in the connector and have it approved");
}

bool policy_check(const struct net_allow *allow, const char *method, const struct policy_url *url,
		  struct err *err)
{
	bool is_host = sabotage_is(SABOTAGE_ANY_HOST);

	for (size_t i = 0; i < allow->host_count && !is_host; i++)
		is_host = policy_host_matches(allow->hosts[i], url);
	if (!is_host)
		return refuse_host(allow, url, err);
	for (size_t i = 0; i < allow->call_count; i++) {
		if (policy_call_matches(&allow->calls[i], method, url) ||
		    sabotage_is(SABOTAGE_ANY_HOST))
			return true;
	}
	return refuse_call(allow, err);
}

bool net_check_url(const struct net_allow *allow, const char *method, const char *text,
		   struct err *err)
{
	struct policy_url url;
	bool is_fine;

	if (!policy_url_parse(text, &url, err))
		return err_context(err, "%s", method);
	is_fine = policy_check(allow, method, &url, err);
	if (!is_fine)
		err_context(err, "%s https://%s%s", method, url.host, url.path);
	policy_url_fini(&url);
	return is_fine;
}

/* --- headers --- */

bool policy_check_header_bytes(const struct net_header *header, struct err *err)
{
	size_t len = strlen(header->name);

	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)header->name[i]) &&
		    strchr("!#$%&'*+-.^_`|~", header->name[i]) == NULL)
			return err_set(err, ERR_REFUSED,
				       "header name with a byte that is not allowed");
	}
	if (len == 0 || len > 256)
		return err_set(err, ERR_REFUSED, "header name of %zu bytes", len);
	for (const char *at = header->value; *at != '\0'; at++) {
		if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7f)
			return err_set(err, ERR_REFUSED, "header %s: control byte in the value",
				       header->name);
	}
	return true;
}

/* As CGI and WSGI have it: any case, and "_" is "-". */
static bool is_same_header(const char *name, const char *other, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = name[i] == '_' ? '-' : name[i];

		if (!is_same_byte(c, other[i], true))
			return false;
	}
	return true;
}

/* Headers that are libcurl's, or that say something else than the checked request. */
static bool is_kept(const char *name)
{
	static const char *const kept[] = {
		"Host",
		"Content-Length",
		"Transfer-Encoding",
		"Connection",
		"Upgrade",
		"Expect",
		"TE",
		"Trailer",
		"Keep-Alive",
		"Accept-Encoding",
		"HTTP2-Settings",
		"X-HTTP-Method",
		"X-HTTP-Method-Override",
		"X-Method-Override",
		"X-HTTP-Path-Override",
		"X-Original-URL",
		"X-Rewrite-URL",
	};
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (len == strlen(kept[i]) && is_same_header(name, kept[i], len))
			return true;
	}
	return len >= 6 && is_same_header(name, "Proxy-", 6);
}

bool policy_check_header(const struct net_header *header, struct err *err)
{
	if (!policy_check_header_bytes(header, err))
		return false;
	if (!is_kept(header->name) && strcasecmp(header->name, "Cookie") != 0)
		return true;
	return err_set(err, ERR_REFUSED, "header %s is not a script's to set", header->name);
}

bool policy_check_credential(const struct net_header *header, struct err *err)
{
	if (!policy_check_header_bytes(header, err))
		return false;
	return !is_kept(header->name) ||
	       err_set(err, ERR_REFUSED, "header %s is no credential", header->name);
}
