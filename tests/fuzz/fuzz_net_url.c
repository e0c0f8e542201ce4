/*
 * Any text as a URL: what passes the policy is re-read by an independent, simple reading, and must
 * be a declared call on a declared host; its canonical form must mean the same again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "net/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const hosts[] = { "api.vendor.test", "*.tenants.test", "[2001:db8::7]" };
static const struct net_allowed_call calls[] = {
	{ "GET", "https://api.vendor.test/api/v1", "/devices/{id}/apps", NULL, 0 },
	{ "GET", "https://api.vendor.test", "/", NULL, 0 },
	{ "GET", "https://acme.tenants.test", "/x/{id}", NULL, 0 },
	{ "GET", "https://[2001:db8::7]", "/x", NULL, 0 },
};
static const struct net_allow allow = { hosts, 3, calls, 4 };

static void demand(bool is_so)
{
	if (!is_so)
		abort();
}

/* Whatever passes begins like one of these, once it is canonical. */
static void check_canonical(const char *text)
{
	static const char *const starts[] = { "https://api.vendor.test/",
					      "https://acme.tenants.test/x/",
					      "https://[2001:db8::7]/x" };
	size_t path_len = strcspn(text, "?");
	bool is_known = false;

	for (size_t i = 0; i < 3; i++)
		is_known = is_known || str_has_prefix(text, starts[i]);
	demand(is_known);
	demand(memchr(text, '\\', path_len) == NULL && strchr(text, '#') == NULL);
	demand(memchr(text, '@', 24) == NULL);
	for (size_t i = 0; i + 2 < path_len; i++)
		demand(strncasecmp(text + i, "%2f", 3) != 0 &&
		       strncasecmp(text + i, "%2e", 3) != 0 &&
		       strncasecmp(text + i, "%5c", 3) != 0 && strncmp(text + i, "/./", 3) != 0 &&
		       strncmp(text + i, "%00", 3) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_url url, again;
	struct err err = ERR_INIT;
	char *text = malloc(size + 1);

	demand(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (policy_url_parse(text, &url, &err)) {
		demand(policy_url_parse(url.text, &again, &err));
		demand(str_eq(url.text, again.text) && str_eq(url.host, again.host));
		demand(str_eq(url.path, again.path) && url.port == again.port);
		if (policy_check(&allow, "GET", &url, &err))
			check_canonical(url.text);
		policy_url_fini(&again);
		policy_url_fini(&url);
	}
	demand(err.kind == ERR_NONE || err.message[0] != '\0');
	net_check_host_pattern(text, &err);
	free(text);
	return 0;
}
