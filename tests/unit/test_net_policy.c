/*
 * Which requests may leave. The tables are the specification: every spelling of a URL that was
 * ever used to slip past a check, next to the ones that have to work.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "net/policy.h"
#include "unit.h"

struct spelling {
	const char *url;
	const char *why; /* part of the message; NULL: goes through */
};

static const char *const hosts[] = { "api.vendor.test",	     "*.tenants.test", "API.Cased.Test",
				     "api.vendor.test:8443", "[2001:db8::7]",  "192.0.2.7" };

static const struct net_header bound[] = { { "type", "full list" }, { "v", "2" } };

static const struct net_allowed_call calls[] = {
	{ "GET", "https://api.vendor.test/api/v1", "/devices", NULL, 0 },
	{ "GET", "https://api.vendor.test/api/v1", "/devices/{id}/apps", NULL, 0 },
	{ "GET", "https://api.vendor.test/api/v1", "/reports/{name}.json", NULL, 0 },
	{ "GET", "https://api.vendor.test/api/v1", "/users/", NULL, 0 },
	{ "GET", "https://api.vendor.test/api/v1", "/bound", bound, 2 },
	{ "POST", "https://api.vendor.test/api/v1", "/devices/{id}/action/lock", NULL, 0 },
	{ "GET", "https://api.vendor.test:8443", "/devices", NULL, 0 },
	{ "GET", "https://acme.tenants.test/", "/devices", NULL, 0 },
	{ "GET", "https://api.cased.test", "/devices", NULL, 0 },
	{ "GET", "https://[2001:db8::7]", "/devices", NULL, 0 },
	{ "GET", "https://192.0.2.7", "/devices", NULL, 0 },
	{ "GET", "https://api.vendor.test", "/", NULL, 0 },
};

static const struct net_allow allow = { hosts, sizeof(hosts) / sizeof(hosts[0]), calls,
					sizeof(calls) / sizeof(calls[0]) };

static void check_spellings(const char *method, const struct spelling *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct err err = ERR_INIT;
		bool passes = net_check_url(&allow, method, list[i].url, &err);

		if (passes != (list[i].why == NULL))
			fail_msg("%s %s: %s", method, list[i].url, passes ? "passes" : err.message);
		if (!passes && strstr(err.message, list[i].why) == NULL)
			fail_msg("%s: \"%s\" instead of \"%s\"", list[i].url, err.message,
				 list[i].why);
		if (!passes)
			assert_int_equal(err.kind, ERR_REFUSED);
	}
}

#define assert_spellings(method, list)                                                             \
	check_spellings(method, list, sizeof(list) / sizeof((list)[0]))

/* --- URLs --- */

static void declared_calls_pass(void **state)
{
	static const struct spelling list[] = {
		{ "https://api.vendor.test/api/v1/devices", NULL },
		{ "https://api.vendor.test/api/v1/devices?limit=300&offset=600", NULL },
		{ "https://api.vendor.test/api/v1/devices?", NULL },
		{ "https://api.vendor.test/api/v1/devices?filter=a%20eq%20'b'&x[]={1|2}", NULL },
		{ "https://api.vendor.test/api/v1/devices?next=https://evil.test/", NULL },
		{ "https://api.vendor.test/api/v1/devices?path=../../x&nul=%00&e=%252e", NULL },
		{ "https://api.vendor.test:443/api/v1/devices", NULL },
		{ "https://api.vendor.test:0443/api/v1/devices", NULL },
		{ "https://api.vendor.test:8443/devices", NULL },
		{ "HTTPS://API.Vendor.TEST/api/v1/devices", NULL },
		{ "https://api.vendor.test./api/v1/devices", NULL },
		{ "https://api.cased.test/devices", NULL },
		{ "https://acme.tenants.test/devices", NULL },
		{ "https://[2001:db8::7]/devices", NULL },
		{ "https://[2001:DB8::7]:443/devices", NULL },
		{ "https://192.0.2.7/devices", NULL },
		{ "https://api.vendor.test", NULL },
		{ "https://api.vendor.test/", NULL },
		{ "https://api.vendor.test?x=1", NULL },
		{ "https://api.vendor.test/api/v1/users/", NULL },
		{ "https://api.vendor.test/api/v1/devices/7/apps", NULL },
		{ "https://api.vendor.test/api/v1/devices/a%20b/apps", NULL },
		{ "https://api.vendor.test/api/v1/devices/Zo%C3%AB/apps", NULL },
		{ "https://api.vendor.test/api/v1/devices/100%25/apps", NULL },
		{ "https://api.vendor.test/api/v1/devices/aa:bb:cc/apps", NULL },
		{ "https://api.vendor.test/api/v1/devices/a@b.test/apps", NULL },
		{ "https://api.vendor.test/api/v1/devices/.hidden/apps", NULL },
		{ "https://api.vendor.test/api/v1/devices/.../apps", NULL },
		{ "https://api.vendor.test/api/v1/reports/may.json", NULL },
		{ "https://api.vendor.test/api/v1/bound?type=full+list&v=2&page=3", NULL },
		{ "https://api.vendor.test/api/v1/bound?v=%32&type=full%20list", NULL },
	};

	(void)state;
	assert_spellings("GET", list);
}

