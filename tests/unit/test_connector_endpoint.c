/* Declared bases, calls and auth, expanded for an account; the difference that an approval shows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/auth.h"
#include "connector/connector.h"
#include "connector/endpoint.h"
#include "connector/json_value.h"
#include "unit.h"

/* A value from JSON: shorter to read than a row of value_put. */
static struct value_tree *value_of(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	struct value_tree *tree;

	assert_non_null(json);
	value_put_json(&out, json);
	tree = value_parse(out.data, out.len, &err);
	assert_non_null(tree);
	json_decref(json);
	buf_fini(&out);
	return tree;
}

static const char *const declaration_text =
	"{\"settings\": [{\"id\": \"api_url\", \"hosts\": [\"*.api.kandji.io\"]},"
	" {\"id\": \"region\"}],"
	" \"bases\": {\"api\": \"{api_url}/api/v1\", \"dc\": \"https://{region}.example.com\"},"
	" \"auth\": {\"kind\": \"bearer\", \"token\": \"api_token\"}}";

static const char *const calls_text =
	"[\"GET api:/devices\", \"GET api:/devices/{id}/apps\","
	" {\"call\": \"POST dc:/query\", \"query\": {\"kind\": \"read\"}}]";

struct fixture {
	struct value_tree *declaration, *calls;
	json_t *settings;
	struct endpoint *endpoint;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct err err = ERR_INIT;

	fixture->declaration = value_of(declaration_text);
	fixture->calls = value_of(calls_text);
	fixture->settings = json_loads("{\"api_url\": {\"host\": \"acme.api.kandji.io\", "
				       "\"url\": \"https://acme.api.kandji.io/\"},"
				       "\"region\": \"eu-1\"}",
				       0, NULL);
	fixture->endpoint = endpoint_new(value_root(fixture->declaration), fixture->settings, &err);
	assert_non_null(fixture->endpoint);
	assert_true(endpoint_allow(fixture->endpoint, value_root(fixture->calls), &err));
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	endpoint_free(fixture->endpoint);
	value_tree_free(fixture->declaration);
	value_tree_free(fixture->calls);
	json_decref(fixture->settings);
	free(fixture);
	return 0;
}

static bool resolve(const struct fixture *fixture, const char *args, const char *url,
		    struct err *err)
{
	struct value_tree *tree = value_of(args);
	struct buf out = BUF_INIT;
	const char *method;
	bool fine = endpoint_resolve(fixture->endpoint, value_root(tree), &method, &out, err);

	if (fine)
		assert_string_equal(buf_text(&out), url);
	buf_fini(&out);
	value_tree_free(tree);
	return fine;
}

static void calls_become_urls(void **state)
{
	struct err err = ERR_INIT;

	assert_true(resolve(*state,
			    "{\"call\": \"GET api:/devices\", \"query\": [[\"limit\", 300], "
			    "[\"name\", \"a&b c\"]]}",
			    "https://acme.api.kandji.io/api/v1/devices?limit=300&name=a%26b%20c",
			    &err));
	assert_true(resolve(*state,
			    "{\"call\": \"POST dc:/query\", \"query\": [[\"kind\", \"read\"]]}",
			    "https://eu-1.example.com/query?kind=read", &err));
}

static void a_path_part_stays_one_segment(void **state)
{
	struct err err = ERR_INIT;

	assert_true(resolve(*state,
			    "{\"call\": \"GET api:/devices/{id}/apps\", \"path\": "
			    "{\"id\": \"../x?y#z/%2e\"}}",
			    "https://acme.api.kandji.io/api/v1/devices/..%2Fx%3Fy%23z%2F%252e/apps",
			    &err));
	assert_false(resolve(*state, "{\"call\": \"GET api:/devices/{id}/apps\"}", "", &err));
	assert_non_null(strstr(err.message, "{id}"));
	assert_false(resolve(*state,
			     "{\"call\": \"GET api:/devices/{id}/apps\", \"path\": {\"id\": \"\"}}",
			     "", &err));
}

