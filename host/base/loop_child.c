/* Child processes of the loop. */
#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#include "base/loop_uv.h"
#include "base/sabotage.h"

struct loop_child {
	uv_process_t uv;
	void (*exited)(void *arg, int64_t exit_code, int term_signal);
	void *arg;
	bool has_exited;
	bool closed;
};

static void free_child(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_child_exit(uv_process_t *uv, int64_t exit_code, int term_signal)
{
	struct loop_child *child = uv->data;

	child->has_exited = true;
	if (child->closed)
		uv_close((uv_handle_t *)uv, free_child);
	else
		child->exited(child->arg, exit_code, term_signal);
}

struct loop_child *loop_child_start(struct loop *loop, const struct loop_child_spec *spec,
				    struct err *err)
{
	struct loop_child *child = calloc(1, sizeof(*child));
	uv_stdio_container_t stdio[4] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_IGNORE },
		{ .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = spec->socket },
	};
	char *environment[] = { sabotage_environment(), NULL };
	uv_process_options_t options = {
		.exit_cb = on_child_exit,
		.file = spec->path,
		.args = (char **)(uintptr_t)spec->argv,
		.env = environment,
		.stdio = stdio,
		.stdio_count = 4,
	};
	int status;

	if (child == NULL) {
		err_oom(err);
		return NULL;
	}
	child->exited = spec->exited;
	child->arg = spec->arg;
	child->uv.data = child;
	status = uv_spawn((uv_loop_t *)loop_uv(loop), &child->uv, &options);
	if (status == 0)
		return child;
	uv_close((uv_handle_t *)&child->uv, free_child);
	loop_uv_fail(status, "start a process", err);
	return NULL;
}

pid_t loop_child_pid(const struct loop_child *child)
{
	return child->uv.pid;
}

void loop_child_kill(struct loop_child *child, int signum)
{
	if (!child->has_exited)
		uv_process_kill(&child->uv, signum);
}

/* A child that still runs is killed and reaped first: no zombie, no stray process. */
void loop_child_close(struct loop_child *child)
{
	if (child == NULL)
		return;
	child->closed = true;
	if (child->has_exited)
		uv_close((uv_handle_t *)&child->uv, free_child);
	else
		uv_process_kill(&child->uv, SIGKILL);
}