static void other_schemes_are_refused(void **state)
{
	static const struct spelling list[] = {
		{ "http://api.vendor.test/api/v1/devices", "only absolute https" },
		{ "ftp://api.vendor.test/api/v1/devices", "only absolute https" },
		{ "file:///etc/passwd", "only absolute https" },
		{ "gopher://api.vendor.test/", "only absolute https" },
		{ "javascript:alert(1)", "only absolute https" },
		{ "data:text/plain,x", "only absolute https" },
		{ "wss://api.vendor.test/", "only absolute https" },
		{ "//api.vendor.test/api/v1/devices", "only absolute https" },
		{ "api.vendor.test/api/v1/devices", "only absolute https" },
		{ "/api/v1/devices", "only absolute https" },
		{ "?offset=300", "only absolute https" },
		{ "", "only absolute https" },
		{ "https:api.vendor.test/", "only absolute https" },
		{ "https:/api.vendor.test/api/v1/devices", "only absolute https" },
		{ "https:///api.vendor.test/api/v1/devices", "no host" },
		{ "https://", "no host" },
		{ "https://?x", "no host" },
		{ "https://:443/", "not a URL" },
		{ " https://api.vendor.test/", "space" },
		{ "view-source:https://api.vendor.test/", "only absolute https" },
	};

	(void)state;
	assert_spellings("GET", list);
}

static void hosts_have_one_spelling(void **state)
{
	static const struct spelling list[] = {
		{ "https://evil.test/api/v1/devices", "host not allowed: evil.test" },
		{ "https://vendor.test/", "host not allowed" },
		{ "https://api.vendor.test.evil.test/", "host not allowed" },
		{ "https://evilapi.vendor.test/", "host not allowed" },
		{ "https://x.api.vendor.test/", "host not allowed" },
		{ "https://api.vendor.tes/", "host not allowed" },
		{ "https://tenants.test/devices", "host not allowed" },
		{ "https://a.b.tenants.test/devices", "host not allowed" },
		{ "https://.tenants.test/devices", "empty label" },
		{ "https://api.vendor.test..", "empty label" },
		{ "https://api..vendor.test/", "empty label" },
		{ "https://-api.vendor.test/", "hyphen" },
		{ "https://api.vendor.test:444/api/v1/devices", "port 444" },
		{ "https://api.vendor.test:8443/api/v1/devices", "call not declared" },
		{ "https://acme.tenants.test:8443/devices", "host not allowed" },
		{ "https://api.vendor.test:/api/v1/devices", "colon without a port" },
		{ "https://api.vendor.test:0/", "port must be" },
		{ "https://api.vendor.test:65536/", "not a URL" },
		{ "https://api.vendor.test:443:443/", "not a URL" },
		{ "https://api.vendor.test:44x/", "not a URL" },
		{ "https://user@api.vendor.test/", "user name" },
		{ "https://user:pw@api.vendor.test/", "user name" },
		{ "https://@api.vendor.test/", "user name" },
		{ "https://api.vendor.test@evil.test/", "user name" },
		{ "https://api.vendor.test:443@evil.test/", "user name" },
		{ "https://evil.test\\@api.vendor.test/", "backslash" },
		{ "https://evil.test\\.api.vendor.test/", "backslash" },
		{ "https://api.vendor.test\\@evil.test/", "backslash" },
		{ "https:\\\\api.vendor.test\\api", "backslash" },
		{ "https://evil.test#@api.vendor.test/", "fragment" },
		{ "https://api.vendor.test#.evil.test/", "fragment" },
		{ "https://api.vendor.test/api/v1/devices#x", "fragment" },
		{ "https://api.vendor.test%00.evil.test/", "no host name" },
		{ "https://api%2evendor.test/", "no host name" },
		{ "https://%61pi.vendor.test/", "no host name" },
		{ "https://api.vendor.test%2f@evil.test/", "user name" },
		{ "https://api.vendor.test%20/", "no host name" },
		{ "https://api.vendor.test;evil.test/", "no host name" },
		{ "https://api.vendor.test,evil.test/", "no host name" },
		{ "https://api.vendor.test&evil.test/", "no host name" },
		{ "https://*.tenants.test/devices", "no host name" },
		{ "https://api.vendor.test\t/", "control byte" },
		{ "https://api.vendor.test\n/", "control byte" },
		{ "https://api.vendor.test/\r\nHost: evil.test", "control byte" },
		{ "https://api.vendor.test /", "space" },
		{ "https://\x7f"
		  "api.vendor.test/",
		  "control byte" },
		{ "https://api\xe3\x80\x82vendor.test/", "punycode" },
		{ "https://\xd0\xb0pi.vendor.test/", "punycode" },
		{ "https://api.vendor.t\xc3\xa9st/", "punycode" },
		{ "https://xn--pi-6kc.vendor.test/", "host not allowed: xn--pi-6kc" },
	};

	(void)state;
	assert_spellings("GET", list);
}

