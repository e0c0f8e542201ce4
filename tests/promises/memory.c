/*
 * The program itself with an allocator that fails: from the nth allocation of one of its roles on
 * every further one, or that one alone, in the host's code and in every library below it.
 *
 * What is wanted stands in a file named after the program, PROGRAM.plan, which both roles map: the
 * sandbox has neither environment nor files. It counts allocations, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if !defined(MUSTER_SANITIZE) /* the sanitizers have an allocator of their own */

enum { ROLE_HOST, ROLE_SANDBOX, ROLES };

/* As k6_memory.py writes and reads it. */
struct plan {
	int64_t role, from, until; /* from..until - 1 fail */
	_Atomic int64_t counts[ROLES];
	_Atomic int64_t failed;
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *data, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

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

static bool is_refused(void)
{
	int64_t number;

	if (plan == NULL)
		return false;
	number = atomic_fetch_add(&plan->counts[role], 1) + 1;
	if (plan->role != role || number < plan->from || number >= plan->until)
		return false;
	atomic_fetch_add(&plan->failed, 1);
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return is_refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : __libc_calloc(count, size);
}

/* A block may always be given back or become smaller. */
void *realloc(void *data, size_t size)
{
	bool is_more = data == NULL || size > malloc_usable_size(data);

	return is_more && is_refused() ? NULL : __libc_realloc(data, size);
}

void *memalign(size_t alignment, size_t size)
{
	return is_refused() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	void *data = memalign(alignment, size);

	if (data == NULL)
		return ENOMEM;
	*out = data;
	return 0;
}

#endif
