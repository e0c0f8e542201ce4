/* Accounts as they are named on the command line. */
#include "cli/accounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"

enum { ACCOUNT_NAME_MAX = 63 };

struct finding {
	const char *selector;
	struct account *accounts;
	size_t count;
};

static bool find(struct store_tx *tx, void *arg, struct err *err)
{
	struct finding *finding = arg;

	return account_find(tx, finding->selector, &finding->accounts, &finding->count, err);
}

bool accounts_find(const struct cli *cli, const char *selector, struct account **out, size_t *count,
		   struct err *err)
{
	struct finding finding = { .selector = selector };

	if (!store_run(cli->host.store, STORE_READ, find, &finding, err))
		return false;
	*out = finding.accounts;
	*count = finding.count;
	return true;
}

const char *accounts_slug(const struct account *account, char out[ACCOUNT_SLUG_SIZE])
{
	snprintf(out, ACCOUNT_SLUG_SIZE, "%s/%s", account->vendor, account->name);
	return out;
}

static bool has_account(const struct account *accounts, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++) {
		if (str_eq(accounts[i].id, id))
			return true;
	}
	return false;
}

/* Moves those of `more` that are not in the list yet to its end; releases the rest. */
static bool merge(struct account **list, size_t *count, struct account *more, size_t more_count,
		  struct err *err)
{
	struct account *grown = realloc(*list, (*count + more_count + 1) * sizeof(**list));

	if (!grown) {
		account_list_fini(more, more_count);
		return err_oom(err);
	}
	*list = grown;
	for (size_t i = 0; i < more_count; i++) {
		if (has_account(grown, *count, more[i].id))
			account_fini(&more[i]);
		else
			grown[(*count)++] = more[i];
	}
	free(more);
	return true;
}

bool accounts_of_args(const struct cli *cli, struct account **out, size_t *count, struct err *err)
{
	struct account *list = NULL;
	size_t n = 0;

	if (cli->parsed.arg_count == 0)
		return accounts_find(cli, NULL, out, count, err);
	for (size_t i = 0; i < cli->parsed.arg_count; i++) {
		struct account *more = NULL;
		size_t more_count = 0;

		if (!accounts_find(cli, cli->parsed.args[i], &more, &more_count, err) ||
		    !merge(&list, &n, more, more_count, err)) {
			account_list_fini(list, n);
			return false;
		}
	}
	*out = list;
	*count = n;
	return true;
}

static bool fail_several(const char *selector, const struct account *accounts, size_t count,
			 struct err *err)
{
	char slug[ACCOUNT_SLUG_SIZE];
	struct buf slugs = BUF_INIT;

	for (size_t i = 0; i < count; i++)
		buf_printf(&slugs, "%s%s", i ? ", " : "", accounts_slug(&accounts[i], slug));
	err_set(err, ERR_USAGE, "\"%s\" means %zu accounts: %s", selector, count, buf_text(&slugs));
	buf_fini(&slugs);
	return err_hint(err, "name one of them");
}

bool accounts_one(const struct cli *cli, const char *selector, struct account *out, struct err *err)
{
	struct account *found = NULL;
	size_t count = 0;

	if (!accounts_find(cli, selector, &found, &count, err))
		return false;
	if (count != 1) {
		fail_several(selector, found, count, err);
		account_list_fini(found, count);
		return false;
	}
	*out = found[0];
	free(found);
	return true;
}

bool accounts_check_filter(const struct cli *cli, struct err *err)
{
	const char *selector = parsed_text(&cli->parsed, "account");
	struct account *accounts = NULL;
	size_t count = 0;

	if (!selector)
		return true;
	if (!accounts_find(cli, selector, &accounts, &count, err))
		return false;
	account_list_fini(accounts, count);
	return true;
}

bool accounts_check_name(const char *name, const char *owner, struct err *err)
{
	size_t len = strlen(name);

	if (len > 0 && len <= ACCOUNT_NAME_MAX && name[0] != '.' && name[0] != '-' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len)
		return true;
	err_set(err, ERR_USAGE, "\"%s\" cannot be the name of %s", name, owner);
	return err_hint(err,
			"1 to %d lower-case letters, digits, \"-\", \"_\" and \".\", beginning "
			"with a letter or a digit",
			ACCOUNT_NAME_MAX);
}
