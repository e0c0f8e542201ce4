/* Secret memory: whole pages of their own, so that locking and wiping touch nothing else. */
#define _GNU_SOURCE
#include "base/secret.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A fact about the process (its RLIMIT_MEMLOCK), not state: it only ever turns true. */
static atomic_bool lock_failed;

static size_t round_to_pages(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1) / page * page;
}

bool secret_init(struct secret *out, size_t len, struct err *err)
{
	size_t mapped;
	void *data;

	*out = SECRET_INIT;
	if (len > SIZE_MAX / 2)
		return err_oom(err);
	mapped = round_to_pages(len + 1);
	data = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return err_oom(err);
	if (mlock(data, mapped) != 0)
		atomic_store(&lock_failed, true);
	/* Old kernels may lack these; core dumps and forks are barred by other means as well. */
	madvise(data, mapped, MADV_DONTDUMP);
	madvise(data, mapped, MADV_WIPEONFORK);
	*out = (struct secret){ .data = data, .len = len, .mapped = mapped };
	return true;
}

bool secret_from(struct secret *out, const void *data, size_t len, struct err *err)
{
	if (!secret_init(out, len, err))
		return false;
	if (len > 0)
		memcpy(out->data, data, len);
	return true;
}

bool secret_take(struct secret *out, struct buf *buf, struct err *err)
{
	bool done = buf_ok(buf, err) && secret_from(out, buf_text(buf), buf->len, err);

	if (buf->data != NULL)
		secret_wipe(buf->data, buf->size);
	buf_fini(buf);
	return done;
}

void secret_fini(struct secret *secret)
{
	if (secret->data != NULL) {
		secret_wipe(secret->data, secret->mapped);
		munmap(secret->data, secret->mapped);
	}
	*secret = SECRET_INIT;
}

void secret_wipe(void *data, size_t len)
{
	if (len > 0)
		explicit_bzero(data, len);
}

bool secret_lock_failed(void)
{
	return atomic_load(&lock_failed);
}
