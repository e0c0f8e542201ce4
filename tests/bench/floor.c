/*
 * The floor: what a sync costs at the least. libcurl's multi interface, simdjson, one upsert a row
 * into one table, and the rows that were not seen are deleted. One thread, one transaction. No
 * mapping, no history, no sandbox, no recording.
 *
 *   floor devices|apps|per_device HOST:PORT HOST CA-FILE DATABASE CONNECTIONS FULL|NORMAL [IDS]
 *
 * Asks https://HOST/v1/... at HOST:PORT (an address on loopback). Prints rows, pages and bytes.
 */
#include <curl/curl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor.h"

enum { PAGE = 300, URL_MAX = 512, SQL_MAX = 4096, CONNECTIONS_MAX = 64, ID_MAX = 64 };

struct workload {
	const char *name, *table, *list, *key;
	const struct floor_column *columns;
	size_t count;
	bool has_total, is_per_device;
};

#define COLUMNS(list) .columns = list, .count = sizeof(list) / sizeof(*list)

static const struct floor_column device_columns[] = {
	{ "device_id", NULL },
	{ "device_name", NULL },
	{ "model", NULL },
	{ "serial_number", NULL },
	{ "platform", NULL },
	{ "os_version", NULL },
	{ "supplemental_build_version", NULL },
	{ "supplemental_os_version_extra", NULL },
	{ "last_check_in", NULL },
	{ "user", "email" },
	{ "user", "name" },
	{ "user", "id" },
	{ "user", "is_archived" },
	{ "asset_tag", NULL },
	{ "blueprint_id", NULL },
	{ "blueprint_name", NULL },
	{ "mdm_enabled", NULL },
	{ "agent_installed", NULL },
	{ "agent_version", NULL },
	{ "is_missing", NULL },
	{ "is_removed", NULL },
	{ "first_enrollment", NULL },
	{ "last_enrollment", NULL },
	{ "lost_mode_status", NULL },
	{ "tags", NULL },
};

static const struct floor_column app_columns[] = {
	{ "app_id", NULL },
	{ "device_id", NULL },
	{ "device__name", NULL },
	{ "device__user_name", NULL },
	{ "device__user_email", NULL },
	{ "device__family", NULL },
	{ "serial_number", NULL },
	{ "blueprint_id", NULL },
	{ "blueprint_name", NULL },
	{ "updated_at", NULL },
	{ "name", NULL },
	{ "bundle_id", NULL },
	{ "path", NULL },
	{ "process", NULL },
	{ "signature", NULL },
	{ "source", NULL },
	{ "bundle_size", NULL },
	{ "version", NULL },
	{ "app_store_vendable", NULL },
	{ "device_based_vpp", NULL },
	{ "creation_date", NULL },
	{ "modification_date", NULL },
};

static const struct workload workloads[] = {
	{ "devices", "devices", NULL, "device_id", COLUMNS(device_columns) },
	{ "apps", "apps", "data", "device_id, path", COLUMNS(app_columns), .has_total = true },
	{ "per_device", "apps", "apps", "device_id, path", COLUMNS(app_columns),
	  .is_per_device = true },
};

struct floor;

/* One connection's request and its answer. */
struct slot {
	struct floor *floor;
	CURL *handle;
	char *body;
	size_t len, room;
	int64_t page;
};

struct floor {
	const struct workload *work;
	const char *host;
	sqlite3 *db;
	sqlite3_stmt *upsert;
	CURLM *multi;
	struct slot slots[CONNECTIONS_MAX];
	int connections, started, active;
	char (*ids)[ID_MAX]; /* per_device: one request each */
	int64_t next, end;   /* pages asked for; how many there are, -1 = not known yet */
	int64_t rows, pages, bytes;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "floor: %s: %s\n", what, why);
	exit(1);
}

/* --- the database --- */

