/* Settings of a real connector, parsed in its sandbox. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "connector/connector.h"
#include "unit.h"

struct scene {
	struct host host;
	struct connector *connector;
	char json[512], problem[128];
	int answers;
	struct err err;
};

static void on_loaded(void *arg, struct connector *connector, const struct err *err)
{
	struct scene *scene = arg;

	scene->connector = connector;
	scene->err = *err;
	loop_stop(scene->host.loop);
}

static int set_up_with(void **state, const char *vendor)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct err err = ERR_INIT;

	assert_non_null(scene);
	scene->host = (struct host){ .loop = loop_new(&err),
				     .program = MUSTER_PROGRAM,
				     .project_dir = "tests/nothing",
				     .scripts_dir = "scripts" };
	assert_non_null(scene->host.loop);
	if (!connector_load(&scene->host, vendor, NULL, on_loaded, scene, &err))
		fail_msg("%s", err.message);
	loop_run(scene->host.loop);
	if (scene->connector == NULL)
		fail_msg("%s", scene->err.message);
	*state = scene;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, "kandji");
}

static int set_up_alternatives(void **state)
{
	return set_up_with(state, "workspace_one_uem");
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	connector_free(scene->connector);
	loop_run(scene->host.loop);
	loop_free(scene->host.loop);
	free(scene);
	return 0;
}

static void on_parsed(void *arg, const char *json, const struct setting_problem *problems,
		      size_t problem_count, const struct err *err)
{
	struct scene *scene = arg;

	scene->answers++;
	scene->err = *err;
	if (json != NULL)
		snprintf(scene->json, sizeof(scene->json), "%s", json);
	if (problem_count > 0)
		snprintf(scene->problem, sizeof(scene->problem), "%s: %s", problems[0].id,
			 problems[0].message);
	loop_stop(scene->host.loop);
}

static void parse(struct scene *scene, const char *id, const char *text)
{
	const struct setting_input input = { id, text };
	struct err err = ERR_INIT;

	if (!connector_parse_settings(scene->connector, &input, 1, on_parsed, scene, &err))
		fail_msg("%s", err.message);
}

static void what_is_typed_becomes_settings(void **state)
{
	struct scene *scene = *state;

	parse(scene, "api_url", "acme.api.kandji.io");
	loop_run(scene->host.loop);
	assert_int_equal(scene->err.kind, ERR_NONE);
	assert_non_null(strstr(scene->json, "https://acme.api.kandji.io"));
}

static void a_setting_that_is_not_known_is_a_problem(void **state)
{
	struct scene *scene = *state;

	parse(scene, "api_ur", "acme.api.kandji.io");
	loop_run(scene->host.loop);
	assert_string_equal(scene->json, "");
	assert_string_equal(scene->problem,
			    "api_ur: kandji has no such setting; did you mean api_url?");
}

/* What the parsing holds is released with the connector (LeakSanitizer tells). */
static void a_connector_that_goes_while_it_parses_answers_nothing(void **state)
{
	struct scene *scene = *state;

	parse(scene, "api_ur", "acme.api.kandji.io");
	connector_free(scene->connector);
	scene->connector = NULL;
	loop_run(scene->host.loop);
	assert_int_equal(scene->answers, 0);
}

static bool applies(const struct scene *scene, const char *id, const char *sign_in)
{
	const struct setting_input input = { "sign_in", sign_in };

	return connector_setting_applies(scene->connector, connector_setting(scene->connector, id),
					 &input, sign_in != NULL);
}

static void a_default_is_an_answer_that_others_depend_on(void **state)
{
	const struct scene *scene = *state;

	assert_true(applies(scene, "username", NULL));
	assert_false(applies(scene, "client_id", NULL));
	assert_false(applies(scene, "username", "oauth"));
	assert_true(applies(scene, "client_id", "oauth"));
	assert_true(applies(scene, "api_url", "oauth"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_typed_becomes_settings),
		T(a_setting_that_is_not_known_is_a_problem),
		T(a_connector_that_goes_while_it_parses_answers_nothing),
		cmocka_unit_test_setup_teardown(a_default_is_an_answer_that_others_depend_on,
						set_up_alternatives, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