static void addresses_have_one_spelling(void **state)
{
	static const struct spelling list[] = {
		{ "https://127.0.0.1/devices", "host not allowed: 127.0.0.1" },
		{ "https://0x7f.1/devices", "another spelling of 127.0.0.1" },
		{ "https://0x7f000001/", "another spelling" },
		{ "https://2130706433/", "another spelling" },
		{ "https://0177.0.0.1/", "another spelling" },
		{ "https://127.1/", "another spelling" },
		{ "https://127.0.0.1./", "host not allowed" },
		{ "https://0.0.0.0/", "host not allowed" },
		{ "https://0/", "another spelling" },
		{ "https://0./", "another spelling" },
		{ "https://0x7f000001./", "another spelling" },
		{ "https://api.vendor.0x1/", "another spelling" },
		{ "https://1.2.3.4.5/", "another spelling" },
		{ "https://192.0.2.07/devices", "another spelling" },
		{ "https://192.0.519/", "another spelling" },
		{ "https://0xc0.0.2.7/devices", "another spelling" },
		{ "https://[::1]/devices", "host not allowed: ::1" },
		{ "https://[::ffff:127.0.0.1]/", "host not allowed" },
		{ "https://[2001:db8:0:0::7]/devices", "another spelling" },
		{ "https://[2001:db8::7%25eth0]/devices", "no host name" },
		{ "https://[2001:db8::7/devices", "not a URL" },
		{ "https://2001:db8::7/devices", "not a URL" },
		{ "https://[api.vendor.test]/", "not a URL" },
		{ "https://localhost/", "host not allowed" },
		{ "https://169.254.169.254/latest/meta-data/", "host not allowed" },
	};

	(void)state;
	assert_spellings("GET", list);
}

