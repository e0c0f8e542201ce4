/*
 * Sealed records in numbers: that no nonce comes twice, that no changed byte, no shortening, no
 * other key and no other place opens one. Prints a line for each thing that is wrong; ends with 1
 * then.
 *
 * usage: promise_seals SEALS RECORDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/aead.h"
#include "crypto/random.h"
#include "vault/seal.h"

enum { HEAD = 3, PLACE_SIZE = 24 };

static const uint8_t key_bytes[SEAL_KEY_SIZE] = "a key as good as any other one";
static const struct seal_key key = { key_bytes, "" };

struct record {
	struct buf binding, sealed;
};

static void give_up(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(2);
}

static void seal(struct record *record, int number)
{
	char place[PLACE_SIZE];
	const char *const parts[] = { "install", place };
	struct err err;

	snprintf(place, sizeof(place), "place-%d", number);
	*record = (struct record){ BUF_INIT, BUF_INIT };
	seal_bind(&record->binding, parts, 2);
	if (!seal_put(key, &record->binding, place, strlen(place), &record->sealed, &err))
		give_up(err.message);
}

static void drop(struct record *record)
{
	buf_fini(&record->binding);
	buf_fini(&record->sealed);
}

static bool opens(struct seal_key with, const struct buf *binding, const char *sealed, size_t len)
{
	struct secret out;
	struct err err;
	bool is_open = seal_open(with, binding, sealed, len, &out, &err);

	secret_fini(&out);
	return is_open;
}

/* --- nonces --- */

static int compare_nonces(const void *a, const void *b)
{
	return memcmp(a, b, AEAD_NONCE_SIZE);
}

static bool nonces_differ(size_t count)
{
	char(*nonces)[AEAD_NONCE_SIZE] = malloc(count * sizeof(*nonces));
	size_t twice = 0;

	if (nonces == NULL)
		give_up("out of memory");
	for (size_t i = 0; i < count; i++) {
		struct record record;

		seal(&record, 0);
		memcpy(nonces[i], record.sealed.data + HEAD, AEAD_NONCE_SIZE);
		drop(&record);
	}
	qsort(nonces, count, sizeof(*nonces), compare_nonces);
	for (size_t i = 1; i < count; i++)
		twice += compare_nonces(nonces[i - 1], nonces[i]) == 0;
	free(nonces);
	if (twice > 0)
		printf("%zu of %zu nonces came twice\n", twice, count);
	return twice == 0;
}

/* --- records --- */

static size_t count_changes_that_open(const struct record *record)
{
	size_t open = 0;

	for (size_t at = 0; at < record->sealed.len * 8; at++) {
		record->sealed.data[at / 8] = (char)(record->sealed.data[at / 8] ^ 1 << at % 8);
		open += opens(key, &record->binding, record->sealed.data, record->sealed.len);
		record->sealed.data[at / 8] = (char)(record->sealed.data[at / 8] ^ 1 << at % 8);
	}
	for (size_t len = 0; len < record->sealed.len; len++)
		open += opens(key, &record->binding, record->sealed.data, len);
	return open;
}

static size_t count_swaps_that_open(const struct record *records, int count)
{
	size_t open = 0;

	for (int i = 0; i < count; i++) {
		for (int j = 0; j < count; j++)
			open += i != j && opens(key, &records[i].binding, records[j].sealed.data,
						records[j].sealed.len);
	}
	return open;
}

static bool records_hold(int count)
{
	static const uint8_t other_bytes[SEAL_KEY_SIZE] = "another key";
	const struct seal_key other = { other_bytes, "" };
	struct record *records = calloc((size_t)count, sizeof(*records));
	size_t changed = 0, foreign = 0, unopened = 0, swapped;

	if (records == NULL)
		give_up("out of memory");
	for (int i = 0; i < count; i++) {
		struct record *at = &records[i];

		seal(at, i);
		unopened += !opens(key, &at->binding, at->sealed.data, at->sealed.len);
		changed += count_changes_that_open(at);
		foreign += opens(other, &at->binding, at->sealed.data, at->sealed.len);
	}
	swapped = count_swaps_that_open(records, count);
	for (int i = 0; i < count; i++)
		drop(&records[i]);
	free(records);
	if (changed + foreign + swapped + unopened == 0)
		return true;
	printf("opened: %zu changed, %zu under another key, %zu swapped; not opened: %zu good\n",
	       changed, foreign, swapped, unopened);
	return false;
}

int main(int argc, char **argv)
{
	bool fine;

	if (argc != 3)
		give_up("usage: promise_seals SEALS RECORDS");
	fine = nonces_differ(strtoul(argv[1], NULL, 10));
	fine = records_hold((int)strtol(argv[2], NULL, 10)) && fine;
	return fine ? 0 : 1;
}
