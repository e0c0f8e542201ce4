/* The completeness proof by itself: what pagers and scopes report, and what holds then. */
#include <string.h>

#include "base/str.h"
#include "connector/json_value.h"
#include "sync/proof.h"
#include "unit.h"

static struct value_tree *value_of(const char *json)
{
	json_t *made = json_loads(json, 0, NULL);
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	struct value_tree *tree;

	assert_non_null(made);
	value_put_json(&out, made);
	tree = value_parse(out.data, out.len, &err);
	assert_non_null(tree);
	buf_fini(&out);
	json_decref(made);
	return tree;
}

/* Lines "event {json}", as a sandbox reports them; the last error, if there was one. */
static struct err told(struct proof *proof, const char *const *lines)
{
	struct err err = ERR_INIT;

	for (; *lines != NULL; lines++) {
		struct value_tree *tree = value_of(strchr(*lines, '{'));

		if (str_has_prefix(*lines, "page"))
			proof_page(proof, value_root(tree), &err);
		else
			proof_scope(proof, value_root(tree), &err);
		value_tree_free(tree);
	}
	return err;
}

#define TOLD(proof, ...) told(proof, (const char *const[]){ __VA_ARGS__, NULL })

static bool holds(const struct proof *proof, const char *because)
{
	struct buf why = BUF_INIT;
	bool proven = proof_holds(proof, &why);

	if (because != NULL)
		assert_non_null(strstr(buf_text(&why), because));
	buf_fini(&why);
	return proven;
}

static void assert_hole(struct proof *proof, const char *because)
{
	assert_false(holds(proof, because));
	proof_fini(proof);
}

#define OPEN_1 "page {\"pager\":1,\"at\":\"open\"}"
#define PAGE_1 "page {\"pager\":1,\"at\":\"page\"}"
#define END_1 "page {\"pager\":1,\"at\":\"end\"}"
#define OPEN_2 "page {\"pager\":2,\"at\":\"open\"}"

static void a_listing_read_to_its_end_is_proven(void **state)
{
	struct proof proof = { 0 }, single = { 0 };

	(void)state;
	TOLD(&proof, OPEN_1, PAGE_1, END_1);
	assert_true(holds(&proof, NULL));
	proof_asked(&single, 0);
	proof_single(&single, 0);
	assert_true(holds(&single, NULL));
	proof_fini(&proof);
}

static void every_hole_breaks_the_proof(void **state)
{
	struct proof proof = { 0 };

	(void)state;
	assert_hole(&proof, "no pager");
	TOLD(&proof, OPEN_1, OPEN_2, END_1);
	assert_hole(&proof, "end of a list");
	TOLD(&proof, OPEN_1, PAGE_1, "page {\"pager\":1,\"at\":\"cut\"}");
	assert_hole(&proof, "limited");
	TOLD(&proof, OPEN_1, END_1);
	proof_failed(&proof, 0, "HTTP 500");
	assert_hole(&proof, "HTTP 500");
	TOLD(&proof, OPEN_1, END_1);
	proof_no_id(&proof, 0);
	assert_hole(&proof, "no id");
	TOLD(&proof, OPEN_1, END_1);
	proof_doubled(&proof, 0);
	assert_hole(&proof, "came twice");
}

static void pages_are_limited_by_pager(void **state)
{
	struct proof one = { .pager_count = 1, .pages = PROOF_PAGES_MAX + 1 };
	struct proof many = { .pager_count = 12000, .pages = 24000 };

	(void)state;
	assert_true(proof_is_endless(&one));
	assert_false(proof_is_endless(&many));
}

static void each_pager_ends_once(void **state)
{
	struct proof proof = { 0 };

	(void)state;
	TOLD(&proof, END_1, OPEN_1);
	assert_hole(&proof, "in order");
	/* The end of one told twice is not the end of the other. */
	TOLD(&proof, OPEN_1, OPEN_2, END_1, END_1);
	assert_hole(&proof, "in order");
	assert_int_equal(TOLD(&proof, OPEN_2, OPEN_1).kind, ERR_BUG);
	proof_fini(&proof);
}

