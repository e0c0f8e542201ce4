/* Requests to a token address, and sets of scopes: their bytes. */
#include <string.h>

#include "unit.h"
#include "vault/oauth/request.h"
#include "vault/oauth/scopes.h"

/* --- requests --- */

static struct secret secret_of(const char *text)
{
	struct secret secret;
	struct err err = ERR_INIT;

	assert_true(secret_from(&secret, text, strlen(text), &err));
	return secret;
}

static void the_client_stands_in_the_body(void **state)
{
	static const struct oauth_part params[] = { { "resource", "https://x/y", 11 } };
	struct secret key = secret_of("s&cr=t ");
	const struct oauth_client client = {
		.id = "1000.AB", .secret = &key, .scopes = "a,b", .params = params, .param_count = 1
	};
	struct oauth_request request;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(oauth_request_client(&request, &client, &err));
	assert_string_equal(request.body.data,
			    "grant_type=client_credentials&scope=a%2Cb&client_id=1000.AB"
			    "&client_secret=s%26cr%3Dt%20&resource=https%3A%2F%2Fx%2Fy");
	assert_string_equal(request.content_type, "application/x-www-form-urlencoded");
	assert_int_equal(request.authorization.len, 0);
	oauth_request_fini(&request);
	secret_fini(&key);
}

/* RFC 6749, 2.3.1: both are encoded, so that a colon in the id separates nothing. */
static void the_client_stands_in_the_header(void **state)
{
	struct secret key = secret_of("p:w");
	const struct oauth_client client = {
		.id = "a:b", .secret = &key, .is_basic = true, .scopes = ""
	};
	struct oauth_request request;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(oauth_request_client(&request, &client, &err));
	assert_string_equal(request.body.data, "grant_type=client_credentials");
	assert_string_equal(request.authorization.data, "Basic YSUzQWI6cCUzQXc=");
	oauth_request_fini(&request);
	secret_fini(&key);
}

static void each_grant_has_its_fields(void **state)
{
	struct secret key = secret_of("k"), one = secret_of("1/2"), two = secret_of("v~");
	const struct oauth_client public = { .id = "me", .scopes = "a b" };
	const struct oauth_client client = { .id = "me", .secret = &key, .scopes = "a" };
	struct oauth_request request;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(oauth_request_refresh(&request, &client, &one, &err));
	assert_string_equal(request.body.data,
			    "grant_type=refresh_token&refresh_token=1%2F2&client_id=me"
			    "&client_secret=k");
	oauth_request_fini(&request);
	assert_true(oauth_request_password(&request, &client, "ada", &one, &err));
	assert_string_equal(request.body.data,
			    "grant_type=password&username=ada&password=1%2F2&scope=a&client_id=me"
			    "&client_secret=k");
	oauth_request_fini(&request);
	assert_true(
		oauth_request_code(&request, &public, &one, "http://127.0.0.1:1/cb", &two, &err));
	assert_string_equal(request.body.data,
			    "grant_type=authorization_code&code=1%2F2"
			    "&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcb&code_verifier=v~"
			    "&client_id=me");
	oauth_request_fini(&request);
	assert_true(oauth_request_code(&request, &client, &one, NULL, NULL, &err));
	assert_string_equal(request.body.data, "grant_type=authorization_code&code=1%2F2"
					       "&client_id=me&client_secret=k");
	oauth_request_fini(&request);
	secret_fini(&key);
	secret_fini(&one);
	secret_fini(&two);
}

static void a_login_is_a_form_or_json(void **state)
{
	static const struct oauth_part parts[] = { { "user", "ada \"x\"\\", 8 },
						   { "key", "a\nb\x01", 4 } };
	static const struct oauth_part broken[] = { { "key", "\xff", 1 } };
	struct oauth_request request;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(oauth_request_json(&request, parts, 2, &err));
	assert_string_equal(request.body.data,
			    "{\"user\":\"ada \\\"x\\\"\\\\\",\"key\":\"a\\u000ab\\u0001\"}");
	assert_string_equal(request.content_type, "application/json");
	oauth_request_fini(&request);
	assert_true(oauth_request_form(&request, parts, 2, &err));
	assert_string_equal(request.body.data, "user=ada%20%22x%22%5C&key=a%0Ab%01");
	oauth_request_fini(&request);
	assert_false(oauth_request_json(&request, broken, 1, &err));
	assert_int_equal(err.kind, ERR_AUTH);
	oauth_request_fini(&request);
}

static void too_many_parameters_are_refused(void **state)
{
	struct oauth_part params[40];
	const struct oauth_client client = {
		.id = "me", .scopes = "", .params = params, .param_count = 40
	};
	struct oauth_request request;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		params[i] = (struct oauth_part){ "p", "v", 1 };
	assert_false(oauth_request_client(&request, &client, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	oauth_request_fini(&request);
}

/* --- scopes --- */

static void assert_set(bool (*make)(const char *, const char *, struct buf *, struct err *),
		       const char *a, const char *b, const char *expected)
{
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	assert_true(make(a, b, &out, &err));
	assert_string_equal(buf_text(&out), expected);
	buf_fini(&out);
}

static void scopes_are_sets(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_set(scopes_unite, "b,a", "c a\n", "a b c");
	assert_set(scopes_unite, "", "", "");
	assert_set(scopes_unite, " a ,, a ", "", "a");
	assert_set(scopes_missing, "a b c", "c,a", "b");
	assert_set(scopes_missing, "b a", "", "a b");
	assert_set(scopes_missing, "a", "a b", "");
	assert_set(scopes_missing, "a.READ", "a.READ_ALL", "a.READ");
	scopes_write("a b c", ",", &out);
	assert_string_equal(buf_text(&out), "a,b,c");
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_client_stands_in_the_body),
		cmocka_unit_test(the_client_stands_in_the_header),
		cmocka_unit_test(each_grant_has_its_fields),
		cmocka_unit_test(a_login_is_a_form_or_json),
		cmocka_unit_test(too_many_parameters_are_refused),
		cmocka_unit_test(scopes_are_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
