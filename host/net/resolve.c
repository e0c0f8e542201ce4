/* Address ranges and connect-to: what may be connected to. The cache is in resolve_cache.c. */
#include "net/resolve.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/sabotage.h"
#include "base/str.h"

/* --- address ranges --- */

static const uint8_t *bytes_of(const struct sockaddr *address, int *family)
{
	*family = address->sa_family;
	if (address->sa_family == AF_INET)
		return (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)
			->sin_addr;
	return (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, int bits)
{
	int whole = bits / 8, rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	return memcmp(a, b, (size_t)whole) == 0 &&
	       (rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

static bool has_host_bits(const struct resolve_cidr *cidr)
{
	for (int bit = cidr->bits; bit < (cidr->family == AF_INET ? 32 : 128); bit++) {
		if (cidr->bytes[bit / 8] & (0x80 >> (bit % 8)))
			return true;
	}
	return false;
}

bool resolve_cidr_parse(const char *text, struct resolve_cidr *out, struct err *err)
{
	char address[RESOLVE_ADDRESS_TEXT];
	size_t len = strcspn(text, "/");
	int64_t bits;

	*out = (struct resolve_cidr){ .family = memchr(text, ':', len) ? AF_INET6 : AF_INET };
	bits = out->family == AF_INET ? 32 : 128;
	if (len < sizeof(address)) {
		int64_t longest = bits;

		memcpy(address, text, len);
		address[len] = '\0';
		if (inet_pton(out->family, address, out->bytes) == 1 &&
		    (text[len] == '\0' || str_to_int64(text + len + 1, &bits)) && bits >= 0 &&
		    bits <= longest) {
			out->bits = (int)bits;
			if (!has_host_bits(out))
				return true;
		}
	}
	return err_set(
		err, ERR_CONFIG,
		"\"%s\" is no address range; expected \"10.20.0.0/16\", \"fd00:1::/32\" or one "
		"address",
		text);
}

bool net_check_cidr(const char *text, struct err *err)
{
	struct resolve_cidr unused;

	return resolve_cidr_parse(text, &unused, err);
}

void resolve_cidr_address(const struct resolve_cidr *cidr, struct sockaddr_storage *out)
{
	*out = (struct sockaddr_storage){ .ss_family = (sa_family_t)cidr->family };
	if (cidr->family == AF_INET)
		memcpy(&((struct sockaddr_in *)out)->sin_addr, cidr->bytes, 4);
	else
		memcpy(&((struct sockaddr_in6 *)out)->sin6_addr, cidr->bytes, 16);
}

bool resolve_cidr_contains(const struct resolve_cidr *cidr, const struct sockaddr *address)
{
	int family;
	const uint8_t *bytes = bytes_of(address, &family);

	return family == cidr->family && same_bits(bytes, cidr->bytes, cidr->bits);
}

const char *resolve_forbidden_range(const struct sockaddr *address)
{
	/*
	 * IANA's special-purpose registries, as far as they lead inwards or nowhere; and all of
	 * IPv6 that is not given out: only 2000::/3 is, and stacks translate some of the rest to
	 * IPv4.
	 */
	static const char *const ranges[] = {
		"0.0.0.0/8",	  "10.0.0.0/8",	    "100.64.0.0/10", "127.0.0.0/8",
		"169.254.0.0/16", "172.16.0.0/12",  "192.0.0.0/24",  "192.168.0.0/16",
		"198.18.0.0/15",  "224.0.0.0/3",    "::/96",	     "::ffff:0:0/96",
		"64:ff9b::/96",	  "64:ff9b:1::/48", "2001::/32",     "2002::/16",
		"fc00::/7",	  "fe80::/10",	    "fec0::/10",     "ff00::/8",
		"::/3",		  "4000::/2",	    "8000::/1",
	};
	struct resolve_cidr cidr;
	struct err err = ERR_INIT;

	if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
		return "not an internet address";
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (resolve_cidr_parse(ranges[i], &cidr, &err) &&
		    resolve_cidr_contains(&cidr, address))
			return ranges[i];
	}
	return NULL;
}

const char *resolve_address_text(const struct sockaddr *address, char out[RESOLVE_ADDRESS_TEXT])
{
	int family;
	const uint8_t *bytes = bytes_of(address, &family);

	if (inet_ntop(family, bytes, out, RESOLVE_ADDRESS_TEXT) == NULL)
		snprintf(out, RESOLVE_ADDRESS_TEXT, "family %d", family);
	return out;
}

bool resolve_same_address(const struct sockaddr *a, const struct sockaddr *b)
{
	int family_a, family_b;
	const uint8_t *bytes_a = bytes_of(a, &family_a), *bytes_b = bytes_of(b, &family_b);

	return family_a == family_b && same_bits(bytes_a, bytes_b, family_a == AF_INET ? 32 : 128);
}

bool resolve_is_allowed(const struct resolve_policy *policy, const struct sockaddr *address)
{
	for (size_t i = 0; i < policy->allowed_count; i++) {
		if (resolve_cidr_contains(&policy->allowed[i], address))
			return true;
	}
	return resolve_forbidden_range(address) == NULL || sabotage_is(SABOTAGE_ANY_ADDRESS);
}

bool resolve_filter(const struct resolve_policy *policy, const char *host,
		    struct loop_addresses *addresses, struct err *err)
{
	const struct sockaddr *first = (const struct sockaddr *)&addresses->at[0];
	char text[RESOLVE_ADDRESS_TEXT];
	const char *range = NULL;
	size_t kept = 0;

	if (addresses->count > 0) {
		resolve_address_text(first, text);
		range = resolve_forbidden_range(first);
	}
	for (size_t i = 0; i < addresses->count; i++) {
		const struct sockaddr *address = (const struct sockaddr *)&addresses->at[i];

		if (resolve_is_allowed(policy, address))
			addresses->at[kept++] = addresses->at[i];
	}
	addresses->count = kept;
	if (kept > 0)
		return true;
	if (range == NULL)
		return err_set(err, ERR_NET, "%s has no address", host);
	err_set(err, ERR_REFUSED, "address not allowed: %s is %s, in %s", host, text, range);
	return err_hint(err,
			"if this account's vendor is there, an administrator allows it: "
			"--allow-cidr %s",
			text);
}

/* --- connect-to --- */

/* Takes "host:" or "[v6]:" off the front. */
static bool take_host(const char **text, char **out)
{
	const char *at = *text, *end;
	size_t len;

	if (*at == '[') {
		end = strchr(++at, ']');
		if (end == NULL || end[1] != ':')
			return false;
		*text = end + 2;
	} else {
		end = strchr(at, ':');
		if (end == NULL)
			return false;
		*text = end + 1;
	}
	len = (size_t)(end - at);
	*out = str_dup_len(at, len);
	if (*out != NULL)
		str_lower(*out);
	return *out != NULL && strpbrk(*out, ",@/ ") == NULL;
}

/* Takes "port" and the separator behind it off the front; an empty one is 0. */
static bool take_port(const char **text, char separator, uint16_t *out)
{
	char digits[8];
	size_t len = strspn(*text, "0123456789");
	int64_t port = 0;

	if (len >= sizeof(digits) || (*text)[len] != separator)
		return false;
	memcpy(digits, *text, len);
	digits[len] = '\0';
	if (len > 0 && (!str_to_int64(digits, &port) || port < 1 || port > UINT16_MAX))
		return false;
	*out = (uint16_t)port;
	*text += len + (separator != '\0');
	return true;
}

bool resolve_route_parse(const char *text, struct resolve_route *out, struct err *err)
{
	const char *at = text;

	*out = (struct resolve_route){ .text = str_dup(text) };
	if (out->text == NULL)
		return err_oom(err);
	if (take_host(&at, &out->from_host) && take_port(&at, ':', &out->from_port) &&
	    take_host(&at, &out->to_host) && take_port(&at, '\0', &out->to_port))
		return true;
	resolve_route_fini(out);
	return err_set(err, ERR_CONFIG, "\"%s\" is no route; expected HOST:PORT:HOST2:PORT2", text);
}

bool net_check_route(const char *text, struct err *err)
{
	struct resolve_route route;

	if (!resolve_route_parse(text, &route, err))
		return false;
	resolve_route_fini(&route);
	return true;
}

void resolve_route_fini(struct resolve_route *route)
{
	free(route->text);
	free(route->from_host);
	free(route->to_host);
	*route = (struct resolve_route){ 0 };
}

const struct resolve_route *resolve_route_find(const struct resolve_route *routes, size_t count,
					       const char *host, uint16_t port)
{
	for (size_t i = 0; i < count; i++) {
		const struct resolve_route *route = &routes[i];

		if ((route->from_host[0] == '\0' || strcasecmp(route->from_host, host) == 0) &&
		    (route->from_port == 0 || route->from_port == port))
			return route;
	}
	return NULL;
}
