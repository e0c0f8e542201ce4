/*
 * The program itself with an allocator that fails: from the nth allocation of one of its roles on
 * every further one, or that one alone, in the host's code and in every library below it.
 *
 * What is wanted stands in a file named after the program, PROGRAM.plan, which both roles map: the
 * sandbox has neither environment nor files. It counts allocations, too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unwind.h>

enum { ROLE_HOST, ROLE_SANDBOX, ROLES };

#define PATH_FRAMES 6 /* of a call path, from the allocation's caller outwards */
#define PATH_SLOTS (1 << 15)

/* A call path and its first allocation's number. */
struct path_slot {
	_Atomic uint64_t path; /* 0 = free */
	int64_t number;
};

/* As k6_memory.py writes and reads it. */
struct plan {
	int64_t role;
	int64_t from;  /* nothing fails before this allocation; 0 = ever: call paths are noted */
	uint64_t path; /* the first one with this call path fails; 0 = with any */
	int64_t is_lasting; /* and all that follow do */
	_Atomic int64_t counts[ROLES];
	_Atomic int64_t failed;
	char asker[64]; /* the library that the first failure was an answer to; "" = none */
	struct path_slot paths[PATH_SLOTS]; /* in the file only if they are to be noted */
};

/* The allocator below: the C library's, or that of the sanitizers. */
#ifdef MUSTER_SANITIZE
#define REAL(function) __interceptor_##function
#else
#define REAL(function) __libc_##function
#endif

void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *data, size_t size);
void *REAL(memalign)(size_t alignment, size_t size);

struct call_path {
	uintptr_t caller; /* of the allocator: where the path begins */
	uint64_t hash;
	int frames;
};

static struct plan *plan;
static int64_t role;

static bool is_sandbox(void)
{
	char line[64];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, line, sizeof(line));

	close(fd);
	return len > 0 && memmem(line, (size_t)len, "__sandbox", strlen("__sandbox")) != NULL;
}

/* Before main, and without an allocation. */
__attribute__((constructor)) static void open_plan(void)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof(".plan"));
	void *mapped;
	int fd;

	if (len <= 0)
		return;
	memcpy(path + len, ".plan", sizeof(".plan"));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	mapped = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	role = is_sandbox() ? ROLE_SANDBOX : ROLE_HOST;
	if (mapped != MAP_FAILED)
		plan = mapped;
}

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *arg)
{
	struct call_path *path = arg;
	uintptr_t address = _Unwind_GetIP(context);
	struct dl_find_object object;

	if (path->frames == 0 && address != path->caller)
		return _URC_NO_REASON;
	if (path->frames++ == PATH_FRAMES)
		return _URC_END_OF_STACK;
	/* Where a library is loaded differs from run to run. */
	if (_dl_find_object((void *)address, &object) == 0)
		address -= (uintptr_t)object.dlfo_map_start;
	path->hash = (path->hash ^ address) * UINT64_C(0x100000001b3);
	path->hash ^= path->hash >> 29;
	return _URC_NO_REASON;
}

/* The same for the same callers in every run of this program; never 0. */
static uint64_t call_path(const void *caller)
{
	struct call_path path = { .caller = (uintptr_t)caller,
				  .hash = UINT64_C(0xcbf29ce484222325) };

	_Unwind_Backtrace(add_frame, &path);
	return path.hash | 1;
}

static void note_path(uint64_t path, int64_t number)
{
	for (size_t at = path >> 1;; at++) {
		struct path_slot *slot = &plan->paths[at % PATH_SLOTS];
		uint64_t found = 0;

		if (atomic_compare_exchange_strong(&slot->path, &found, path))
			slot->number = number;
		if (found == 0 || found == path)
			return;
	}
}

static bool is_due(int64_t number, const void *caller)
{
	if (number < plan->from)
		return false;
	if (atomic_load(&plan->failed) > 0)
		return plan->is_lasting;
	return plan->path == 0 || call_path(caller) == plan->path;
}

static void note_asker(const void *caller)
{
	struct dl_find_object object;
	const char *name = "", *slash;

	if (_dl_find_object((void *)caller, &object) == 0)
		name = object.dlfo_link_map->l_name;
	slash = strrchr(name, '/');
	strncpy(plan->asker, slash != NULL ? slash + 1 : name, sizeof(plan->asker) - 1);
}

static void refuse(const void *caller)
{
	if (atomic_fetch_add(&plan->failed, 1) == 0)
		note_asker(caller);
	errno = ENOMEM;
}

static bool is_refused(const void *caller)
{
	int64_t number;

	if (plan == NULL)
		return false;
	number = atomic_fetch_add(&plan->counts[role], 1) + 1;
	if (plan->role != role)
		return false;
	if (plan->from == 0)
		note_path(call_path(caller), number);
	else if (is_due(number, caller)) {
		refuse(caller);
		return true;
	}
	return false;
}

void *malloc(size_t size)
{
	return is_refused(__builtin_return_address(0)) ? NULL : REAL(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
	return is_refused(__builtin_return_address(0)) ? NULL : REAL(calloc)(count, size);
}

/* A block may always be given back or become smaller. */
void *realloc(void *data, size_t size)
{
	bool is_more = data == NULL || size > malloc_usable_size(data);

	return is_more && is_refused(__builtin_return_address(0)) ? NULL
								  : REAL(realloc)(data, size);
}

static void *aligned(size_t alignment, size_t size, const void *caller)
{
	return is_refused(caller) ? NULL : REAL(memalign)(alignment, size);
}

void *memalign(size_t alignment, size_t size)
{
	return aligned(alignment, size, __builtin_return_address(0));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return aligned(alignment, size, __builtin_return_address(0));
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	void *data = aligned(alignment, size, __builtin_return_address(0));

	if (data == NULL)
		return ENOMEM;
	*out = data;
	return 0;
}