static void paths_have_one_reading(void **state)
{
	static const struct spelling list[] = {
		{ "https://api.vendor.test/api/v1/devices/", "call not declared" },
		{ "https://api.vendor.test/api/v1/users", "call not declared" },
		{ "https://api.vendor.test/api/v1/Devices", "call not declared" },
		{ "https://api.vendor.test/API/v1/devices", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices.json", "call not declared" },
		{ "https://api.vendor.test/api/v1/devicesx", "call not declared" },
		{ "https://api.vendor.test/api/v1/device", "call not declared" },
		{ "https://api.vendor.test/api/v1", "call not declared" },
		{ "https://api.vendor.test/api/v12/devices", "call not declared" },
		{ "https://api.vendor.test/devices", "call not declared" },
		{ "https://api.vendor.test/x/api/v1/devices", "call not declared" },
		{ "https://api.vendor.test/api/v1/%64evices", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices;x=1", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices%3Fx", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices%20", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices/7", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices/7/apps/8", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices/;/apps", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices/7;v=1/apps", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices/7%3Bv/apps", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices/..;/apps", "call not declared" },
		{ "https://api.vendor.test/api/v1/reports/.json", "call not declared" },
		{ "https://api.vendor.test/api/v1/reports/may.xml", "call not declared" },
		{ "https://api.vendor.test/api/v1/../v1/devices", "dot segment" },
		{ "https://api.vendor.test/api/./v1/devices", "dot segment" },
		{ "https://api.vendor.test/api/v1/devices/..", "dot segment" },
		{ "https://api.vendor.test/api/v1/devices/.", "dot segment" },
		{ "https://api.vendor.test/api/v1/devices/../apps", "dot segment" },
		{ "https://api.vendor.test/..", "dot segment" },
		{ "https://api.vendor.test/api/v1/devices/%2e%2e/apps", "encoded slash" },
		{ "https://api.vendor.test/api/v1/devices/%2E/apps", "encoded slash" },
		{ "https://api.vendor.test/api/v1/devices/.%2e/apps", "encoded slash" },
		{ "https://api.vendor.test/api/v1/devices/7%2fapps", "encoded slash" },
		{ "https://api.vendor.test/api/v1/devices%2F7/apps", "encoded slash" },
		{ "https://api.vendor.test/api/v1/devices/7%5c8/apps", "encoded slash" },
		{ "https://api.vendor.test/api/v1/devices/%252e%252e/apps", "encoded twice" },
		{ "https://api.vendor.test/api/v1/devices/7%252fapps/apps", "encoded twice" },
		{ "https://api.vendor.test/api/v1/devices/7%00/apps", "control byte" },
		{ "https://api.vendor.test/api/v1/devices/7%0d%0aX/apps", "control byte" },
		{ "https://api.vendor.test/api/v1/devices/7%7f/apps", "control byte" },
		{ "https://api.vendor.test/api/v1/devices/7%/apps", "percent sign" },
		{ "https://api.vendor.test/api/v1/devices/7%zz/apps", "percent sign" },
		{ "https://api.vendor.test/api/v1/devices/7%u002e/apps", "percent sign" },
		{ "https://api.vendor.test/api/v1/devices%", "percent sign" },
		{ "https://api.vendor.test/api/v1/devices%2", "percent sign" },
		{ "https://api.vendor.test//api/v1/devices", "empty segment" },
		{ "https://api.vendor.test/api/v1//devices", "empty segment" },
		{ "https://api.vendor.test/api/v1/devices//apps", "empty segment" },
		{ "https://api.vendor.test/api/v1/devices//", "empty segment" },
		{ "https://api.vendor.test/api/v1/devices/{id}/apps", "percent-encoded" },
		{ "https://api.vendor.test/api/v1/devices/a|b/apps", "percent-encoded" },
		{ "https://api.vendor.test/api/v1/devices/a\"b/apps", "percent-encoded" },
		{ "https://api.vendor.test/api/v1/devices/7 8/apps", "space" },
		{ "https://api.vendor.test/api/v1/devices/7\\8/apps", "backslash" },
		{ "https://api.vendor.test/api/v1/devices?_method=DELETE", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices?a=1&%5Fmethod=PUT", "call not declared" },
		{ "https://api.vendor.test/api/v1/bound", "call not declared" },
		{ "https://api.vendor.test/api/v1/bound?type=full+list", "call not declared" },
		{ "https://api.vendor.test/api/v1/bound?type=full+list&v=3", "call not declared" },
		{ "https://api.vendor.test/api/v1/bound?type=full+list&v=2&v=2",
		  "call not declared" },
		{ "https://api.vendor.test/api/v1/bound?type=full+list&v=2&v=3",
		  "call not declared" },
		{ "https://api.vendor.test/api/v1/bound?type=full+list&v=2%00",
		  "call not declared" },
		{ "https://api.vendor.test/api/v1/bound?Type=full+list&v=2", "call not declared" },
		{ "https://api.vendor.test/api/v1/bound?type=full+list&v=2&V=3",
		  "call not declared" },
		{ "https://api.vendor.test/api/v1/bound?type=full+list&v=2&x=1;v=3",
		  "call not declared" },
		{ "https://api.vendor.test/api/v1/devices?a=1;_method=PUT", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices?_Method=PUT", "call not declared" },
		{ "https://api.vendor.test/api/v1/bound?type=full+list&v", "call not declared" },
	};

	(void)state;
	assert_spellings("GET", list);
}

static void methods_are_declared(void **state)
{
	static const struct spelling lock[] = {
		{ "https://api.vendor.test/api/v1/devices/7/action/lock", NULL },
		{ "https://api.vendor.test/api/v1/devices/7/action/erase", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices/7/action/lock/", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices/7/action/LOCK", "call not declared" },
		{ "https://api.vendor.test/api/v1/devices/7:wipe/action/lock",
		  "call not declared" },
		{ "https://api.vendor.test/api/v1/devices/7%3Awipe/action/lock",
		  "call not declared" },
		{ "https://api.vendor.test/api/v1/devices", "call not declared" },
	};
	static const struct spelling read[] = {
		{ "https://api.vendor.test/api/v1/devices", "call not declared" },
	};

	(void)state;
	assert_spellings("POST", lock);
	assert_spellings("HEAD", read);
	assert_spellings("DELETE", read);
	assert_spellings("get", read);
	assert_spellings("", read);
}

static void long_urls_are_refused(void **state)
{
	struct buf url = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	buf_str(&url, "https://api.vendor.test/api/v1/devices?x=");
	while (url.len < POLICY_URL_MAX)
		buf_char(&url, 'x');
	assert_true(net_check_url(&allow, "GET", url.data, &err));
	buf_char(&url, 'x');
	assert_false(net_check_url(&allow, "GET", url.data, &err));
	assert_non_null(strstr(err.message, "longer than 8192"));
	buf_clear(&url);
	buf_str(&url, "https://");
	for (int i = 0; i < 300; i++)
		buf_char(&url, 'a');
	assert_false(net_check_url(&allow, "GET", url.data, &err));
	buf_fini(&url);
}

static void the_canonical_url_is_what_is_sent(void **state)
{
	struct policy_url url;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(policy_url_parse("HTTPS://API.vendor.TEST.:443/a%20b?c=D", &url, &err));
	assert_string_equal(url.text, "https://api.vendor.test/a%20b?c=D");
	assert_string_equal(url.host, "api.vendor.test");
	assert_string_equal(url.path, "/a%20b");
	assert_string_equal(url.query, "c=D");
	assert_int_equal(url.port, 443);
	policy_url_fini(&url);
}

static void a_refusal_says_what_is_declared(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	net_check_url(&allow, "GET", "https://evil.test/x?token=s3cret", &err);
	assert_non_null(strstr(err.message, "GET https://evil.test/x"));
	assert_non_null(strstr(err.message, "declared: api.vendor.test, *.tenants.test"));
	assert_null(strstr(err.message, "s3cret"));
	net_check_url(&allow, "DELETE", "https://api.vendor.test/api/v1/devices", &err);
	assert_non_null(strstr(err.message, "GET https://api.vendor.test/api/v1/devices"));
	assert_string_not_equal(err.hint, "");
}

static void a_broken_base_allows_nothing(void **state)
{
	static const struct net_allowed_call broken[] = {
		{ "GET", "http://api.vendor.test", "/devices", NULL, 0 },
		{ "GET", "https://api.vendor.test?x=1", "/devices", NULL, 0 },
		{ "GET", "", "/devices", NULL, 0 },
		{ "GET", "https://api.vendor.test", "devices", NULL, 0 },
		{ "GET", "https://api.vendor.test", "", NULL, 0 },
	};
	const struct net_allow broken_allow = { hosts, 1, broken, 5 };
	struct err err = ERR_INIT;

	(void)state;
	assert_false(net_check_url(&broken_allow, "GET", "https://api.vendor.test/devices", &err));
	assert_false(net_check_url(&broken_allow, "GET", "https://api.vendor.test/", &err));
}

/* --- declarations --- */

static void host_patterns_are_checked(void **state)
{
	static const char *const good[] = {
		"api.vendor.test", "*.vendor.test", "api.vendor.test:8443", "*.vendor.test:8443",
		"localhost",	   "192.0.2.1",	    "[2001:db8::1]",	    "[2001:db8::1]:8443"
	};
	static const char *const bad[] = { "",
					   "*",
					   "*.test",
					   "a.*.test",
					   "*a.vendor.test",
					   "*.",
					   "**.vendor.test",
					   "https://api.vendor.test",
					   "api.vendor.test/",
					   "api.vendor.test:0",
					   "api.vendor.test:99999",
					   "a b.test",
					   "api.vendor.test:",
					   "user@api.vendor.test",
					   "0x7f.1",
					   "api..test",
					   "?x",
					   "a#b" };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!net_check_host_pattern(good[i], &err))
			fail_msg("%s: %s", good[i], err.message);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (net_check_host_pattern(bad[i], &err))
			fail_msg("\"%s\" passes", bad[i]);
		assert_int_equal(err.kind, ERR_CONFIG);
	}
}

static void headers_of_a_script_are_harmless(void **state)
{
	static const struct net_header good[] = {
		{ "Accept", "application/json" }, { "X-Api-Version", "2" },
		{ "If-Match", "\"a\"" },	  { "X-Empty", "" },
		{ "X-Utf", "Zo\xc3\xab" },
	};
	static const struct net_header bad[] = {
		{ "Host", "evil.test" },
		{ "host", "evil.test" },
		{ "Content-Length", "0" },
		{ "Transfer-Encoding", "chunked" },
		{ "Connection", "close" },
		{ "Cookie", "a=b" },
		{ "Proxy-Authorization", "x" },
		{ "X-HTTP-Method-Override", "DELETE" },
		{ "x-http-method", "DELETE" },
		{ "X-Method-Override", "DELETE" },
		{ "X_HTTP_Method_Override", "DELETE" },
		{ "X-Original-URL", "/api/v1/devices/7/action/erase" },
		{ "X-Rewrite-URL", "/api/v1/devices/7/action/erase" },
		{ "X-HTTP-Path-Override", "/api/v1/devices/7/action/erase" },
		{ "Proxy_Authorization", "x" },
		{ "Accept-Encoding", "br" },
		{ "Upgrade", "h2c" },
		{ "X-A", "b\r\nHost: evil.test" },
		{ "X-A", "b\nc" },
		{ "X-A", "\x01" },
		{ "X-A: b\r\nX-B", "c" },
		{ "X A", "b" },
		{ "", "b" },
	};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(policy_check_header(&good[i], &err));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (policy_check_header(&bad[i], &err))
			fail_msg("header %s passes", bad[i].name);
		assert_int_equal(err.kind, ERR_REFUSED);
	}
}

static void a_credential_is_no_header_of_the_transport(void **state)
{
	static const struct net_header good[] = { { "Authorization", "Bearer s3cret" },
						  { "X-Api-Key", "s3cret" },
						  { "Cookie", "session=s3cret" } };
	static const struct net_header bad[] = { { "Host", "s3cret" },
						 { "transfer_encoding", "s3cret" },
						 { "Content-Length", "s3cret" },
						 { "X-Original-URL", "/s3cret" },
						 { "Proxy-Authorization", "s3cret" },
						 { "X-A", "s3cret\r\nX-B: c" } };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(policy_check_credential(&good[i], &err));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (policy_check_credential(&bad[i], &err))
			fail_msg("credential %s passes", bad[i].name);
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_null(strstr(err.message, "s3cret"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(declared_calls_pass),
		cmocka_unit_test(other_schemes_are_refused),
		cmocka_unit_test(hosts_have_one_spelling),
		cmocka_unit_test(addresses_have_one_spelling),
		cmocka_unit_test(paths_have_one_reading),
		cmocka_unit_test(methods_are_declared),
		cmocka_unit_test(long_urls_are_refused),
		cmocka_unit_test(the_canonical_url_is_what_is_sent),
		cmocka_unit_test(a_refusal_says_what_is_declared),
		cmocka_unit_test(a_broken_base_allows_nothing),
		cmocka_unit_test(host_patterns_are_checked),
		cmocka_unit_test(headers_of_a_script_are_harmless),
		cmocka_unit_test(a_credential_is_no_header_of_the_transport),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