static void run_sql(struct floor *floor, const char *sql)
{
	if (sqlite3_exec(floor->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(sql, sqlite3_errmsg(floor->db));
}

static bool is_key(const struct workload *work, const struct floor_column *column)
{
	return column->inner == NULL && strstr(work->key, column->name) != NULL;
}

static void column_name(const struct floor_column *column, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", column->name, column->inner != NULL ? "_" : "",
		 column->inner != NULL ? column->inner : "");
}

static void put_columns(const struct workload *work, char *sql)
{
	for (size_t i = 0; i < work->count; i++) {
		column_name(&work->columns[i], sql + strlen(sql), SQL_MAX - strlen(sql));
		strcat(sql, ", ");
	}
}

/* A key that is set, even to itself, would be written anew in its index. */
static void put_updates(const struct workload *work, char *sql)
{
	for (size_t i = 0; i < work->count; i++) {
		char name[64];

		if (is_key(work, &work->columns[i]))
			continue;
		column_name(&work->columns[i], name, sizeof(name));
		snprintf(sql + strlen(sql), SQL_MAX - strlen(sql), ", %s = excluded.%s", name,
			 name);
	}
}

static void open_database(struct floor *floor, const char *path, const char *synchronous)
{
	const struct workload *work = floor->work;
	char sql[SQL_MAX];

	if (sqlite3_open(path, &floor->db) != SQLITE_OK)
		die(path, "cannot be opened");
	snprintf(sql, sizeof(sql),
		 "PRAGMA journal_mode = WAL; PRAGMA synchronous = %s; PRAGMA cache_size = -65536",
		 synchronous);
	run_sql(floor, sql);
	snprintf(sql, sizeof(sql), "CREATE TABLE IF NOT EXISTS %s (", work->table);
	put_columns(work, sql);
	snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql), "run INTEGER, PRIMARY KEY (%s))",
		 work->key);
	run_sql(floor, sql);
	run_sql(floor, "CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY); BEGIN");
	run_sql(floor, "INSERT INTO runs DEFAULT VALUES");
}

static void prepare_upsert(struct floor *floor)
{
	const struct workload *work = floor->work;
	char sql[SQL_MAX];
	size_t at;

	snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES (", work->table);
	for (size_t i = 0; i < work->count; i++)
		strcat(sql, "?, ");
	at = strlen(sql);
	snprintf(sql + at, sizeof(sql) - at, "%lld) ON CONFLICT DO UPDATE SET run = excluded.run",
		 (long long)sqlite3_last_insert_rowid(floor->db));
	put_updates(work, sql);
	if (sqlite3_prepare_v2(floor->db, sql, -1, &floor->upsert, NULL) != SQLITE_OK)
		die(sql, sqlite3_errmsg(floor->db));
}

static bool on_row(void *arg, const struct floor_value *values)
{
	struct floor *floor = arg;

	for (size_t i = 0; i < floor->work->count; i++) {
		const struct floor_value *value = &values[i];
		int at = (int)i + 1;

		if (value->type == FLOOR_NULL)
			sqlite3_bind_null(floor->upsert, at);
		else if (value->type == FLOOR_INT)
			sqlite3_bind_int64(floor->upsert, at, value->i);
		else if (value->type == FLOOR_REAL)
			sqlite3_bind_double(floor->upsert, at, value->d);
		else
			sqlite3_bind_text(floor->upsert, at, value->text, (int)value->len,
					  SQLITE_STATIC);
	}
	if (sqlite3_step(floor->upsert) != SQLITE_DONE)
		die("upsert", sqlite3_errmsg(floor->db));
	sqlite3_reset(floor->upsert);
	return true;
}

static void end_database(struct floor *floor)
{
	char sql[SQL_MAX];

	snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE run <> (SELECT max(id) FROM runs)",
		 floor->work->table);
	run_sql(floor, sql);
	run_sql(floor, "COMMIT");
	sqlite3_finalize(floor->upsert);
	sqlite3_close(floor->db);
}

/* --- requests --- */

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct slot *slot = arg;
	size_t len = size * count;

	if (slot->len + len + FLOOR_PADDING > slot->room) {
		slot->room = 2 * (slot->len + len + FLOOR_PADDING);
		slot->body = realloc(slot->body, slot->room);
		if (slot->body == NULL)
			die("body", "no memory");
	}
	memcpy(slot->body + slot->len, data, len);
	slot->len += len;
	return len;
}