static void undeclared_calls_are_refused(void **state)
{
	struct err err = ERR_INIT;

	assert_false(resolve(*state, "{\"call\": \"POST api:/devices\"}", "", &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_false(resolve(*state, "{\"call\": \"GET api:/secrets\"}", "", &err));
	assert_int_equal(err.kind, ERR_REFUSED);
}

/* What net/ is told to let through is what was declared, on the account's own hosts. */
static void only_own_hosts_are_allowed(void **state)
{
	const struct fixture *fixture = *state;
	const struct net_allow *allow = endpoint_allowed(fixture->endpoint);
	struct err err = ERR_INIT;

	assert_int_equal(allow->host_count, 2);
	assert_true(net_check_url(allow, "GET",
				  "https://acme.api.kandji.io/api/v1/devices?offset=300", &err));
	assert_false(net_check_url(allow, "GET", "https://acme.kandji.io/api/v1/devices?cursor=x",
				   &err));
	assert_false(net_check_url(allow, "GET", "https://acme.api.kandji.io/api/v1/users", &err));
	assert_false(
		net_check_url(allow, "DELETE", "https://acme.api.kandji.io/api/v1/devices", &err));
	assert_false(
		net_check_url(allow, "POST", "https://eu-1.example.com/query?kind=write", &err));
}

static void a_text_setting_cannot_move_the_host(void **state)
{
	struct value_tree *declaration = value_of(declaration_text);
	const char *const evil[] = { "x.evil.com/", "a@evil.com", "evil.com#", "a b", "a:1" };

	(void)state;
	for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
		json_t *settings = json_pack("{s:s, s:s}", "api_url", "https://a.api.kandji.io",
					     "region", evil[i]);
		struct err err = ERR_INIT;

		assert_null(endpoint_new(value_root(declaration), settings, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
		json_decref(settings);
	}
	value_tree_free(declaration);
}

static struct value_tree *declaration_with_base(const char *base)
{
	static const char settings[] =
		"[{\"id\": \"url\", \"label\": \"URL\", \"hosts\": [\"*.vendor.test\"]},"
		" {\"id\": \"text\"}, {\"id\": \"port\"},"
		" {\"id\": \"dc\", \"choices\": [\"vendor.test\", \"vendor.example\"]}]";
	char text[512];

	snprintf(text, sizeof(text), "{\"settings\": %s, \"bases\": {\"api\": \"%s\"}}", settings,
		 base);
	return value_of(text);
}

static void a_table_says_which_hosts_stand_together(void **state)
{
	struct value_tree *declaration =
		value_of("{\"settings\": [{\"id\": \"dc\", \"choices\": [\"eu\", \"ca\", \"xx\"], "
			 "\"table\": {"
			 "\"eu\": {\"api\": \"api.vendor.eu\", \"login\": \"login.vendor.eu\"},"
			 "\"ca\": {\"api\": \"api.vendor.ca\", \"login\": \"login.cloud.ca\"},"
			 "\"zz\": {\"api\": \"api.vendor.zz\", \"login\": \"login.vendor.zz\"}}}],"
			 " \"bases\": {\"api\": \"https://{dc.api}/v1\", \"login\": "
			 "\"https://{dc.login}\"}}");
	static const struct {
		const char *dc, *login;
	} cases[] = {
		{ "eu", "https://login.vendor.eu/token" },
		{ "ca", "https://login.cloud.ca/token" },
		{ "xx", NULL }, /* a choice without a row */
		{ "zz", NULL }, /* a row that is no choice */
		{ "eu.api", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *settings = json_pack("{s:s}", "dc", cases[i].dc);
		struct err err = ERR_INIT;
		struct endpoint *endpoint = endpoint_new(value_root(declaration), settings, &err);
		struct value_tree *calls = value_of("[\"POST login:/token\"]");

		assert_int_equal(endpoint != NULL, cases[i].login != NULL);
		if (endpoint != NULL) {
			assert_true(endpoint_allow(endpoint, value_root(calls), &err));
			assert_true(net_check_url(endpoint_allowed(endpoint), "POST",
						  cases[i].login, &err));
		}
		endpoint_free(endpoint);
		value_tree_free(calls);
		json_decref(settings);
	}
	value_tree_free(declaration);
}

/* A script's `parse` makes any value out of what was typed: the declaration must bound it. */
static void a_base_leads_where_the_declaration_says(void **state)
{
	static const struct {
		const char *base;
		bool fine;
	} cases[] = {
		{ "https://api.vendor.test/v1", true },
		{ "https://api.vendor.test/{text}/v1", true },
		{ "https://{text}.vendor.test", true },
		{ "https://{text}.{dc}.vendor.test:{port}/v1", true },
		{ "https://api.{dc}/v1", true },
		{ "{url}", true },
		{ "{url}/v1/{text}", true },
		{ "{text}/v1", false },
		{ "{dc}/v1", false },
		{ "{missing}/v1", false },
		{ "https://{text}/v1", false },
		{ "https://{text}", false },
		{ "https://{text}.test/v1", false },
		{ "https://{text}vendor.test/v1", false },
		{ "https://{text}-eu.vendor.test/v1", false },
		{ "https://api.vendor.{text}", false },
		{ "https://api.{dc}{text}/v1", false },
		{ "https://{url}/v1", false },
		{ "https://{a:b}/v1", false },
		{ "https://{a/b}", false },
		{ "https://{text", false },
		{ "{url}{text}/v1", false },
		{ "{url}.evil.test/v1", false },
		{ "{url}:{port}/v1", false },
		{ "http://api.vendor.test/v1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value_tree *declaration = declaration_with_base(cases[i].base);
		struct err err = ERR_INIT;

		if (endpoint_check_bases(value_root(declaration), &err) != cases[i].fine)
			fail_msg("%s: %s", cases[i].base, err.message);
		value_tree_free(declaration);
	}
}

static void an_administrators_host_has_no_default(void **state)
{
	struct value_tree *declaration =
		value_of("{\"settings\": [{\"id\": \"url\", \"hosts\": \"admin\","
			 " \"default\": \"evil.example\"}], \"bases\": {\"api\": \"{url}/v1\"}}");
	struct err err = ERR_INIT;

	(void)state;
	assert_false(endpoint_check_bases(value_root(declaration), &err));
	assert_non_null(strstr(err.message, "setting url"));
	value_tree_free(declaration);
}

/* What is stored is checked as well: it was parsed under the connector of that day. */
static void a_stored_setting_is_held_to_the_declaration(void **state)
{
	static const struct {
		const char *base, *url, *dc;
		bool fine;
	} cases[] = {
		{ "{url}/v1", "https://acme.vendor.test", "vendor.test", true },
		{ "{url}/v1", "https://evil.example", "vendor.test", false },
		{ "https://api.{dc}/v1", "https://acme.vendor.test", "vendor.example", true },
		{ "https://api.{dc}/v1", "https://acme.vendor.test", "evil.example", false },
		{ "{text}/v1", "https://acme.vendor.test", "vendor.test", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value_tree *declaration = declaration_with_base(cases[i].base);
		json_t *settings = json_pack("{s:s, s:s, s:s}", "url", cases[i].url, "dc",
					     cases[i].dc, "text", "https://evil.example");
		struct err err = ERR_INIT;
		struct endpoint *endpoint = endpoint_new(value_root(declaration), settings, &err);

		assert_int_equal(endpoint != NULL, cases[i].fine);
		if (endpoint == NULL)
			assert_int_equal(err.kind, ERR_CONFIG);
		endpoint_free(endpoint);
		json_decref(settings);
		value_tree_free(declaration);
	}
}

/* A base of settings that belong to another way of signing in is not there. */
static void a_base_of_settings_that_were_not_asked_for_is_left_out(void **state)
{
	struct value_tree *declaration = value_of(
		"{\"settings\": [{\"id\": \"region\", \"when\": {\"sign_in\": \"oauth\"}}],"
		" \"bases\": {\"api\": \"https://api.vendor.test\","
		" \"token\": \"https://{region}.vendor.test\"}}");
	struct value_tree *call = value_of("[\"POST token:/token\"]");

	(void)state;
	for (int given = 0; given <= 1; given++) {
		json_t *settings = given ? json_pack("{s:s}", "region", "emea") : json_object();
		struct err err = ERR_INIT;
		struct endpoint *endpoint = endpoint_new(value_root(declaration), settings, &err);

		assert_non_null(endpoint);
		assert_int_equal(endpoint_allow(endpoint, value_root(call), &err), given);
		assert_true(given || strstr(err.message, "not asked for") != NULL);
		endpoint_free(endpoint);
		json_decref(settings);
	}
	value_tree_free(declaration);
	value_tree_free(call);
}

/* What is declared and not carried out must not be passed over: more would be let through. */
static void a_bound_body_is_not_passed_over(void **state)
{
	struct fixture *fixture = *state;
	struct value_tree *calls = value_of(
		"[{\"call\": \"POST dc:/query\", \"body\": {\"query\": \"{ devices }\"}}]");
	struct err err = ERR_INIT;

	assert_false(endpoint_allow(fixture->endpoint, value_root(calls), &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.message, "body"));
	value_tree_free(calls);
}

static void a_parsed_url_must_be_of_the_declared_hosts(void **state)
{
	struct value_tree *setting = value_of(
		"{\"id\": \"api_url\", \"label\": \"API URL\", \"hosts\": [\"*.api.kandji.io\"]}");
	const struct {
		const char *url;
		bool fine;
	} cases[] = {
		{ "https://acme.api.kandji.io", true },
		{ "https://acme.api.kandji.io/", true },
		{ "http://acme.api.kandji.io", false },
		{ "https://a.b.api.kandji.io", false },
		{ "https://api.kandji.io", false },
		{ "https://evil.com", false },
		{ "https://acme.api.kandji.io@evil.com", false },
		{ "https://acme.api.kandji.io.evil.com", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *parsed = json_pack("{s:s}", "url", cases[i].url);
		struct err err = ERR_INIT;

		assert_int_equal(endpoint_check_setting(value_root(setting), parsed, NULL, &err),
				 cases[i].fine);
		json_decref(parsed);
	}
	value_tree_free(setting);
}

/* "admin" leaves the host to the administrator, not to the script that parses what was typed. */
static void an_administrators_host_is_the_one_that_was_typed(void **state)
{
	static const struct {
		const char *typed, *url;
		bool fine;
	} cases[] = {
		{ "mdm.acme.test", "https://mdm.acme.test", true },
		{ "https://MDM.Acme.test:8443/console", "https://mdm.acme.test:8443", true },
		{ " mdm.acme.test ", "https://mdm.acme.test", true },
		{ "mdm.acme.test.", "https://mdm.acme.test", true },
		{ NULL, "https://mdm.acme.test", true }, /* stored: compared when it was typed */
		{ "mdm.acme.test", "https://evil.example", false },
		{ "mdm.acme.test", "https://acme.test", false },
		{ "mdm.acme.test", "https://mdm.acme", false },
		{ "mdm.acme.test", "https://dm.acme.test", false },
		{ "mdm-acme.test", "https://acme.test", false },
		{ "", "https://evil.example", false },
	};
	struct value_tree *setting =
		value_of("{\"id\": \"url\", \"label\": \"URL\", \"hosts\": \"admin\"}");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *parsed = json_pack("{s:s}", "url", cases[i].url);
		struct err err = ERR_INIT;

		if (endpoint_check_setting(value_root(setting), parsed, cases[i].typed, &err) !=
		    cases[i].fine)
			fail_msg("%s of \"%s\"", cases[i].url, cases[i].typed);
		json_decref(parsed);
	}
	value_tree_free(setting);
}

static void header_of(const char *auth_text, const char *name, const char *value)
{
	struct value_tree *declaration = value_of(auth_text);
	json_t *settings = json_pack("{s:s}", "user", "rosa");
	struct secret token = SECRET_INIT;
	struct auth_secret secrets[] = { { "token", &token } };
	const struct auth_parts parts = { settings, secrets, 1 };
	struct err err = ERR_INIT;
	struct auth auth;

	assert_true(secret_from(&token, "s3cret", 6, &err));
	assert_true(
		auth_build(&auth, auth_declared(value_root(declaration), settings), &parts, &err));
	assert_int_equal(auth.count, 1);
	assert_string_equal(auth.headers[0].name, name);
	assert_string_equal(auth.headers[0].value, value);
	auth_fini(&auth);
	secret_fini(&token);
	json_decref(settings);
	value_tree_free(declaration);
}

static void each_auth_kind_makes_its_header(void **state)
{
	(void)state;
	header_of("{\"auth\": {\"kind\": \"bearer\", \"token\": \"token\"}}", "Authorization",
		  "Bearer s3cret");
	header_of("{\"auth\": {\"kind\": \"bearer\", \"token\": \"token\", \"prefix\": \"Zoho\"}}",
		  "Authorization", "Zoho s3cret");
	header_of("{\"auth\": {\"kind\": \"header\", \"headers\": {\"x-api-key\": \"token\"}}}",
		  "x-api-key", "s3cret");
	header_of("{\"auth\": {\"kind\": \"bearer\", \"token\": \"token\", \"header\": \"X-T\"}}",
		  "X-T", "Bearer s3cret");
	header_of("{\"auth\": {\"kind\": \"basic\", \"username\": \"user\", \"password\": "
		  "\"token\"}}",
		  "Authorization", "Basic cm9zYTpzM2NyZXQ=");
}

static void a_key_goes_beside_the_password(void **state)
{
	struct value_tree *declaration =
		value_of("{\"auth\": {\"kind\": \"basic\", \"username\": \"user\", \"password\": "
			 "\"token\", \"headers\": {\"x-tenant\": \"token\"}}}");
	json_t *settings = json_pack("{s:s}", "user", "rosa");
	struct secret token = SECRET_INIT;
	struct auth_secret secrets[] = { { "token", &token } };
	const struct auth_parts parts = { settings, secrets, 1 };
	struct err err = ERR_INIT;
	struct auth auth;

	(void)state;
	assert_true(secret_from(&token, "s3cret", 6, &err));
	assert_true(
		auth_build(&auth, auth_declared(value_root(declaration), settings), &parts, &err));
	assert_int_equal(auth.count, 2);
	assert_string_equal(auth.headers[0].value, "Basic cm9zYTpzM2NyZXQ=");
	assert_string_equal(auth.headers[1].name, "x-tenant");
	assert_string_equal(auth.headers[1].value, "s3cret");
	auth_fini(&auth);
	secret_fini(&token);
	json_decref(settings);
	value_tree_free(declaration);
}

static void a_secret_with_a_line_break_is_refused(void **state)
{
	struct value_tree *declaration =
		value_of("{\"auth\": {\"kind\": \"bearer\", \"token\": \"token\"}}");
	struct secret token = SECRET_INIT;
	struct auth_secret secrets[] = { { "token", &token } };
	const struct auth_parts parts = { NULL, secrets, 1 }, none = { 0 };
	struct err err = ERR_INIT;
	struct auth auth;

	(void)state;
	assert_true(secret_from(&token, "a\r\nX: y", 7, &err));
	assert_false(auth_build(&auth, auth_declared(value_root(declaration), NULL), &parts, &err));
	assert_null(strstr(err.message, "X: y"));
	assert_false(auth_build(&auth, auth_declared(value_root(declaration), NULL), &none, &err));
	assert_non_null(strstr(err.message, "token"));
	secret_fini(&token);
	value_tree_free(declaration);
}

static void an_approval_shows_what_came_and_went(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	connector_approval_diff("call a GET x:/1\nhost one\n", "call a GET x:/1\nhost two\n", &out);
	assert_string_equal(buf_text(&out), "- host one\n+ host two\n");
	buf_clear(&out);
	connector_approval_diff("same\n", "same\n", &out);
	assert_string_equal(buf_text(&out), "");
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(calls_become_urls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_path_part_stays_one_segment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(undeclared_calls_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_own_hosts_are_allowed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_bound_body_is_not_passed_over, set_up, tear_down),
		cmocka_unit_test(a_text_setting_cannot_move_the_host),
		cmocka_unit_test(a_table_says_which_hosts_stand_together),
		cmocka_unit_test(a_base_leads_where_the_declaration_says),
		cmocka_unit_test(a_stored_setting_is_held_to_the_declaration),
		cmocka_unit_test(a_base_of_settings_that_were_not_asked_for_is_left_out),
		cmocka_unit_test(an_administrators_host_has_no_default),
		cmocka_unit_test(a_parsed_url_must_be_of_the_declared_hosts),
		cmocka_unit_test(an_administrators_host_is_the_one_that_was_typed),
		cmocka_unit_test(each_auth_kind_makes_its_header),
		cmocka_unit_test(a_key_goes_beside_the_password),
		cmocka_unit_test(a_secret_with_a_line_break_is_refused),
		cmocka_unit_test(an_approval_shows_what_came_and_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
