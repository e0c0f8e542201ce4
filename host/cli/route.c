/* How an account's requests reach the vendor. */
#include "cli/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cli.h"

bool route_set_text(char **field, const char *text, struct err *err)
{
	char *copy = text ? str_dup(text) : NULL;

	if (text && !copy)
		return err_oom(err);
	free(*field);
	*field = copy;
	return true;
}

static bool take_ca_file(struct account *account, const char *path, struct err *err)
{
	char *whole = realpath(path, NULL);

	if (!whole || access(whole, R_OK) != 0) {
		free(whole);
		return err_set_errno(err, ERR_USAGE, errno, "--ca-file %s", path);
	}
	free(account->ca_file);
	account->ca_file = whole;
	return true;
}

/* A password in a proxy's URL would stand in the argument list and in the store. */
static bool check_proxy(const char *url, struct err *err)
{
	const char *host = strstr(url, "://");

	if (!host || !(str_has_prefix(url, "http://") || str_has_prefix(url, "https://") ||
		       str_has_prefix(url, "socks5h://")))
		return err_set(err, ERR_USAGE,
			       "--proxy wants http://HOST:PORT, https://... or socks5h://...");
	if (strchr(host, '@'))
		return err_set(err, ERR_USAGE, "--proxy takes no user and password");
	return true;
}

/* HOST:PORT:HOST2:PORT2; an IPv6 address stands in brackets. */
static bool check_connect_to(const char *text, struct err *err)
{
	size_t colons = 0;
	bool in_brackets = false;

	for (const char *at = text; *at; at++) {
		in_brackets = *at == '[' || (in_brackets && *at != ']');
		colons += *at == ':' && !in_brackets;
	}
	if (colons == 3)
		return true;
	return err_set(err, ERR_USAGE, "--connect-to %s: wants HOST:PORT:HOST2:PORT2", text);
}

static bool check_cidr(const char *text, struct err *err)
{
	unsigned char address[sizeof(struct in6_addr)];
	const char *slash = strchr(text, '/');
	char *host = slash ? str_dup_len(text, (size_t)(slash - text)) : NULL;
	bool is_v4 = host && inet_pton(AF_INET, host, address) == 1;
	bool is_v6 = host && inet_pton(AF_INET6, host, address) == 1;
	int64_t bits = -1;

	free(host);
	if ((is_v4 || is_v6) && str_to_int64(slash + 1, &bits) && bits >= 0 &&
	    bits <= (is_v4 ? 32 : 128))
		return true;
	return err_set(err, ERR_USAGE, "--allow-cidr %s: wants an address and bits, as 10.0.0.0/8",
		       text);
}

/* All texts of a repeated flag as a JSON array in *field; untouched if there is none. */
static bool take_list(const struct cli *cli, const char *flag,
		      bool (*check)(const char *text, struct err *err), char **field, bool *changed,
		      struct err *err)
{
	json_t *list = json_array();
	const char *text;
	size_t at = 0;
	char *json;

	while ((text = parsed_next(&cli->parsed, flag, &at))) {
		if (!check(text, err)) {
			json_decref(list);
			return false;
		}
		json_array_append_new(list, json_string(text));
	}
	if (json_array_size(list) == 0) {
		json_decref(list);
		return true;
	}
	json = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	if (!json)
		return err_oom(err);
	free(*field);
	*field = json;
	*changed = true;
	return true;
}

static bool clear(const struct cli *cli, const char *flag, const char *empty, char **field,
		  bool *changed, struct err *err)
{
	if (!parsed_has(&cli->parsed, flag))
		return true;
	*changed = true;
	return route_set_text(field, empty, err);
}

static bool clear_all(const struct cli *cli, struct account *account, bool *changed,
		      struct err *err)
{
	return clear(cli, "no-ca-file", NULL, &account->ca_file, changed, err) &&
	       clear(cli, "no-proxy", NULL, &account->proxy, changed, err) &&
	       clear(cli, "no-connect-to", "[]", &account->connect_to, changed, err) &&
	       clear(cli, "no-allow-cidr", "[]", &account->allow_cidrs, changed, err);
}

bool route_take_flags(const struct cli *cli, struct account *account, bool *changed,
		      struct err *err)
{
	const char *ca_file = parsed_text(&cli->parsed, "ca-file");
	const char *proxy = parsed_text(&cli->parsed, "proxy");

	*changed = ca_file || proxy;
	return clear_all(cli, account, changed, err) &&
	       (!ca_file || take_ca_file(account, ca_file, err)) &&
	       (!proxy ||
		(check_proxy(proxy, err) && route_set_text(&account->proxy, proxy, err))) &&
	       take_list(cli, "connect-to", check_connect_to, &account->connect_to, changed, err) &&
	       take_list(cli, "allow-cidr", check_cidr, &account->allow_cidrs, changed, err);
}
