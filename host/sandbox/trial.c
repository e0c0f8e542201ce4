/* Tries what the jail forbids, one step after the other. */
#define _GNU_SOURCE
#include "sandbox/trial.h"

#include <fcntl.h>
#include <lua.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "sandbox/jail.h"

/* With write alone: dprintf also seeks, which the filter does not know. */
static void say(int socket, const char *name, const char *value)
{
	char line[ERR_MESSAGE_MAX];
	int len = snprintf(line, sizeof(line), "%s %.900s\n", name, value);

	if (write(socket, line, (size_t)len) != len)
		_exit(EXIT_FAILURE);
}

static void say_refused(int socket, const char *name, bool is_refused)
{
	say(socket, name, is_refused ? "refused" : "allowed");
}

static void say_versions(int socket)
{
	const struct scmp_version *filter = seccomp_version();
	char text[64];

	snprintf(text, sizeof(text), "%s.%s", LUA_VERSION_MAJOR "." LUA_VERSION_MINOR,
		 LUA_VERSION_RELEASE);
	say(socket, "lua", text);
	if (filter == NULL)
		return;
	snprintf(text, sizeof(text), "%u.%u.%u", filter->major, filter->minor, filter->micro);
	say(socket, "libseccomp", text);
}

/* Opens as many as there may be; all of them end with the process's trial. */
static void try_descriptors(int socket)
{
	int opened[JAIL_FILES_MAX + 1];
	char text[32];
	int count = 0;

	while (count <= JAIL_FILES_MAX && (opened[count] = fcntl(socket, F_DUPFD_CLOEXEC, 0)) >= 0)
		count++;
	snprintf(text, sizeof(text), "%d", count);
	say(socket, "descriptors", count <= JAIL_FILES_MAX ? text : "unlimited");
	while (count > 0)
		close(opened[--count]);
}

static void try_process(int socket)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	say_refused(socket, "processes", child < 0);
}

static void try_memory(int socket)
{
#ifdef MUSTER_SANITIZE
	say(socket, "memory", "untried");
#else
	void *more = mmap(NULL, JAIL_MEMORY_MAX, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	say_refused(socket, "memory", more == MAP_FAILED);
#endif
}

static bool is_open_refused(void)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd < 0;
}

static void try_files(int socket)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", jail_forbid_files());
	say(socket, "landlock", text);
	say_refused(socket, "landlock-open", is_open_refused());
}

int trial_main(int socket)
{
	struct err err = ERR_INIT;

	say_versions(socket);
	if (!jail_limit(socket, &err)) {
		say(socket, "error", err.message);
		return EXIT_FAILURE;
	}
	try_descriptors(socket);
	try_process(socket);
	try_memory(socket);
	say_refused(socket, "new-privileges", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	try_files(socket);
	if (!jail_forbid_calls(&err)) {
		say(socket, "error", err.message);
		return EXIT_FAILURE;
	}
	say_refused(socket, "seccomp-open", is_open_refused());
	syscall(SYS_getppid);
	say(socket, "seccomp-kill", "survived");
	return EXIT_SUCCESS;
}