static void open_slot(struct floor *floor, struct slot *slot, const char *ca_file,
		      struct curl_slist *headers, struct curl_slist *connect_to)
{
	slot->floor = floor;
	slot->handle = curl_easy_init();
	curl_easy_setopt(slot->handle, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(slot->handle, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(slot->handle, CURLOPT_CONNECT_TO, connect_to);
	curl_easy_setopt(slot->handle, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(slot->handle, CURLOPT_WRITEDATA, slot);
	curl_easy_setopt(slot->handle, CURLOPT_PRIVATE, slot);
	curl_easy_setopt(slot->handle, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(slot->handle, CURLOPT_BUFFERSIZE, 262144L);
}

static void ask(struct floor *floor, struct slot *slot)
{
	char url[URL_MAX];

	slot->page = floor->next++;
	slot->len = 0;
	floor->active++;
	if (floor->work->is_per_device)
		snprintf(url, sizeof(url), "https://%s/v1/devices/%s/apps", floor->host,
			 floor->ids[slot->page]);
	else
		snprintf(url, sizeof(url), "https://%s/v1/%s?limit=%d&offset=%lld", floor->host,
			 floor->work->name, PAGE, (long long)slot->page * PAGE);
	curl_easy_setopt(slot->handle, CURLOPT_URL, url);
	curl_multi_add_handle(floor->multi, slot->handle);
}

static bool has_more(const struct floor *floor)
{
	return floor->end < 0 || floor->next < floor->end;
}

static void take_page(struct floor *floor, struct slot *slot)
{
	const struct workload *work = floor->work;
	int64_t total = 0, rows;

	memset(slot->body + slot->len, 0, FLOOR_PADDING);
	rows = floor_parse(slot->body, slot->len, work->list, work->columns, work->count, on_row,
			   floor, work->has_total ? &total : NULL);
	if (rows < 0)
		die(work->name, "a page is no JSON");
	floor->rows += rows;
	floor->pages++;
	floor->bytes += (int64_t)slot->len;
	if (work->has_total)
		floor->end = (total + PAGE - 1) / PAGE;
	else if (!work->is_per_device && rows < PAGE)
		floor->end = slot->page + 1;
}

/* Takes one answer that has come; returns its slot, NULL when there is none. */
static struct slot *take_answer(struct floor *floor)
{
	int left;
	CURLMsg *message = curl_multi_info_read(floor->multi, &left);
	struct slot *slot;
	void *private;

	if (message == NULL)
		return NULL;
	curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
	slot = private;
	if (message->data.result == CURLE_OK)
		take_page(floor, slot);
	else if (floor->end < 0 || slot->page < floor->end)
		die(floor->work->name, curl_easy_strerror(message->data.result));
	curl_multi_remove_handle(floor->multi, slot->handle);
	floor->active--;
	return slot;
}

/* Where the first answer does not tell how many there are, one connection asks for all of them. */
static void ask_more(struct floor *floor, struct slot *free_slot)
{
	if (has_more(floor))
		ask(floor, free_slot);
	while (floor->end >= 0 && floor->started < floor->connections && has_more(floor))
		ask(floor, &floor->slots[floor->started++]);
}

static void fetch_all(struct floor *floor)
{
	floor->started = 1;
	ask(floor, &floor->slots[0]);
	while (floor->active > 0) {
		struct slot *slot;
		int running;

		curl_multi_perform(floor->multi, &running);
		while ((slot = take_answer(floor)) != NULL)
			ask_more(floor, slot);
		if (floor->active > 0)
			curl_multi_poll(floor->multi, NULL, 0, 1000, NULL);
	}
}

/* --- the program --- */

static void read_ids(struct floor *floor, const char *path)
{
	FILE *file = fopen(path, "re");
	size_t room = 0;

	if (file == NULL)
		die(path, "cannot be read");
	floor->end = 0;
	for (;;) {
		if ((size_t)floor->end == room) {
			room = room == 0 ? 1024 : room * 2;
			floor->ids = realloc(floor->ids, room * sizeof(*floor->ids));
			if (floor->ids == NULL)
				die(path, "no memory");
		}
		if (fscanf(file, "%63s", floor->ids[floor->end]) != 1)
			break;
		floor->end++;
	}
	fclose(file);
}

static const struct workload *find_workload(const char *name)
{
	for (size_t i = 0; i < sizeof(workloads) / sizeof(*workloads); i++) {
		const char *other = workloads[i].name;

		if (strlen(other) == strlen(name) && memcmp(other, name, strlen(name)) == 0)
			return &workloads[i];
	}
	die(name, "no such workload");
	return NULL;
}

int main(int argc, char **argv)
{
	struct floor floor = { .end = -1 };
	struct curl_slist *headers = curl_slist_append(NULL, "Authorization: Bearer bench-token");
	struct curl_slist *connect_to = NULL;
	char route[URL_MAX];

	if (argc < 8)
		die("usage",
		    "WORKLOAD HOST:PORT HOST CA-FILE DATABASE CONNECTIONS FULL|NORMAL [IDS]");
	floor.work = find_workload(argv[1]);
	floor.host = argv[3];
	floor.connections = atoi(argv[6]);
	if (floor.connections < 1 || floor.connections > CONNECTIONS_MAX)
		die(argv[6], "not between 1 and 64 connections");
	if (floor.work->is_per_device)
		read_ids(&floor, argc > 8 ? argv[8] : "");
	open_database(&floor, argv[5], argv[7]);
	prepare_upsert(&floor);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	floor.multi = curl_multi_init();
	snprintf(route, sizeof(route), "%s:443:%s", floor.host, argv[2]);
	connect_to = curl_slist_append(NULL, route);
	for (int i = 0; i < floor.connections; i++)
		open_slot(&floor, &floor.slots[i], argv[4], headers, connect_to);
	fetch_all(&floor);
	end_database(&floor);
	printf("{\"rows\": %lld, \"pages\": %lld, \"bytes\": %lld}\n", (long long)floor.rows,
	       (long long)floor.pages, (long long)floor.bytes);
	return 0;
}
