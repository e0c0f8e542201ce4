/* The sandbox's table of rows that the host has: each hash is found at its place. */
#include "sandbox/emit/raw_table.h"
#include "unit.h"

static void hash_of(uint32_t number, uint8_t out[HASH128_SIZE])
{
	hash128(&number, sizeof(number), out);
}

static void fill(struct raw_table *table, uint32_t from, uint32_t count)
{
	struct buf hashes = BUF_INIT;
	uint8_t hash[HASH128_SIZE];

	for (uint32_t i = from; i < from + count; i++) {
		hash_of(i, hash);
		buf_append(&hashes, hash, sizeof(hash));
	}
	assert_true(raw_table_add(table, hashes.data, hashes.len));
	buf_fini(&hashes);
}

static void check_at(struct raw_table *table, uint32_t number, uint32_t wanted)
{
	uint8_t hash[HASH128_SIZE];
	uint32_t place;

	hash_of(number, hash);
	assert_true(raw_table_find(table, hash, &place));
	assert_int_equal(place, wanted);
}

static void test_finds_in_any_order(void **state)
{
	struct raw_table table = { 0 };
	uint8_t hash[HASH128_SIZE];
	uint32_t place;

	(void)state;
	hash_of(1, hash);
	assert_false(raw_table_find(&table, hash, &place));
	fill(&table, 0, 3000);
	fill(&table, 3000, 3000);
	for (uint32_t i = 0; i < 6000; i++)
		check_at(&table, i, i);
	for (uint32_t i = 6000; i-- > 0;)
		check_at(&table, i, i);
	hash_of(6000, hash);
	assert_false(raw_table_find(&table, hash, &place));
	raw_table_fini(&table);
}

/* Two rows of equal records: the first is found until it is its turn, then the second. */
static void test_equal_hashes(void **state)
{
	struct raw_table table = { 0 };

	(void)state;
	fill(&table, 7, 1);
	fill(&table, 7, 1);
	fill(&table, 8, 1);
	check_at(&table, 8, 2);
	check_at(&table, 7, 0);
	check_at(&table, 7, 1);
	raw_table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_in_any_order),
		cmocka_unit_test(test_equal_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
