/* The completeness proof of one listing. */
#include "sync/proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sabotage.h"
#include "base/str.h"

void proof_fini(struct proof *proof)
{
	for (size_t i = 0; i < proof->scope_count; i++)
		free(proof->scopes[i].parent);
	free(proof->scopes);
	free(proof->pagers);
	*proof = (struct proof){ 0 };
}

/* Room for one more in a list that doubles. */
static bool grow(void *list, size_t count, size_t *size, size_t each, struct err *err)
{
	void **items = list;
	size_t wanted = *size == 0 ? 16 : *size * 2;
	void *bigger;

	if (count < *size)
		return true;
	bigger = realloc(*items, wanted * each);
	if (bigger == NULL)
		return err_oom(err);
	*items = bigger;
	*size = wanted;
	return true;
}

/* --- scopes --- */

/* NULL for scope 0, which is the stream, and for one that was never opened. */
static struct proof_scope *find_scope(struct proof *proof, int64_t number)
{
	if (number < 1 || (uint64_t)number > proof->scope_count) {
		proof->is_broken |= number != 0;
		return NULL;
	}
	return &proof->scopes[number - 1];
}

static void spoil(struct proof *proof, struct proof_scope *scope, const char *why)
{
	if (proof->first_spoiled[0] == '\0')
		snprintf(proof->first_spoiled, sizeof(proof->first_spoiled), "%s %s: %s",
			 proof->parent->name, scope->parent, why);
	scope->is_spoiled = true;
}

static bool open_scope(struct proof *proof, const struct value *args, bool is_kept, struct err *err)
{
	const struct model_entity *parent = model_entity(value_text(args, "entity", ""));
	const struct value *id = value_get(args, "parent");
	bool is_id = id != NULL && id->type == VALUE_BYTES && id->len > 0 &&
		     id->len <= PROOF_ID_MAX && str_is_utf8(id->bytes, id->len);
	struct proof_scope *scope;

	if (parent == NULL || (proof->parent != NULL && proof->parent != parent))
		return err_set(err, ERR_BUG, "scope: a stream's scopes are all of one entity");
	if (value_int(args, "id", 0) != (int64_t)proof->scope_count + 1 ||
	    proof->scope_count == PROOF_SCOPES_MAX)
		return err_set(err, ERR_BUG, "scope: more than %d, or out of order",
			       PROOF_SCOPES_MAX);
	proof->scope_bytes += is_id ? id->len : 0;
	if (proof->scope_bytes > PROOF_SCOPE_BYTES_MAX)
		return err_set(err, ERR_BUG, "scope: ids of more than %d MiB",
			       PROOF_SCOPE_BYTES_MAX / 1024 / 1024);
	if (!grow(&proof->scopes, proof->scope_count, &proof->scope_size, sizeof(*scope), err))
		return false;
	proof->parent = parent;
	scope = &proof->scopes[proof->scope_count];
	*scope = (struct proof_scope){ .is_open = !is_kept, .is_kept = is_kept };
	scope->parent = str_dup(is_id ? id->bytes : "");
	if (scope->parent == NULL)
		return err_oom(err);
	proof->scope_count++;
	if (!is_id) /* no row can name such a parent; cut to a text it might name another one */
		spoil(proof, scope, "its id is no text, too long, or holds a NUL");
	return true;
}

bool proof_scope(struct proof *proof, const struct value *args, struct err *err)
{
	const char *at = value_text(args, "at", "");
	struct proof_scope *scope;

	if (str_eq(at, "open") || str_eq(at, "keep"))
		return open_scope(proof, args, str_eq(at, "keep"), err);
	scope = find_scope(proof, value_int(args, "id", -1));
	if (scope == NULL || !scope->is_open)
		return err_set(err, ERR_BUG, "scope: what was not opened cannot end");
	scope->is_open = false;
	if (str_eq(at, "failed"))
		spoil(proof, scope, value_text(args, "message", "it failed"));
	else if (!scope->has_evidence)
		spoil(proof, scope, "no pager was used and the stream is not declared single");
	else if (scope->open_pagers > 0)
		spoil(proof, scope, "the end of a list was not reached");
	return true;
}

enum proof_scope_end proof_scope_end(const struct proof_scope *scope)
{
	if (scope->is_spoiled || scope->is_open)
		return SCOPE_SPOILED;
	return scope->is_kept ? SCOPE_KEPT : SCOPE_PROVEN;
}

struct proof_scopes proof_count_scopes(const struct proof *proof)
{
	struct proof_scopes sum = { 0 };

	for (size_t i = 0; i < proof->scope_count; i++) {
		switch (proof_scope_end(&proof->scopes[i])) {
		case SCOPE_PROVEN:
			sum.proven++;
			break;
		case SCOPE_KEPT:
			sum.kept++;
			break;
		case SCOPE_SPOILED:
			sum.spoiled++;
			break;
		}
	}
	return sum;
}

/* --- requests and records --- */

void proof_single(struct proof *proof, int64_t number)
{
	struct proof_scope *scope = find_scope(proof, number);

	if (scope != NULL)
		scope->has_evidence = true;
	else
		proof->has_evidence = true;
}

void proof_asked(struct proof *proof, int64_t number)
{
	if (find_scope(proof, number) == NULL)
		proof->requests++;
}

void proof_failed(struct proof *proof, int64_t number, const char *message)
{
	struct proof_scope *scope = find_scope(proof, number);

	if (scope != NULL)
		spoil(proof, scope, message);
	else if (proof->failed++ == 0)
		snprintf(proof->first_failure, sizeof(proof->first_failure), "%s", message);
}

