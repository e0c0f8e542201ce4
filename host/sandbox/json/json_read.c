/* Reading JSON that json_scan has walked. */
#include "sandbox/json/json_read.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/json/json_text.h"

static const char *skip_string(const char *at, const char *end)
{
	const unsigned char *here = (const unsigned char *)at + 1;
	const unsigned char *last = (const unsigned char *)end;

	for (;;) {
		here = json_plain_end(here, last);
		if (here >= last)
			return end;
		if (*here == '"')
			return (const char *)here + 1;
		here += *here == '\\' && last - here > 1 ? 2 : 1;
	}
}

const char *json_skip_space(const char *at)
{
	while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')
		at++;
	return at;
}

static const char *skip_container(const char *at, const char *end)
{
	unsigned depth = 0;

	while (at < end) {
		char c = *at;

		if (c == '"') {
			at = skip_string(at, end);
			continue;
		}
		at++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			break;
	}
	return at;
}

const char *json_skip(const char *at, const char *end)
{
	if (*at == '"')
		return skip_string(at, end);
	if (*at == '{' || *at == '[')
		return skip_container(at, end);
	while (at < end && *at != ',' && *at != '}' && *at != ']' && (unsigned char)*at > ' ')
		at++;
	return at;
}

static enum json_type number_type(struct json_span value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] == '.' || value.at[i] == 'e' || value.at[i] == 'E')
			return JSON_NUMBER;
	}
	return json_fits_int64(value.at, value.len) ? JSON_INT : JSON_NUMBER;
}

enum json_type json_type(struct json_span value)
{
	if (value.at == NULL || value.len == 0)
		return JSON_ABSENT;
	switch (value.at[0]) {
	case 'n':
		return JSON_NULL;
	case 't':
	case 'f':
		return JSON_BOOL;
	case '"':
		return JSON_TEXT;
	case '[':
		return JSON_LIST;
	case '{':
		return JSON_OBJECT;
	default:
		return number_type(value);
	}
}

int64_t json_int(struct json_span value)
{
	bool negative = value.at[0] == '-';
	uint64_t sum = 0;

	for (size_t i = negative ? 1 : 0; i < value.len; i++)
		sum = sum * 10 + (uint64_t)(value.at[i] - '0');
	return (int64_t)(negative ? 0 - sum : sum);
}

const char *json_list_first(struct json_span list)
{
	return json_skip_space(list.at + 1);
}

bool json_list_next(const char **at, const char *end, struct json_span *item)
{
	const char *first = *at;

	if (first >= end || *first == ']')
		return false;
	*at = json_skip(first, end);
	*item = json_span(first, (size_t)(*at - first));
	*at = json_skip_space(*at);
	if (**at == ',')
		*at = json_skip_space(*at + 1);
	return true;
}

/* --- picking paths --- */

enum { STEPS_MAX = 16, FIRST_NODES = 16 };

/* One key on the way of a path; the children of node 0 are the keys of the row itself. */
struct node {
	char *key;
	size_t len;
	uint64_t filter;	       /* over its children, see filter_bit */
	int slot;		       /* -1 = no path ends here */
	int first_child, next_sibling; /* 0 = none */
	int children;
};

struct json_pick {
	struct node *nodes;
	int count, room;
	int slots;
};

static uint64_t filter_bit(const char *key, size_t len)
{
	unsigned sum = (unsigned)len * 5;

	if (len > 0)
		sum += (unsigned char)key[0] * 3u + (unsigned char)key[len - 1];
	return UINT64_C(1) << (sum & 63);
}

struct json_pick *json_pick_new(void)
{
	struct json_pick *pick = calloc(1, sizeof(*pick));

	if (pick == NULL)
		return NULL;
	pick->nodes = calloc(FIRST_NODES, sizeof(*pick->nodes));
	if (pick->nodes == NULL) {
		free(pick);
		return NULL;
	}
	pick->room = FIRST_NODES;
	pick->count = 1;
	pick->nodes[0].slot = -1;
	return pick;
}

void json_pick_free(struct json_pick *pick)
{
	if (pick == NULL)
		return;
	for (int i = 0; i < pick->count; i++)
		free(pick->nodes[i].key);
	free(pick->nodes);
	free(pick);
}

size_t json_pick_count(const struct json_pick *pick)
{
	return (size_t)pick->slots;
}

static int find_child(const struct json_pick *pick, int parent, const char *key, size_t len)
{
	const struct node *nodes = pick->nodes;

	if ((nodes[parent].filter & filter_bit(key, len)) == 0)
		return 0;
	for (int i = nodes[parent].first_child; i != 0; i = nodes[i].next_sibling) {
		if (nodes[i].len == len && memcmp(nodes[i].key, key, len) == 0)
			return i;
	}
	return 0;
}

/* 0 when memory runs out. */
static int add_child(struct json_pick *pick, int parent, const char *key, size_t len)
{
	struct node *nodes = pick->nodes;
	char *copy;

	if (pick->count == pick->room) {
		nodes = realloc(nodes, (size_t)pick->room * 2 * sizeof(*nodes));
		if (nodes == NULL)
			return 0;
		pick->nodes = nodes;
		pick->room *= 2;
	}
	copy = malloc(len + 1);
	if (copy == NULL)
		return 0;
	memcpy(copy, key, len);
	copy[len] = '\0';
	nodes[pick->count] = (struct node){
		.key = copy, .len = len, .slot = -1, .next_sibling = nodes[parent].first_child
	};
	nodes[parent].first_child = pick->count;
	nodes[parent].filter |= filter_bit(key, len);
	nodes[parent].children++;
	return pick->count++;
}

