/* Names of processes, from proc(5) and namespaces(7). */
#define _GNU_SOURCE
#include "base/process.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/str.h"

enum {
	HOST_SIZE = 65, /* HOST_NAME_MAX of Linux and a NUL */
	PLACE_SIZE = 2 * HASH128_SIZE + 1,
	PROC_FILE_MAX = 4096,
	NUMBERS_TO_STARTED = 19, /* fields 4 to 22 */
};

struct process {
	int64_t pid, started;
	char place[PLACE_SIZE];
};

/* --- the place --- */

/* A /proc of another pid namespace speaks of other processes than kill() does. */
static bool is_proc_ours(void)
{
	char text[32];
	ssize_t len = readlink("/proc/self", text, sizeof(text) - 1);
	int64_t pid;

	if (len <= 0)
		return false;
	text[len] = '\0';
	return str_to_int64(text, &pid) && pid == getpid();
}

static bool add_namespace(struct buf *out, const char *path, bool is_optional)
{
	struct stat info;

	if (stat(path, &info) != 0)
		return is_optional && errno == ENOENT;
	buf_printf(out, "%s %ju:%ju\n", path, (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
	return true;
}

/* Start times are told in the time namespace of who asks; kernels before 5.6 have none. */
static bool add_place(struct buf *out, const char *host, struct err *err)
{
	buf_printf(out, "%s\n", host);
	return is_proc_ours() &&
	       file_read("/proc/sys/kernel/random/boot_id", PROC_FILE_MAX, out, err) &&
	       add_namespace(out, "/proc/self/ns/pid", false) &&
	       add_namespace(out, "/proc/self/ns/time", true) && buf_ok(out, err);
}

static void read_place(const char *host, char place[PLACE_SIZE])
{
	struct buf text = BUF_INIT, hex = BUF_INIT;
	struct err ignored = ERR_INIT;
	uint8_t digest[HASH128_SIZE];

	snprintf(place, PLACE_SIZE, "-");
	if (add_place(&text, host, &ignored)) {
		hash128(text.data, text.len, digest);
		encode_hex(&hex, digest, sizeof(digest));
		if (buf_ok(&hex, &ignored))
			snprintf(place, PLACE_SIZE, "%s", hex.data);
	}
	buf_fini(&text);
	buf_fini(&hex);
}

/* --- one process --- */

/* "PID (NAME) STATE NUMBERS"; the name may hold anything, so the last ')' ends it. */
static bool parse_stat(const char *text, char *state, int64_t *started)
{
	const char *at = strrchr(text, ')');

	if (at == NULL || at[1] != ' ' || at[2] == '\0')
		return false;
	*state = at[2];
	at += 3;
	for (int i = 0; i < NUMBERS_TO_STARTED; i++) {
		if (!str_next_int64(&at, started))
			return false;
	}
	return true;
}

static bool read_stat(int64_t pid, char *state, int64_t *started)
{
	struct buf text = BUF_INIT;
	struct err ignored = ERR_INIT;
	char path[64];
	bool is_read;

	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	is_read = file_read(path, PROC_FILE_MAX, &text, &ignored) &&
		  parse_stat(buf_text(&text), state, started);
	buf_fini(&text);
	return is_read;
}

static void read_self(struct process *self, char host[HOST_SIZE])
{
	char state;

	memset(host, 0, HOST_SIZE);
	gethostname(host, HOST_SIZE - 1);
	*self = (struct process){ .pid = getpid() };
	read_place(host, self->place);
	if (!read_stat(self->pid, &state, &self->started))
		snprintf(self->place, sizeof(self->place), "-");
}

/* --- public --- */

const char *process_name(char out[PROCESS_NAME_SIZE])
{
	struct process self;
	char host[HOST_SIZE];

	read_self(&self, host);
	snprintf(out, PROCESS_NAME_SIZE, "%.20s:%lld %lld %s", host, (long long)self.pid,
		 (long long)self.started, self.place);
	return out;
}

/* What follows the host holds no colon; the host may. */
static bool parse_name(const char *name, struct process *out)
{
	const char *at = strrchr(name, ':');

	if (at == NULL)
		return false;
	at++;
	if (!str_next_int64(&at, &out->pid) || !str_next_int64(&at, &out->started) || *at != ' ')
		return false;
	snprintf(out->place, sizeof(out->place), "%s", at + 1);
	return out->pid > 0 && (pid_t)out->pid == out->pid;
}

bool process_is_gone(const char *name)
{
	struct process self, other;
	int64_t started;
	char host[HOST_SIZE], state;

	if (!parse_name(name, &other))
		return false;
	read_self(&self, host);
	if (str_eq(self.place, "-") || !str_eq(self.place, other.place))
		return false;
	if (kill((pid_t)other.pid, 0) != 0 && errno == ESRCH)
		return true;
	/* Hidden from us (hidepid), or gone since: then the next look tells. */
	if (!read_stat(other.pid, &state, &started))
		return false;
	return started != other.started || state == 'Z' || state == 'X';
}
