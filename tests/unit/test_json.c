/* JSON documents, built member by member: whole, or not at all. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "unit.h"

/* Allocations until one fails, and how many are held; jansson's alone. */
static long left, held;

static void *count_malloc(size_t size)
{
	void *data = left-- > 0 ? malloc(size) : NULL;

	held += data != NULL;
	return data;
}

static void count_free(void *data)
{
	held -= data != NULL;
	free(data);
}

static json_t *build(void)
{
	json_t *object = json_object(), *list = json_array();

	for (int i = 0; i < 20; i++)
		json_add(&list, json_integer(i));
	json_put_text(&object, "name", "acme");
	json_put_text(&object, "nothing", NULL);
	json_put(&object, "list", list);
	for (char key[] = "a"; key[0] <= 'z'; key[0]++)
		json_put(&object, key, json_string(key));
	return object;
}

static int count_allocations(void **state)
{
	(void)state;
	json_set_alloc_funcs(count_malloc, count_free);
	held = 0;
	return 0;
}

static int count_no_more(void **state)
{
	(void)state;
	json_set_alloc_funcs(malloc, free);
	return 0;
}

static void what_is_put_is_there(void **state)
{
	json_t *object;

	(void)state;
	left = 10000;
	object = build();
	assert_int_equal(json_object_size(object), 29);
	assert_int_equal(json_array_size(json_object_get(object, "list")), 20);
	assert_true(json_is_null(json_object_get(object, "nothing")));
	assert_string_equal(json_string_value(json_object_get(object, "name")), "acme");
	json_decref(object);
	assert_int_equal(held, 0);
}

static void without_memory_there_is_no_document(void **state)
{
	json_t *object = NULL;
	long failing = 0;

	(void)state;
	for (; object == NULL; failing++) {
		left = failing;
		object = build();
		if (object == NULL)
			assert_int_equal(held, 0);
	}
	assert_true(failing > 50);
	assert_int_equal(json_object_size(object), 29);
	json_decref(object);
}

static void a_text_that_is_no_utf8_fails_the_document(void **state)
{
	json_t *object, *list;

	(void)state;
	left = 10000;
	object = json_object();
	list = json_array();
	json_put_text(&object, "name", "\xff");
	assert_null(object);
	json_put_text(&object, "name", "acme");
	assert_null(object);
	json_add(&list, NULL);
	assert_null(list);
	assert_int_equal(held, 0);
}

/* The allocator gives the same block again (unless a sanitizer keeps it), but for its own words in
 * front. */
static void what_jansson_gives_back_is_wiped(void **state)
{
	enum { BYTES = 200, OWN = 16 };
	json_malloc_t take;
	json_free_t give_back;
	volatile char *again;
	char *block;

	(void)state;
	json_wipe_freed();
	json_get_alloc_funcs(&take, &give_back);
	block = take(BYTES);
	assert_non_null(block);
	memset(block, 'x', BYTES);
	give_back(block);
	again = malloc(BYTES);
	assert_non_null(again);
	for (size_t i = OWN; i < BYTES; i++)
		assert_int_not_equal(again[i], 'x');
	free((void *)(uintptr_t)again);
	give_back(NULL);
	json_set_alloc_funcs(malloc, free);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_put_is_there, count_allocations,
						count_no_more),
		cmocka_unit_test_setup_teardown(without_memory_there_is_no_document,
						count_allocations, count_no_more),
		cmocka_unit_test_setup_teardown(a_text_that_is_no_utf8_fails_the_document,
						count_allocations, count_no_more),
		cmocka_unit_test(what_jansson_gives_back_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
