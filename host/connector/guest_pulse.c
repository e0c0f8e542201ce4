/* CPU time and silence of a sandbox, looked at on every tick. */
#include "connector/guest_pulse.h"

#include <stdlib.h>
#include <time.h>

struct guest_pulse {
	struct loop *loop;
	struct loop_timer *timer; /* NULL = `over` was called */
	struct guest_pulse_spec spec;
	int64_t cpu_from_ms; /* when it was answered last, as far as ticks tell */
	int64_t cpu_seen_ms; /* at the last tick */
	int quiet;	     /* ticks */
	bool was_answered, was_heard;
};

/* A process that is gone has used nothing. */
static int64_t cpu_ms_of(pid_t pid)
{
	struct timespec used;
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &used) != 0)
		return 0;
	return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

static bool keeps_to_its_cpu_time(struct guest_pulse *pulse, int64_t now, struct err *err)
{
	if (pulse->was_answered)
		pulse->cpu_from_ms = now;
	pulse->was_answered = false;
	if (now - pulse->cpu_from_ms < pulse->spec.cpu_ms)
		return true;
	return err_set(err, ERR_OVER_LIMIT,
		       "connector %s: CPU limit: the sandbox computed for more than %lld s without "
		       "a pause, against its own limit",
		       pulse->spec.name, (long long)pulse->spec.cpu_ms / 1000);
}

/* Who computes need not talk: that is bounded above. */
static bool keeps_busy(struct guest_pulse *pulse, int64_t now, struct err *err)
{
	if (pulse->was_heard || now > pulse->cpu_seen_ms ||
	    !pulse->spec.is_its_turn(pulse->spec.arg))
		pulse->quiet = 0;
	else
		pulse->quiet++;
	pulse->was_heard = false;
	pulse->cpu_seen_ms = now;
	if (pulse->quiet < pulse->spec.quiet_ticks)
		return true;
	return err_set(
		err, ERR_OVER_LIMIT, "connector %s: nothing was heard from the sandbox for %lld s",
		pulse->spec.name, (long long)pulse->spec.quiet_ticks * pulse->spec.tick_ms / 1000);
}

static void on_tick(void *arg)
{
	struct guest_pulse *pulse = arg;
	struct err err = ERR_INIT;
	int64_t now = cpu_ms_of(pulse->spec.pid);
	bool fine = keeps_to_its_cpu_time(pulse, now, &err) && keeps_busy(pulse, now, &err);

	pulse->timer = NULL;
	if (fine)
		pulse->timer = loop_timer_start(pulse->loop, pulse->spec.tick_ms, on_tick, pulse);
	if (fine && pulse->timer == NULL)
		err_oom(&err);
	if (err.kind != ERR_NONE)
		pulse->spec.over(pulse->spec.arg, &err);
}

struct guest_pulse *guest_pulse_start(struct loop *loop, const struct guest_pulse_spec *spec,
				      struct err *err)
{
	struct guest_pulse *pulse = malloc(sizeof(*pulse));

	if (pulse == NULL) {
		err_oom(err);
		return NULL;
	}
	*pulse = (struct guest_pulse){ .loop = loop, .spec = *spec };
	pulse->timer = loop_timer_start(loop, spec->tick_ms, on_tick, pulse);
	if (pulse->timer != NULL)
		return pulse;
	free(pulse);
	err_oom(err);
	return NULL;
}

void guest_pulse_heard(struct guest_pulse *pulse)
{
	pulse->was_heard = true;
}

void guest_pulse_answered(struct guest_pulse *pulse)
{
	pulse->was_answered = true;
}

void guest_pulse_close(struct guest_pulse *pulse)
{
	if (pulse == NULL)
		return;
	loop_timer_close(pulse->timer);
	free(pulse);
}