void proof_parents(struct proof *proof)
{
	proof->has_parents = true;
}

void proof_no_id(struct proof *proof, int64_t number)
{
	struct proof_scope *scope = find_scope(proof, number);

	if (scope != NULL)
		spoil(proof, scope, "a record has no id");
	else
		proof->no_id++;
}

void proof_doubled(struct proof *proof, int64_t number)
{
	struct proof_scope *scope = find_scope(proof, number);

	if (scope != NULL)
		spoil(proof, scope, "a record came twice");
	else
		proof->doubled++;
}

/* --- pagers --- */

static bool open_pager(struct proof *proof, int64_t number, int64_t scope_number, struct err *err)
{
	struct proof_scope *scope = find_scope(proof, scope_number);

	if (proof->pager_count == 0)
		proof->first_pager = number;
	if (number != proof->first_pager + (int64_t)proof->pager_count ||
	    proof->pager_count == PROOF_PAGERS_MAX)
		return err_set(err, ERR_BUG, "page: more than %d pagers, or out of order",
			       PROOF_PAGERS_MAX);
	if (!grow(&proof->pagers, proof->pager_count, &proof->pager_size, sizeof(*proof->pagers),
		  err))
		return false;
	proof->pagers[proof->pager_count++] =
		(struct proof_pager){ .scope = scope != NULL ? (uint32_t)scope_number : 0 };
	if (scope == NULL) {
		proof->open_pagers++;
		proof->has_evidence = true;
		return true;
	}
	scope->open_pagers++;
	scope->has_evidence = true;
	return true;
}

static struct proof_pager *find_pager(struct proof *proof, int64_t number)
{
	int64_t at = number - proof->first_pager;

	if (at < 0 || (uint64_t)at >= proof->pager_count)
		return NULL;
	return &proof->pagers[at];
}

static void end_pager(struct proof *proof, struct proof_pager *pager)
{
	struct proof_scope *scope = find_scope(proof, pager->scope);

	pager->state = PAGER_ENDED;
	if (scope != NULL)
		scope->open_pagers--;
	else
		proof->open_pagers--;
}

static void cut_pager(struct proof *proof, struct proof_pager *pager)
{
	struct proof_scope *scope = find_scope(proof, pager->scope);

	pager->state = PAGER_CUT;
	if (scope != NULL)
		spoil(proof, scope, "it was limited");
	proof->is_cut = true;
}

static void note_drift(struct proof *proof, const struct proof_pager *pager, const char *drift)
{
	struct proof_scope *scope = find_scope(proof, pager->scope);

	if (scope != NULL)
		spoil(proof, scope, drift);
	else if (proof->drift[0] == '\0')
		snprintf(proof->drift, sizeof(proof->drift), "%s", drift);
}

bool proof_page(struct proof *proof, const struct value *args, struct err *err)
{
	const char *at = value_text(args, "at", "");
	const char *drift = value_text(args, "drift", NULL);
	int64_t number = value_int(args, "pager", -1);
	struct proof_pager *pager;

	if (str_eq(at, "open"))
		return open_pager(proof, number, value_int(args, "scope", 0), err);
	pager = find_pager(proof, number);
	if (pager == NULL || pager->state != PAGER_OPEN) {
		proof->is_broken = true;
		return true;
	}
	if (drift != NULL && !sabotage_is(SABOTAGE_IGNORE_DRIFT))
		note_drift(proof, pager, drift);
	if (str_eq(at, "page"))
		proof->pages++;
	else if (str_eq(at, "end"))
		end_pager(proof, pager);
	else if (str_eq(at, "cut"))
		cut_pager(proof, pager);
	else
		proof->is_broken = true;
	return true;
}

bool proof_is_endless(const struct proof *proof)
{
	int64_t pagers = proof->pager_count > 1 ? (int64_t)proof->pager_count : 1;

	return proof->pages > PROOF_PAGES_MAX * pagers;
}

/* --- the verdict --- */

bool proof_is_whole(const struct proof *proof, struct buf *why)
{
	if (proof->failed > 0)
		buf_printf(why, "%lld request(s) failed, the first: %s", (long long)proof->failed,
			   proof->first_failure);
	else if (proof->is_cut)
		buf_str(why, "it was limited");
	else if (proof->is_broken)
		buf_str(why, "its pages were not reported in order");
	else if (proof->no_id > 0)
		buf_printf(why, "%lld record(s) have no id", (long long)proof->no_id);
	else
		return true;
	return false;
}

/* A stream that only lists children has nothing to show of its own but the list of parents. */
static bool has_own_listing(const struct proof *proof)
{
	bool is_by_parent = proof->scope_count > 0 || proof->has_parents;

	return proof->has_evidence || (is_by_parent && proof->requests == 0);
}

bool proof_holds(const struct proof *proof, struct buf *why)
{
	if (!proof_is_whole(proof, why))
		return false;
	if (!has_own_listing(proof))
		buf_str(why, "no pager was used and the stream is not declared single");
	else if (proof->open_pagers > 0)
		buf_str(why, "the end of a list was not reached");
	else if (proof->drift[0] != '\0')
		buf_printf(why, "the list moved while it was read: %s", proof->drift);
	else if (proof->doubled > 0)
		buf_printf(why, "the list moved while it was read: %lld record(s) came twice",
			   (long long)proof->doubled);
	else
		return true;
	return false;
}
