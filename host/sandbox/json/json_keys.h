/*
 * Which keys the open objects of a JSON walk have had: duplicates are seen by a 64-bit hash under a
 * seed of the process. Memory is bounded by the keys of the objects that are open at one time.
 */
#ifndef MUSTER_SANDBOX_JSON_JSON_KEYS_H
#define MUSTER_SANDBOX_JSON_JSON_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_KEYS_LEVELS = 1024 };

struct json_key_slot {
	uint64_t hash;
	uint32_t object; /* 0 = never used */
	uint32_t level;
};

struct json_keys {
	struct json_key_slot *slots;
	size_t size; /* a power of two */
	size_t used; /* keys of open objects */
	uint64_t seed;
	uint32_t last_object;
	uint32_t open[JSON_KEYS_LEVELS]; /* the object at each level; 0 = none */
	uint32_t counts[JSON_KEYS_LEVELS];
};

void json_keys_init(struct json_keys *keys);
void json_keys_fini(struct json_keys *keys);

/* An object begins or ends at `level` (< JSON_KEYS_LEVELS). Inner ones end before outer ones. */
void json_keys_open(struct json_keys *keys, unsigned level);
void json_keys_close(struct json_keys *keys, unsigned level);

enum json_key_status { JSON_KEY_NEW, JSON_KEY_AGAIN, JSON_KEY_NO_MEMORY };

/* A key of the innermost open object, at `level`. */
enum json_key_status json_keys_add(struct json_keys *keys, unsigned level, const void *key,
				   size_t len);

#endif
