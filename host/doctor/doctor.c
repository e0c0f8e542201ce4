/* Findings on their way out. */
#include "doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>

const char *doctor_verdict_name(enum doctor_verdict verdict)
{
	static const char *const names[] = { "ok", "warn", "fail" };

	return names[verdict];
}

void doctor_say(const struct doctor *doctor, enum doctor_verdict verdict, const char *area,
		const char *what, const char *way_out, const char *format, ...)
{
	struct doctor_finding finding = {
		.verdict = verdict, .area = area, .what = what, .way_out = way_out
	};
	va_list args;

	va_start(args, format);
	vsnprintf(finding.text, sizeof(finding.text), format, args);
	va_end(args);
	doctor->found(doctor->arg, &finding);
}

void doctor_say_err(const struct doctor *doctor, enum doctor_verdict verdict, const char *area,
		    const char *what, const struct err *err)
{
	doctor_say(doctor, verdict, area, what, err_way_out(err), "%s", err->message);
}