static void a_drift_that_a_pager_saw_is_kept(void **state)
{
	struct proof proof = { 0 };

	(void)state;
	TOLD(&proof, OPEN_1,
	     "page {\"pager\":1,\"at\":\"page\",\"drift\":\"total went from 10 to 9\"}",
	     "page {\"pager\":1,\"at\":\"page\",\"drift\":\"something else\"}", END_1);
	assert_hole(&proof, "total went from 10 to 9");
}

/* --- scopes --- */

#define SCOPE(number, parent)                                                                      \
	"scope {\"id\":" #number ",\"at\":\"open\",\"entity\":\"device\",\"parent\":\"" parent "\"}"
#define SCOPE_END(number) "scope {\"id\":" #number ",\"at\":\"end\"}"
#define PAGER_IN(scope, pager) "page {\"pager\":" #pager ",\"at\":\"open\",\"scope\":" #scope "}"
#define PAGER_END(pager) "page {\"pager\":" #pager ",\"at\":\"end\"}"

static void assert_scopes(const struct proof *proof, int proven, int kept, int spoiled)
{
	struct proof_scopes sum = proof_count_scopes(proof);

	assert_int_equal(sum.proven, proven);
	assert_int_equal(sum.kept, kept);
	assert_int_equal(sum.spoiled, spoiled);
}

static void each_scope_has_a_proof_of_its_own(void **state)
{
	struct proof proof = { 0 };

	(void)state;
	TOLD(&proof, SCOPE(1, "a"), PAGER_IN(1, 7), PAGER_END(7), SCOPE_END(1), SCOPE(2, "b"),
	     PAGER_IN(2, 8), SCOPE(3, "c"), PAGER_IN(3, 9), PAGER_END(9), SCOPE_END(3),
	     SCOPE_END(2),
	     "scope {\"id\":4,\"at\":\"keep\",\"entity\":\"device\",\"parent\":\"d\"}");
	proof_asked(&proof, 1);
	assert_true(holds(&proof, NULL));
	assert_scopes(&proof, 2, 1, 1);
	assert_non_null(strstr(proof.first_spoiled, "device b: the end of a list"));
	proof_fini(&proof);
}

static void a_hole_spoils_its_scope_alone(void **state)
{
	struct proof proof = { 0 };

	(void)state;
	TOLD(&proof, SCOPE(1, "a"), PAGER_IN(1, 1), PAGER_END(1), SCOPE_END(1), SCOPE(2, "b"),
	     PAGER_IN(2, 2), PAGER_END(2), SCOPE_END(2), SCOPE(3, "c"), SCOPE_END(3), SCOPE(4, "d"),
	     "scope {\"id\":4,\"at\":\"failed\",\"message\":\"HTTP 500\"}");
	assert_scopes(&proof, 2, 0, 2); /* 3 showed no evidence, 4 failed */
	proof_failed(&proof, 1, "cut");
	assert_scopes(&proof, 1, 0, 3);
	proof_no_id(&proof, 2);
	assert_scopes(&proof, 0, 0, 4);
	assert_true(holds(&proof, NULL));
	proof_fini(&proof);
}

static void a_request_beside_the_scopes_needs_a_proof(void **state)
{
	struct proof proof = { 0 };

	(void)state;
	TOLD(&proof, SCOPE(1, "a"), SCOPE_END(1));
	proof_asked(&proof, 0);
	assert_hole(&proof, "no pager");
	/* No parents: nothing to ask for. */
	proof_parents(&proof);
	assert_true(holds(&proof, NULL));
	proof_asked(&proof, 0);
	assert_hole(&proof, "no pager");
}

