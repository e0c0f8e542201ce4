/* How an account's requests reach the vendor. */
#include "cli/route.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cli.h"
#include "net/net.h"
#include "sync/schedule.h"

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
		err_set_errno(err, ERR_USAGE, errno, "--ca-file %s", path);
		return err_hint(err, "name a file of certificates in PEM form that you may read");
	}
	free(account->ca_file);
	account->ca_file = whole;
	return true;
}

/* What the flag was given must be what a request can be sent by. */
static bool check(const char *flag, bool (*is_fine)(const char *text, struct err *err),
		  const char *text, struct err *err)
{
	if (is_fine(text, err))
		return true;
	if (err->kind == ERR_CONFIG)
		err->kind = ERR_USAGE;
	return err_context(err, "--%s", flag);
}

static bool take_proxy(struct account *account, const char *text, struct err *err)
{
	return check("proxy", net_check_proxy, text, err) &&
	       route_set_text(&account->proxy, text, err);
}

/* All texts of a repeated flag as a JSON array in *field; untouched if there is none. */
static bool take_list(const struct cli *cli, const char *flag,
		      bool (*is_fine)(const char *text, struct err *err), char **field,
		      bool *changed, struct err *err)
{
	json_t *list = json_array();
	const char *text;
	size_t at = 0;
	char *json;

	while ((text = parsed_next(&cli->parsed, flag, &at))) {
		if (!check(flag, is_fine, text, err) ||
		    (json_array_append_new(list, json_string(text)) != 0 && !err_oom(err))) {
			json_decref(list);
			return false;
		}
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
	       (!proxy || take_proxy(account, proxy, err)) &&
	       take_list(cli, "connect-to", net_check_route, &account->connect_to, changed, err) &&
	       take_list(cli, "allow-cidr", net_check_cidr, &account->allow_cidrs, changed, err);
}

bool route_take_schedule(const struct cli *cli, struct account *account, struct err *err)
{
	const char *every = parsed_text(&cli->parsed, "every");

	return !every || schedule_parse(every, &account->every_seconds, err) ||
	       err_context(err, "--every");
}
