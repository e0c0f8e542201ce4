/* muster doctor: what is wrong with the machine and the project, and the way out. */
#include <unistd.h>

#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/host.h"
#include "cli/remote.h"
#include "cli/verbs.h"
#include "doctor/doctor.h"

struct examination {
	struct cli *cli;
	struct output *rows; /* of --json */
	struct err failure;  /* of writing; what comes after it is lost */
	int fails, warnings;
};

static void print(struct examination *examination, const struct doctor_finding *finding)
{
	struct cli *cli = examination->cli;
	const char *name = doctor_verdict_name(finding->verdict);
	bool done = cli_say(cli, &examination->failure, "%-4s  %-9s  %-14s  %s", name,
			    finding->area, finding->what, finding->text);

	if (done && finding->way_out[0])
		cli_say(cli, &examination->failure, "                       way out: %s",
			finding->way_out);
}

static void put_row(struct examination *examination, const struct doctor_finding *finding)
{
	const struct query_value values[] = {
		output_text(doctor_verdict_name(finding->verdict)),
		output_text(finding->area),
		output_text(finding->what),
		output_text(finding->text),
		output_text(finding->way_out[0] ? finding->way_out : NULL),
	};

	output_row(examination->rows, values, &examination->failure);
}

static void on_found(void *arg, const struct doctor_finding *finding)
{
	struct examination *examination = arg;

	examination->fails += finding->verdict == DOCTOR_FAIL;
	examination->warnings += finding->verdict == DOCTOR_WARN;
	if (examination->failure.kind != ERR_NONE)
		return;
	if (examination->rows)
		put_row(examination, finding);
	else if (!examination->cli->is_quiet || finding->verdict != DOCTOR_OK)
		print(examination, finding);
}

static struct connector *load(void *arg, const char *vendor, const char *account_name,
			      struct err *err)
{
	struct examination *examination = arg;

	return remote_load(examination->cli, vendor, account_name, err);
}

/* What needs the database open. Whatever cannot be opened is a finding. */
static void examine_store(struct cli *cli, const struct doctor *doctor)
{
	struct err err = ERR_INIT;

	if (!host_open_store(cli, &err)) {
		doctor_say_err(doctor, DOCTOR_FAIL, "database", "file", &err);
		return;
	}
	host_open_vault(cli, &err);
	doctor_vault(doctor, cli->host.vault, &err);
	doctor_scripts(doctor);
	if (doctor->is_online)
		doctor_reach(doctor);
}

static void examine(struct cli *cli, const struct doctor *doctor)
{
	doctor_machine(doctor);
	if (!doctor->database)
		return;
	doctor_files(doctor);
	if (doctor_database(doctor))
		examine_store(cli, doctor);
}

static void sum_up(struct cli *cli, const struct examination *examination)
{
	if (!cli->host.project_dir)
		cli_note(cli, "There is no project here: this was the machine alone.");
	if (examination->fails > 0)
		cli_outcome(cli, EXIT_UNWELL);
	cli_note(cli, "%d to mend, %d to look at.", examination->fails, examination->warnings);
}

static bool begin_rows(struct examination *examination, struct err *err)
{
	static const struct output_column columns[] = { { .name = "result" },
							{ .name = "area" },
							{ .name = "what" },
							{ .name = "found" },
							{ .name = "way_out" } };

	if (!examination->cli->is_json)
		return true;
	examination->rows =
		cli_output(examination->cli, columns, sizeof(columns) / sizeof(columns[0]), err);
	return examination->rows != NULL;
}

bool verb_doctor(struct cli *cli, struct err *err)
{
	struct examination examination = { .cli = cli, .failure = ERR_INIT };
	const struct doctor doctor = {
		.host = &cli->host,
		.database = cli->project.database,
		.is_full = parsed_has(&cli->parsed, "full"),
		.is_online = parsed_has(&cli->parsed, "online"),
		.found = on_found,
		.load = load,
		.arg = &examination,
	};

	if (!begin_rows(&examination, err))
		return false;
	examine(cli, &doctor);
	if (examination.rows && !cli_output_end(cli, examination.rows, NULL, err))
		return false;
	if (examination.failure.kind != ERR_NONE) {
		*err = examination.failure;
		return false;
	}
	sum_up(cli, &examination);
	return true;
}
