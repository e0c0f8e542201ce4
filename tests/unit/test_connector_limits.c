/* What a connector declares of limits, as net/ gets it: rates, quotas, and who counts together. */
#include <stdlib.h>

#include "connector/json_value.h"
#include "connector/limits.h"
#include "unit.h"

struct fixture {
	struct value_tree *declaration;
	struct account account;
	struct limits limits;
	struct net_options options;
	struct err err;
};

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

static bool begin(struct fixture *fixture, const char *declaration, const char *tenant,
		  const char *credential_id)
{
	struct limits_owner owner = { .account = &fixture->account,
				      .credential_id = credential_id };

	*fixture = (struct fixture){ .account = { .vendor = "kandji", .tenant = (char *)tenant } };
	fixture->declaration = value_of(declaration);
	owner.declaration = value_root(fixture->declaration);
	return limits_init(&fixture->limits, &owner, &fixture->options, &fixture->err);
}

static void end(struct fixture *fixture)
{
	limits_fini(&fixture->limits);
	value_tree_free(fixture->declaration);
}

static void assert_budget(const char *declaration, const char *tenant, const char *credential_id,
			  const char *expected)
{
	struct fixture fixture;

	assert_true(begin(&fixture, declaration, tenant, credential_id));
	if (expected == NULL)
		assert_null(fixture.options.budget_id);
	else
		assert_string_equal(fixture.options.budget_id, expected);
	end(&fixture);
}

static void a_budget_is_a_credentials_a_providers_or_a_tenants(void **state)
{
	static const char provider[] =
		"{\"provider\": \"zoho\", \"limits\": {\"shared\": \"provider\"}}";
	static const char tenant[] = "{\"limits\": {\"shared\": \"tenant\"}}";

	(void)state;
	assert_budget("{}", "acme", "c1", "credential c1 kandji");
	assert_budget("{\"provider\": \"zoho\"}", "acme", "c1", "credential c1 kandji");
	assert_budget(provider, "acme", "c1", "credential c1 zoho");
	assert_budget(tenant, "acme", "c1", "tenant kandji acme");
	/* What is only tested yet. */
	assert_budget(tenant, NULL, "c1", "credential c1 kandji");
	assert_budget(tenant, NULL, NULL, NULL);
	assert_budget("{}", "acme", NULL, NULL);
}

static void one_quota_or_several(void **state)
{
	static const char several[] =
		"{\"limits\": {\"headers\": [{\"remaining\": \"a\", \"reset\": \"b\"},"
		" {\"remaining\": \"c\", \"window\": \"1h\"}]}}";
	struct fixture fixture;

	(void)state;
	assert_true(
		begin(&fixture, "{\"limits\": {\"headers\": {\"remaining\": \"a\"}}}", NULL, NULL));
	assert_int_equal(fixture.options.quota_count, 1);
	end(&fixture);
	assert_true(begin(&fixture, several, NULL, NULL));
	assert_int_equal(fixture.options.quota_count, 2);
	assert_string_equal(fixture.options.quotas[0].reset, "b");
	assert_string_equal(fixture.options.quotas[1].remaining, "c");
	assert_null(fixture.options.quotas[1].reset);
	assert_int_equal(fixture.options.quotas[1].window_ms, 3600000);
	end(&fixture);
}

static void what_cannot_be_used_is_named(void **state)
{
	struct fixture fixture;

	(void)state;
	assert_false(begin(&fixture, "{\"limits\": {\"rates\": [\"many\"]}}", NULL, NULL));
	assert_int_equal(fixture.err.kind, ERR_CONFIG);
	end(&fixture);
	assert_false(begin(&fixture,
			   "{\"limits\": {\"headers\": {\"remaining\": \"a\", \"window\": \"x\"}}}",
			   NULL, NULL));
	assert_int_equal(fixture.err.kind, ERR_CONFIG);
	end(&fixture);
	assert_false(begin(&fixture,
			   "{\"limits\": {\"headers\": [{\"remaining\": \"a\"}, {\"remaining\": "
			   "\"b\"}, {\"remaining\": \"c\"}, {\"remaining\": \"d\"}, "
			   "{\"remaining\": \"e\"}]}}",
			   NULL, NULL));
	assert_int_equal(fixture.err.kind, ERR_CONFIG);
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_budget_is_a_credentials_a_providers_or_a_tenants),
		cmocka_unit_test(one_quota_or_several),
		cmocka_unit_test(what_cannot_be_used_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
