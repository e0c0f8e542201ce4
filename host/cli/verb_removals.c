/* muster removals: sets of rows that the guard holds, and their approval. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/connection.h"
#include "cli/prompt.h"
#include "cli/verbs.h"
#include "store/audit.h"
#include "store/guard.h"

enum { APPROVAL_MS = 24 * 60 * 60 * 1000, ITEMS_SHOWN = 20 };

/* Waiting sets, the accounts they belong to, and the rows of one of them. */
struct held {
	struct held_set *sets;
	size_t count;
	struct account *accounts;
	size_t account_count;
};

static void held_fini(struct held *held)
{
	held_list_fini(held->sets, held->count);
	account_list_fini(held->accounts, held->account_count);
}

static bool read_held(struct store_tx *tx, void *arg, struct err *err)
{
	struct held *held = arg;

	return account_find(tx, NULL, &held->accounts, &held->account_count, err) &&
	       held_list(tx, NULL, &held->sets, &held->count, err);
}

/* The slug of a set's account; its id if the account was archived. */
static const char *slug_of(const struct held *held, const struct held_set *set,
			   char out[ACCOUNT_SLUG_SIZE])
{
	for (size_t i = 0; i < held->account_count; i++) {
		if (str_eq(held->accounts[i].id, set->account_id))
			return accounts_slug(&held->accounts[i], out);
	}
	return set->account_id;
}

/* By the set's id, or all sets of the accounts that a selector means. */
static bool is_meant(const struct held *held, const struct held_set *set, const char *selector)
{
	char slug[ACCOUNT_SLUG_SIZE];
	const char *name = slug_of(held, set, slug);
	int64_t id;

	if (str_to_int64(selector, &id))
		return set->id == id;
	return str_eq(name, selector) ||
	       (str_has_prefix(name, selector) && name[strlen(selector)] == '/');
}

/* --- list --- */

/* Those that `selector` means; NULL = all. */
static bool print_sets(const struct cli *cli, const struct held *held, const char *selector,
		       struct err *err)
{
	static const struct output_column columns[] = {
		{ .name = "id" },
		{ .name = "account" },
		{ .name = "stream" },
		{ .name = "rows" },
		{ .name = "why" },
		{ .name = "held_at", .kind = OUTPUT_TIME },
		{ .name = "approved_at", .kind = OUTPUT_TIME },
		{ .name = "session", .is_hidden = true },
		{ .name = "rule", .is_hidden = true },
		{ .name = "approved_by", .is_hidden = true },
		{ .name = "expires_at", .kind = OUTPUT_TIME, .is_hidden = true },
	};
	struct output *output = cli_output(cli, columns, sizeof(columns) / sizeof(columns[0]), err);
	char slug[ACCOUNT_SLUG_SIZE];
	bool done = output != NULL;

	for (size_t i = 0; done && i < held->count; i++) {
		const struct held_set *set = &held->sets[i];
		struct query_value values[] = {
			output_int(set->id),	       output_text(slug_of(held, set, slug)),
			output_text(set->stream),      output_int(set->count),
			output_text(set->summary),     output_text(set->held_at),
			output_text(set->approved_at), output_int(set->session_id),
			output_text(set->rule),	       output_text(set->approved_by),
			output_text(set->expires_at),
		};

		done = (selector && !is_meant(held, set, selector)) ||
		       output_row(output, values, err);
	}
	if (!done) {
		output_free(output);
		return false;
	}
	return cli_output_end(cli, output, "No removals wait for approval.", err);
}

struct items {
	int64_t id;
	struct held_item *items;
	size_t count;
};

static bool read_items(struct store_tx *tx, void *arg, struct err *err)
{
	struct items *items = arg;

	return held_items(tx, items->id, &items->items, &items->count, err);
}

static bool print_items(const struct cli *cli, const struct items *items, struct err *err)
{
	static const struct output_column columns[] = {
		{ .name = "entity" },
		{ .name = "label" },
		{ .name = "source_id" },
		{ .name = "reason" },
	};
	struct output *output = cli_output(cli, columns, sizeof(columns) / sizeof(columns[0]), err);
	bool done = output != NULL;

	for (size_t i = 0; done && i < items->count; i++) {
		const struct held_item *item = &items->items[i];
		struct query_value values[] = { output_text(item->entity), output_text(item->label),
						output_text(item->source_id),
						output_text(item->reason) };

		done = output_row(output, values, err);
	}
	if (!done) {
		output_free(output);
		return false;
	}
	return cli_output_end(cli, output, NULL, err);
}

