/* Derived rows: who wins, whatever the order; and the table below. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/emit/byte_table.h"
#include "sandbox/emit/fold.h"
#include "unit.h"

struct sighting {
	struct map_value rank;
	const char *row;
};

static struct map_value text_rank(const char *text)
{
	return (struct map_value){ .type = MAP_TEXT, .text = text, .len = strlen(text) };
}

static struct map_value int_rank(int64_t i)
{
	return (struct map_value){ .type = MAP_INT, .i = i };
}

/* Adds the sightings in the order of `order` and checks who has won. */
static void check_order(const struct sighting *sightings, const size_t *order, size_t count,
			const char *winner)
{
	struct fold fold;
	struct err err = ERR_INIT;
	size_t len;
	const char *row;

	fold_init(&fold);
	for (size_t i = 0; i < count; i++) {
		const struct sighting *at = &sightings[order[i]];

		assert_true(fold_add(&fold, "id", 2, &at->rank, at->row, strlen(at->row), &err));
	}
	assert_int_equal(fold.rows.count, 1);
	row = fold_row(byte_table_find(&fold.rows, "id", 2), &len);
	assert_int_equal(len, strlen(winner));
	assert_memory_equal(row, winner, len);
	fold_fini(&fold);
}

/* Every permutation (Heap's algorithm). */
static void permute(const struct sighting *sightings, size_t *order, size_t k, size_t count,
		    const char *winner)
{
	if (k <= 1) {
		check_order(sightings, order, count, winner);
		return;
	}
	for (size_t i = 0; i < k; i++) {
		size_t other = k % 2 == 0 ? i : 0, kept;

		permute(sightings, order, k - 1, count, winner);
		kept = order[other];
		order[other] = order[k - 1];
		order[k - 1] = kept;
	}
}

static void check_all_orders(const struct sighting *sightings, size_t count, const char *winner)
{
	size_t order[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };

	permute(sightings, order, count, count, winner);
}

static void test_greater_rank_wins_in_any_order(void **state)
{
	const struct sighting sightings[] = {
		{ text_rank("2026-03-02T00:00:00.000Z"), "zz" },
		{ text_rank("2026-03-03T00:00:00.000Z"), "aa" },
		{ { .type = MAP_NOTHING }, "zzz" },
		{ text_rank("2026-03-02T23:59:59.999Z"), "mm" },
		{ int_rank(INT64_MAX), "zzzz" },
	};

	(void)state;
	check_all_orders(sightings, 5, "aa");
}

static void test_numbers_compare_as_numbers(void **state)
{
	const struct sighting sightings[] = {
		{ int_rank(-1), "a" },
		{ int_rank(9), "b" },
		{ int_rank(10), "c" },
		{ int_rank(INT64_MIN), "d" },
	};

	(void)state;
	check_all_orders(sightings, 4, "c");
	check_all_orders(sightings, 1, "a");
}

static void test_bytes_decide_ties(void **state)
{
	const struct sighting sightings[] = {
		{ text_rank("x"), "ab" },
		{ text_rank("x"), "abc" },
		{ text_rank("x"), "\xffz" },
		{ text_rank("x"), "b" },
	};

	(void)state;
	check_all_orders(sightings, 4, "\xffz");
}

static void test_longer_rank_beats_its_beginning(void **state)
{
	const struct sighting sightings[] = { { text_rank("ab"), "z" }, { text_rank("abc"), "a" } };

	(void)state;
	check_all_orders(sightings, 2, "a");
}

static void test_ranks_that_cannot_be_compared(void **state)
{
	const struct map_value flag = { .type = MAP_BOOL }, none = { .type = MAP_NOTHING };
	struct err err = ERR_INIT;

	(void)state;
	assert_true(fold_check_rank(&none, &err));
	assert_false(fold_check_rank(&flag, &err));
	assert_int_equal(err.kind, ERR_DATA);
}

static void test_memory_is_capped(void **state)
{
	const struct map_value none = { .type = MAP_NOTHING };
	char *row = malloc(1 << 20);
	struct err err = ERR_INIT;
	struct fold fold;
	int added = 0;

	(void)state;
	assert_non_null(row);
	memset(row, 'x', 1 << 20);
	fold_init(&fold);
	for (;; added++) {
		char id[16];

		snprintf(id, sizeof(id), "%d", added);
		if (!fold_add(&fold, id, strlen(id), &none, row, 1 << 20, &err))
			break;
	}
	assert_in_range(added, 60, 63);
	assert_int_equal(err.kind, ERR_OVER_LIMIT);
	assert_non_null(strstr(err.message, "67108864"));
	/* What is there stays, and may still be replaced. */
	err = ERR_INIT;
	row[0] = 'y';
	assert_true(fold_add(&fold, "0", 1, &none, row, 1 << 20, &err));
	fold_fini(&fold);
	free(row);
}

static void test_table_keeps_what_it_is_given(void **state)
{
	struct byte_table table;
	struct byte_entry **sorted;
	struct err err = ERR_INIT;
	char key[16], last[16] = "";

	(void)state;
	byte_table_init(&table, 0);
	assert_null(byte_table_find(&table, "x", 1));
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_true(byte_table_set(&table, key, strlen(key), &i, sizeof(i), &err));
	}
	for (int i = 0; i < 5000; i++) {
		const struct byte_entry *entry;
		int value;

		snprintf(key, sizeof(key), "k%d", i);
		entry = byte_table_find(&table, key, strlen(key));
		assert_non_null(entry);
		memcpy(&value, entry->data + entry->key_len, sizeof(value));
		assert_int_equal(value, i);
	}
	sorted = byte_table_sorted(&table);
	for (size_t i = 0; i < table.count; i++) {
		snprintf(key, sizeof(key), "%.*s", (int)sorted[i]->key_len, sorted[i]->data);
		assert_true(strcmp(last, key) < 0);
		memcpy(last, key, sizeof(last));
	}
	free(sorted);
	byte_table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_greater_rank_wins_in_any_order),
		cmocka_unit_test(test_numbers_compare_as_numbers),
		cmocka_unit_test(test_bytes_decide_ties),
		cmocka_unit_test(test_longer_rank_beats_its_beginning),
		cmocka_unit_test(test_ranks_that_cannot_be_compared),
		cmocka_unit_test(test_memory_is_capped),
		cmocka_unit_test(test_table_keeps_what_it_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
