/* Tasks, and the one place that resumes them. */
#include "sandbox/task.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "base/sabotage.h"
#include "sandbox/limits.h"

/* What a task costs, in instructions: a short one ends before its own count is looked at. */
enum { SPAWN_STEPS = 1000 };

void tasks_init(struct tasks *tasks, lua_State *L)
{
	*tasks = (struct tasks){ .L = L };
	tasks->ready_tail = &tasks->ready;
	*(struct task **)lua_getextraspace(L) = NULL;
}

static struct task *task_of(lua_State *L)
{
	return *(struct task **)lua_getextraspace(L);
}

/* Pushes the new coroutine's anchor away and returns it. */
static lua_State *new_coroutine(struct tasks *tasks, lua_State *from, int *ref)
{
	lua_State *co;

	luaL_checkstack(from, 2, "too many tasks");
	/* From the main state: a coroutine inherits the hook of the state that makes it. */
	luaL_checkstack(tasks->L, 2, "too many tasks");
	co = lua_newthread(tasks->L);
	lua_xmove(tasks->L, from, 1);
	*ref = luaL_ref(from, LUA_REGISTRYINDEX);
	return co;
}

struct task *task_spawn(struct tasks *tasks, lua_State *from, int nargs, task_ended_fn *ended,
			void *owner)
{
	struct task *task;
	lua_State *co;
	int ref;

	limits_charge(from, SPAWN_STEPS);
	if (tasks->count >= TASKS_MAX)
		luaL_error(from, "more than %d tasks at a time", TASKS_MAX);
	co = new_coroutine(tasks, from, &ref);
	task = lua_checkstack(co, nargs + 1) ? calloc(1, sizeof(*task)) : NULL;
	if (task == NULL) {
		luaL_unref(from, LUA_REGISTRYINDEX, ref);
		luaL_error(from, "no memory for another task");
	}
	*task = (struct task){
		.tasks = tasks, .co = co, .ref = ref, .ended = ended, .owner = owner
	};
	lua_xmove(from, co, nargs + 1);
	task->arguments = nargs;
	*(struct task **)lua_getextraspace(co) = task;
	task->next = tasks->all;
	tasks->all = task;
	tasks->count++;
	task_wake(task);
	return task;
}

struct task *task_check(lua_State *L)
{
	struct task *task = task_of(L);

	if (task == NULL || !lua_isyieldable(L))
		luaL_error(
			L,
			"cannot wait for the host here: a connector or module that loads, a map's "
			"function, and a function called back by sort, gsub or a metamethod must "
			"not wait");
	return task;
}

void task_wake(struct task *task)
{
	if (task->is_queued)
		return;
	task->is_queued = true;
	task->next_ready = NULL;
	*task->tasks->ready_tail = task;
	task->tasks->ready_tail = &task->next_ready;
}

static void unlink_ready(struct task *task)
{
	struct tasks *tasks = task->tasks;
	struct task **at = &tasks->ready;

	if (!task->is_queued)
		return;
	while (*at != task)
		at = &(*at)->next_ready;
	*at = task->next_ready;
	if (tasks->ready_tail == &task->next_ready)
		tasks->ready_tail = at;
}

static void free_task(struct task *task)
{
	struct tasks *tasks = task->tasks;
	struct task **at = &tasks->all;

	unlink_ready(task);
	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	tasks->count--;
	buf_fini(&task->wait.answer);
	buf_fini(&task->wait.frame);
	luaL_unref(tasks->L, LUA_REGISTRYINDEX, task->ref);
	free(task);
}

void task_cancel(struct task *task)
{
	if (task->cancelled != NULL)
		task->cancelled(task);
	*(struct task **)lua_getextraspace(task->co) = NULL;
	lua_resetthread(task->co);
	free_task(task);
}

static void resume(struct task *task)
{
	int arguments = task->arguments;
	int results;
	int status;

	task->arguments = 0;
	task->tasks->running = task;
	if (sabotage_is(SABOTAGE_BUDGET_PER_COROUTINE))
		limits_of(task->co)->steps = 0;
	status = lua_resume(task->co, task->tasks->L, arguments, &results);
	task->tasks->running = NULL;
	if (status == LUA_YIELD) {
		lua_pop(task->co, results);
		return;
	}
	*(struct task **)lua_getextraspace(task->co) = NULL;
	if (status != LUA_OK) {
		if (task->tasks->failed != NULL)
			task->tasks->failed(task->tasks, task->co);
		status = lua_resetthread(task->co); /* the error stays on top */
	}
	task->ended(task, status);
	free_task(task);
}

bool tasks_run(struct tasks *tasks)
{
	bool any = tasks->ready != NULL;

	while (tasks->ready != NULL) {
		struct task *task = tasks->ready;

		unlink_ready(task);
		task->is_queued = false;
		resume(task);
	}
	return any;
}

void tasks_fini(struct tasks *tasks)
{
	while (tasks->all != NULL)
		task_cancel(tasks->all);
}