static const struct held_set *set_by_id(const struct held *held, int64_t id)
{
	for (size_t i = 0; i < held->count; i++) {
		if (held->sets[i].id == id)
			return &held->sets[i];
	}
	return NULL;
}

static bool fail_no_set(const char *selector, struct err *err)
{
	err_set(err, ERR_MISSING, "no removals wait under \"%s\"", selector);
	return err_hint(err, "muster removals list");
}

static bool list_items(const struct cli *cli, const struct held *held, const char *id_text,
		       struct err *err)
{
	struct items items = { 0 };
	bool done;

	if (!str_to_int64(id_text, &items.id) || !set_by_id(held, items.id))
		return fail_no_set(id_text, err);
	done = store_run(cli->host.store, STORE_READ, read_items, &items, err) &&
	       print_items(cli, &items, err);
	held_items_fini(items.items, items.count);
	return done;
}

bool verb_removals_list(struct cli *cli, struct err *err)
{
	const char *id = parsed_arg(&cli->parsed, 0);
	struct held held = { 0 };
	bool done = store_run(cli->host.store, STORE_READ, read_held, &held, err) &&
		    (id ? list_items(cli, &held, id, err) : print_sets(cli, &held, NULL, err));

	held_fini(&held);
	return done;
}

/* --- approve --- */

struct approving {
	const int64_t *ids;
	size_t count;
};

static bool approve(struct store_tx *tx, void *arg, struct err *err)
{
	struct approving *approving = arg;
	char who[WHO_SIZE], now[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE], object[32];
	int64_t now_ms = clock_wall_ms();

	connection_who(who);
	clock_format(now_ms, now);
	clock_format(now_ms + APPROVAL_MS, until);
	for (size_t i = 0; i < approving->count; i++) {
		snprintf(object, sizeof(object), "%" PRId64, approving->ids[i]);
		if (!held_approve(tx, approving->ids[i], who, now, until, err) ||
		    !audit_add(tx, who, "approve-removals", object, NULL, now, err))
			return false;
	}
	return true;
}

static void put_set(const struct cli *cli, const struct held *held, const struct held_set *set,
		    struct buf *out)
{
	struct items items = { .id = set->id };
	struct err err = ERR_INIT;
	char slug[ACCOUNT_SLUG_SIZE];

	buf_printf(out, "%s: %s\n", slug_of(held, set, slug), set->summary);
	if (!store_run(cli->host.store, STORE_READ, read_items, &items, &err))
		return;
	for (size_t i = 0; i < items.count && i < ITEMS_SHOWN; i++)
		buf_printf(out, "  %s %s\n", items.items[i].entity,
			   items.items[i].label ? items.items[i].label : items.items[i].source_id);
	if (items.count > ITEMS_SHOWN)
		buf_printf(out, "  and %zu more: muster removals list %" PRId64 "\n",
			   items.count - ITEMS_SHOWN, set->id);
	held_items_fini(items.items, items.count);
}

static bool approve_meant(struct cli *cli, const struct held *held, const char *selector,
			  struct err *err)
{
	int64_t *ids = calloc(held->count + 1, sizeof(*ids));
	struct approving approving = { .ids = ids };
	struct buf what = BUF_INIT;
	bool done;

	if (!ids)
		return err_oom(err);
	for (size_t i = 0; i < held->count; i++) {
		if (!is_meant(held, &held->sets[i], selector))
			continue;
		ids[approving.count++] = held->sets[i].id;
		put_set(cli, held, &held->sets[i], &what);
	}
	done = approving.count > 0 || fail_no_set(selector, err);
	done = done &&
	       prompt_confirm(cli, buf_text(&what), "Remove exactly these at the next sync?",
			      err) &&
	       store_run(cli->host.store, STORE_WRITE, approve, &approving, err);
	buf_fini(&what);
	free(ids);
	return done;
}

static bool tell_approved(struct cli *cli, const char *selector, struct err *err)
{
	struct held now = { 0 };
	bool done = true;

	if (cli->is_json)
		done = store_run(cli->host.store, STORE_READ, read_held, &now, err) &&
		       print_sets(cli, &now, selector, err);
	else
		cli_note(cli, "Approved for 24 hours. The next sync removes them if they are still "
			      "missing.");
	held_fini(&now);
	return done;
}

bool verb_removals_approve(struct cli *cli, struct err *err)
{
	const char *selector = parsed_arg(&cli->parsed, 0);
	struct held held = { 0 };
	bool done = store_run(cli->host.store, STORE_READ, read_held, &held, err) &&
		    approve_meant(cli, &held, selector, err) && tell_approved(cli, selector, err);

	held_fini(&held);
	return done;
}
