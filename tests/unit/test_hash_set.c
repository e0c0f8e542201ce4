/* The set of hashes: what was added is there, what was not is not, at every size. */
#include <string.h>

#include "base/hash_set.h"
#include "unit.h"

static void hash_of(uint32_t number, uint8_t out[HASH128_SIZE])
{
	hash128(&number, sizeof(number), out);
}

static void test_adds_and_finds(void **state)
{
	struct hash_set set = { 0 };
	struct err err = ERR_INIT;
	uint8_t hash[HASH128_SIZE];
	bool again;

	(void)state;
	hash_of(0, hash);
	assert_false(hash_set_has(&set, hash));
	for (uint32_t i = 0; i < 5000; i++) {
		hash_of(i, hash);
		assert_false(hash_set_has(&set, hash));
		assert_true(hash_set_add(&set, hash, &again, &err));
		assert_false(again);
	}
	for (uint32_t i = 0; i < 5000; i++) {
		hash_of(i, hash);
		assert_true(hash_set_has(&set, hash));
		assert_true(hash_set_add(&set, hash, &again, &err));
		assert_true(again);
	}
	assert_int_equal(set.count, 5000);
	hash_set_fini(&set);
	assert_false(hash_set_has(&set, hash));
}

/* The hash that looks like a free slot is one like any other. */
static void test_all_zero(void **state)
{
	static const uint8_t zero[HASH128_SIZE];
	struct hash_set set = { 0 };
	struct err err = ERR_INIT;
	bool again;

	(void)state;
	assert_true(hash_set_add(&set, zero, &again, &err));
	assert_false(again);
	assert_true(hash_set_has(&set, zero));
	hash_set_fini(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adds_and_finds),
		cmocka_unit_test(test_all_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
