/* The machine: libraries, the clock, memory that can be locked. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/secret.h"
#include "crypto/library.h"
#include "doctor/doctor.h"
#include "net/net.h"
#include "net/server.h"
#include "record/recording.h"
#include "store/health.h"

static const char AREA[] = "machine";
static const char LIBRARIES[] = "libraries";

static void say_version(const struct doctor *doctor, const char *what, const char *version)
{
	doctor_say(doctor, DOCTOR_OK, LIBRARIES, what, "", "%s", version);
}

/* No warning where Debian's own version has it: nobody could do more than know. */
static void say_sqlite(const struct doctor *doctor)
{
	char text[64];

	health_library(text, sizeof(text));
	doctor_say(doctor, DOCTOR_OK, LIBRARIES, "SQLite", "", "%s%s", text,
		   health_library_is_fixed()
			   ? ""
			   : " (older than 3.51.3: its very rare WAL-reset bug can damage a "
			     "database that several processes write; keep backups)");
}

static void look_at_libraries(const struct doctor *doctor)
{
	char text[128];

	say_sqlite(doctor);
	say_version(doctor, "libcurl", net_library(text, sizeof(text)));
	say_version(doctor, "OpenSSL", crypto_library());
	say_version(doctor, "libmicrohttpd", server_library());
	say_version(doctor, "libuv", loop_library());
	say_version(doctor, "jansson", jansson_version_str());
	say_version(doctor, "zstd", recording_library());
}

static void look_at_kernel(const struct doctor *doctor)
{
	struct utsname name;

	if (uname(&name) == 0)
		doctor_say(doctor, DOCTOR_OK, AREA, "kernel", "", "%s %s %s", name.sysname,
			   name.release, name.machine);
}

/* The year of this program: no clock that is right is before it. */
static void look_at_clock(const struct doctor *doctor)
{
	char now[CLOCK_TEXT_SIZE];

	clock_now_text(now);
	if (strcmp(now, "2026-") < 0)
		doctor_say(doctor, DOCTOR_FAIL, AREA, "clock",
			   "set it: certificates count as not valid yet, times are wrong", "%s",
			   now);
	else
		doctor_say(doctor, DOCTOR_OK, AREA, "clock", "", "%s", now);
}

/* Tried, not asked: a right may stand above the limit. */
static void look_at_memory_lock(const struct doctor *doctor)
{
	struct secret sample = SECRET_INIT;
	struct err err = ERR_INIT;
	struct rlimit limit = { 0 };
	bool is_locked = secret_init(&sample, 64, &err) && !secret_lock_failed();

	secret_fini(&sample);
	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (is_locked)
		doctor_say(doctor, DOCTOR_OK, AREA, "locked memory", "",
			   "secrets are kept out of swap");
	else
		doctor_say(doctor, DOCTOR_WARN, AREA, "locked memory",
			   "raise it: ulimit -l 1024, or LimitMEMLOCK=1M in the unit",
			   "secrets can reach swap: the limit (RLIMIT_MEMLOCK) is %llu bytes",
			   (unsigned long long)limit.rlim_cur);
}

void doctor_machine(const struct doctor *doctor)
{
	look_at_libraries(doctor);
	look_at_kernel(doctor);
	look_at_clock(doctor);
	look_at_memory_lock(doctor);
	doctor_sandbox(doctor);
}