static void what_contradicts_itself_ends_the_session(void **state)
{
	struct proof proof = { 0 };

	(void)state;
	assert_int_equal(TOLD(&proof, SCOPE(2, "a")).kind, ERR_BUG);
	assert_int_equal(TOLD(&proof, SCOPE_END(1)).kind, ERR_BUG);
	assert_int_equal(TOLD(&proof, SCOPE(1, "a"), SCOPE_END(1)).kind, ERR_NONE);
	assert_int_equal(TOLD(&proof, SCOPE_END(1)).kind, ERR_BUG);
	assert_int_equal(
		TOLD(&proof,
		     "scope {\"id\":2,\"at\":\"open\",\"entity\":\"user\",\"parent\":\"u\"}")
			.kind,
		ERR_BUG);
	proof_failed(&proof, 9, "of no scope");
	assert_hole(&proof, "1 request(s) failed");
}

static void events_only_have_to_be_whole(void **state)
{
	struct proof proof = { 0 };
	struct buf why = BUF_INIT;

	(void)state;
	TOLD(&proof, OPEN_1, PAGE_1); /* left early: the rest is known */
	assert_true(proof_is_whole(&proof, &why));
	proof_failed(&proof, 0, "HTTP 500");
	assert_false(proof_is_whole(&proof, &why));
	buf_fini(&why);
	proof_fini(&proof);
}

/* "scope" with at = "keep", of the next parent. */
static bool keep(struct proof *proof, const char *id, size_t len, struct err *err)
{
	struct value_tree *tree;
	struct buf args = BUF_INIT;
	bool fine;

	value_put_map(&args, 4);
	value_put_str(&args, "id");
	value_put_int(&args, (int64_t)proof->scope_count + 1);
	value_put_str(&args, "at");
	value_put_str(&args, "keep");
	value_put_str(&args, "entity");
	value_put_str(&args, "device");
	value_put_str(&args, "parent");
	value_put_bytes(&args, id, len);
	tree = value_parse(args.data, args.len, err);
	fine = proof_scope(proof, value_root(tree), err);
	value_tree_free(tree);
	buf_fini(&args);
	return fine;
}

/* Cut at its NUL the id would be another parent's, and prove away that one's children. */
static void an_id_that_no_row_can_have_proves_nothing(void **state)
{
	static const char cut[] = "d1\0d2";
	char long_id[PROOF_ID_MAX + 1];
	const struct {
		const char *text;
		size_t len;
	} ids[] = {
		{ cut, sizeof(cut) - 1 }, { "", 0 }, { "\xff", 1 }, { long_id, sizeof(long_id) }
	};
	struct proof proof = { 0 };

	(void)state;
	memset(long_id, 'x', sizeof(long_id));
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct err err = ERR_INIT;

		assert_true(keep(&proof, ids[i].text, ids[i].len, &err));
		assert_int_equal(proof_scope_end(&proof.scopes[i]), SCOPE_SPOILED);
		assert_string_equal(proof.scopes[i].parent, "");
	}
	proof_fini(&proof);
}

static void the_ids_of_scopes_have_a_bound(void **state)
{
	struct proof proof = { .scope_bytes = PROOF_SCOPE_BYTES_MAX - 3 };
	struct err err = ERR_INIT;

	(void)state;
	assert_true(keep(&proof, "abc", 3, &err));
	assert_false(keep(&proof, "d", 1, &err));
	assert_int_equal(err.kind, ERR_BUG);
	proof_fini(&proof);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listing_read_to_its_end_is_proven),
		cmocka_unit_test(every_hole_breaks_the_proof),
		cmocka_unit_test(pages_are_limited_by_pager),
		cmocka_unit_test(each_pager_ends_once),
		cmocka_unit_test(a_drift_that_a_pager_saw_is_kept),
		cmocka_unit_test(each_scope_has_a_proof_of_its_own),
		cmocka_unit_test(a_hole_spoils_its_scope_alone),
		cmocka_unit_test(a_request_beside_the_scopes_needs_a_proof),
		cmocka_unit_test(what_contradicts_itself_ends_the_session),
		cmocka_unit_test(events_only_have_to_be_whole),
		cmocka_unit_test(an_id_that_no_row_can_have_proves_nothing),
		cmocka_unit_test(the_ids_of_scopes_have_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