int json_pick_add(struct json_pick *pick, const char *path)
{
	int node = 0;

	for (int steps = 0; steps < STEPS_MAX; steps++) {
		size_t len = strcspn(path, ".");
		int child = find_child(pick, node, path, len);

		if (child == 0)
			child = add_child(pick, node, path, len);
		if (child == 0)
			return -1;
		node = child;
		if (path[len] == '\0') {
			if (pick->nodes[node].slot < 0)
				pick->nodes[node].slot = pick->slots++;
			return pick->nodes[node].slot;
		}
		path += len + 1;
	}
	return -1;
}

static void pick_value(const struct json_pick *pick, int node, struct json_span value,
		       struct json_span *slots);

/* The child for a key as it stands between its quotes; escapes are resolved where there are any. */
static int child_for(const struct json_pick *pick, int node, const char *key, size_t len)
{
	struct buf text = BUF_INIT;
	int child = 0;

	if (memchr(key, '\\', len) == NULL)
		return find_child(pick, node, key, len);
	json_unescape(key, len, &text);
	if (!text.failed)
		child = find_child(pick, node, buf_text(&text), text.len);
	buf_fini(&text);
	return child;
}

static void pick_object(const struct json_pick *pick, int node, struct json_span object,
			struct json_span *slots)
{
	const char *end = object.at + object.len, *at = json_skip_space(object.at + 1);
	int wanted = pick->nodes[node].children;

	while (wanted > 0 && at < end && *at == '"') {
		const char *key = at + 1, *behind = json_skip(at, end);
		int child = child_for(pick, node, key, (size_t)(behind - key) - 1);

		at = json_skip_space(json_skip_space(behind) + 1);
		behind = json_skip(at, end);
		if (child != 0) {
			pick_value(pick, child, json_span(at, (size_t)(behind - at)), slots);
			wanted--;
		}
		at = json_skip_space(behind);
		if (*at == ',')
			at = json_skip_space(at + 1);
	}
}

/* Children whose keys are numbers pick items. */
static void pick_items(const struct json_pick *pick, int node, struct json_span list,
		       struct json_span *slots)
{
	const char *at = json_list_first(list), *end = list.at + list.len;
	struct json_span item;
	int wanted = pick->nodes[node].children;

	for (unsigned i = 1; wanted > 0 && json_list_next(&at, end, &item); i++) {
		char key[12];
		size_t len = 0;
		int child;

		for (unsigned rest = i; rest > 0; rest /= 10)
			key[sizeof(key) - ++len] = (char)('0' + rest % 10);
		child = find_child(pick, node, key + sizeof(key) - len, len);
		if (child != 0) {
			pick_value(pick, child, item, slots);
			wanted--;
		}
	}
}

static void pick_dead_end(const struct json_pick *pick, int node, struct json_span value,
			  struct json_span *slots)
{
	value.is_dead_end = true;
	for (int i = pick->nodes[node].first_child; i != 0; i = pick->nodes[i].next_sibling) {
		const struct node *child = &pick->nodes[i];

		if (child->slot >= 0 && slots[child->slot].at == NULL)
			slots[child->slot] = value;
		if (child->children > 0)
			pick_dead_end(pick, i, value, slots);
	}
}

static bool has_members(const struct json_pick *pick, int node, struct json_span value)
{
	int child = pick->nodes[node].first_child;
	char first = value.at[0];

	if (first == '[')
		return (pick->nodes[child].key[0] >= '1' && pick->nodes[child].key[0] <= '9') ||
		       *json_list_first(value) == ']';
	return first == 'n' || (first == '"' && value.len == 2);
}

/* The recursion is as deep as the longest path. */
static void pick_value(const struct json_pick *pick, int node, struct json_span value,
		       struct json_span *slots)
{
	const struct node *here = &pick->nodes[node];

	if (here->slot >= 0 && slots[here->slot].at == NULL)
		slots[here->slot] = value;
	if (here->children == 0)
		return;
	if (value.at[0] == '{')
		pick_object(pick, node, value, slots);
	else if (!has_members(pick, node, value))
		pick_dead_end(pick, node, value, slots);
	else if (value.at[0] == '[')
		pick_items(pick, node, value, slots);
}

void json_pick_run(const struct json_pick *pick, struct json_span row, struct json_span *slots)
{
	memset(slots, 0, (size_t)pick->slots * sizeof(*slots));
	if (row.len > 0)
		pick_value(pick, 0, row, slots);
}

void json_plan_make(struct json_plan *plan, const struct json_pick *pick,
		    const struct json_shape *shape, const char *body)
{
	plan->count = 0;
	for (unsigned i = 0; i < shape->count; i++) {
		int node = find_child(pick, 0, body + shape->keys[i].at, shape->keys[i].len);

		if (node == 0)
			continue;
		plan->wanted[plan->count].member = i;
		plan->wanted[plan->count++].node = node;
	}
}

void json_plan_run(const struct json_plan *plan, const struct json_pick *pick, const char *body,
		   const struct json_piece *members, struct json_span *slots)
{
	memset(slots, 0, (size_t)pick->slots * sizeof(*slots));
	for (unsigned i = 0; i < plan->count; i++) {
		const struct json_piece *value = &members[plan->wanted[i].member];

		pick_value(pick, plan->wanted[i].node, json_span(body + value->at, value->len),
			   slots);
	}
}
