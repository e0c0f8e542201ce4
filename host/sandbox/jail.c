/* What the kernel takes away from a sandbox. */
#define _GNU_SOURCE
#include "sandbox/jail.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/sabotage.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* --- limits --- */

static const struct {
	__rlimit_resource_t what;
	rlim_t max;
} limits[] = {
#ifndef MUSTER_SANITIZE
	{ RLIMIT_AS, JAIL_MEMORY_MAX }, /* the sanitizers' shadow memory needs terabytes */
#endif
	{ RLIMIT_NOFILE, JAIL_FILES_MAX },
	{ RLIMIT_NPROC, 0 },
	{ RLIMIT_FSIZE, 0 },
	{ RLIMIT_CORE, 0 },
};

int64_t jail_cpu_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

int jail_cpu_window_s(void)
{
	struct rlimit inherited;

	if (getrlimit(RLIMIT_CPU, &inherited) == 0 && inherited.rlim_cur < JAIL_CPU_S)
		return (int)inherited.rlim_cur;
	return JAIL_CPU_S;
}

bool jail_allow_cpu(int seconds, struct err *err)
{
	rlim_t until = (rlim_t)(jail_cpu_ms() / 1000 + seconds + JAIL_CPU_GRACE_S);
	struct rlimit limit;

	if (getrlimit(RLIMIT_CPU, &limit) == 0) {
		if (limit.rlim_max > JAIL_CPU_TOTAL_S)
			limit.rlim_max = JAIL_CPU_TOTAL_S;
		limit.rlim_cur = until < limit.rlim_max ? until : limit.rlim_max;
		if (setrlimit(RLIMIT_CPU, &limit) == 0)
			return true;
	}
	return err_set_errno(err, ERR_BUG, errno, "cannot limit the sandbox's CPU time");
}

static bool set_limits(struct err *err)
{
	for (size_t i = 0; i < COUNT(limits); i++) {
		struct rlimit limit = { limits[i].max, limits[i].max };

		if (setrlimit(limits[i].what, &limit) != 0)
			return err_set_errno(err, ERR_BUG, errno,
					     "cannot limit the sandbox (resource %d)",
					     (int)limits[i].what);
	}
	return jail_allow_cpu(jail_cpu_window_s(), err);
}

/* --- descriptors, rights, parent --- */

static bool close_others(int socket, struct err *err)
{
	if ((socket <= STDERR_FILENO + 1 ||
	     close_range(STDERR_FILENO + 1, (unsigned)socket - 1, 0) == 0) &&
	    close_range((unsigned)socket + 1, UINT_MAX, 0) == 0)
		return true;
	return err_set_errno(err, ERR_BUG, errno, "cannot close the descriptors of the host");
}

static bool drop_rights(struct err *err)
{
	bool fine = geteuid() != 0 ||
		    (setgroups(0, NULL) == 0 && setresgid(JAIL_UID, JAIL_UID, JAIL_UID) == 0 &&
		     setresuid(JAIL_UID, JAIL_UID, JAIL_UID) == 0);

	if (fine && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
		return true;
	return err_set_errno(err, ERR_BUG, errno, "cannot give up the sandbox's rights");
}

/*
 * After drop_rights: changing the user clears this. A parent that died before is noticed because
 * it, and nobody else, made the socket.
 */
static bool die_with_parent(int socket, struct err *err)
{
	struct ucred maker;
	socklen_t size = sizeof(maker);

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &maker, &size) != 0)
		return err_set_errno(err, ERR_BUG, errno, "cannot tie the sandbox to its host");
	if (maker.pid != 0 && maker.pid != getppid())
		return err_set(err, ERR_BUG, "the sandbox's host is gone");
	return true;
}

/* --- files and network: Landlock with no rule at all --- */

/* As of ABI 6; the size tells an older kernel what is there, and zeros are fine for it. */
struct ruleset {
	uint64_t access_fs, access_net, scoped;
};

static struct ruleset ruleset_of(long abi)
{
	static const int fs_bits[] = { 0, 13, 14, 15, 15, 16 };
	long known = abi < 5 ? abi : 5;

	return (struct ruleset){
		.access_fs = (1ull << fs_bits[known]) - 1,
		.access_net = abi >= 4 ? 3 : 0, /* bind, connect */
		.scoped = abi >= 6 ? 3 : 0,	/* abstract sockets, signals */
	};
}

long jail_forbid_files(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset rules;
	long fd, status;

	if (abi < 1)
		return 0;
	rules = ruleset_of(abi);
	fd = syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
	if (fd < 0)
		return 0;
	status = syscall(SYS_landlock_restrict_self, fd, 0);
	close((int)fd);
	return status == 0 ? abi : 0;
}

/* --- system calls --- */

/* Everything else kills the process. */
static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(brk),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(getrandom),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
#ifdef MUSTER_SANITIZE
	SCMP_SYS(sigaltstack),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(sched_yield),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(close),
	SCMP_SYS(sched_getaffinity),
#endif
};

/* What the C library may try on its own: it can live with a no. */
static const int refused[] = {
	SCMP_SYS(open),	   SCMP_SYS(openat), SCMP_SYS(stat),   SCMP_SYS(newfstatat),
	SCMP_SYS(fstat),   SCMP_SYS(access), SCMP_SYS(ioctl),  SCMP_SYS(readlink),
	SCMP_SYS(sysinfo), SCMP_SYS(uname),  SCMP_SYS(socket), SCMP_SYS(prctl),
};

static int allow_by_argument(scmp_filter_ctx filter)
{
	int status = 0;

	status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
				   SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
	status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
				   SCMP_A0(SCMP_CMP_EQ, 0, 0), SCMP_A1(SCMP_CMP_EQ, RLIMIT_CPU, 0));
	status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				   SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	return status;
}

static int add_rules(scmp_filter_ctx filter)
{
	int status = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	for (size_t i = 0; i < COUNT(allowed); i++)
		status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; i < COUNT(refused); i++)
		status |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	return status | allow_by_argument(filter);
}

bool jail_forbid_calls(struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int status = filter != NULL ? add_rules(filter) : -ENOSYS;

	if (status == 0 && !sabotage_is(SABOTAGE_NO_SECCOMP))
		status = seccomp_load(filter);
	if (filter != NULL)
		seccomp_release(filter);
	if (status == 0)
		return true;
	return err_set_errno(err, ERR_BUG, -status,
			     "cannot confine the sandbox with seccomp, so no script is run");
}

bool jail_limit(int socket, struct err *err)
{
	return close_others(socket, err) && set_limits(err) && drop_rights(err) &&
	       die_with_parent(socket, err);
}

bool jail_enter(int socket, struct err *err)
{
	if (!jail_limit(socket, err))
		return false;
	jail_forbid_files();
	return jail_forbid_calls(err);
}
