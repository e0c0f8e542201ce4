/* Redirect URIs: where a browser may be sent back to. */
#include <string.h>

#include "unit.h"
#include "vault/oauth/redirect.h"

static void this_machine_is_its_address(void **state)
{
	struct oauth_redirect redirect;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(oauth_redirect_read(OAUTH_REDIRECT_URI, &redirect, &err));
	assert_true(redirect.is_loopback);
	assert_int_equal(redirect.port, 8765);
	assert_int_equal(redirect.authority_len, strlen("127.0.0.1:8765"));
	assert_string_equal(redirect.authority, "127.0.0.1:8765/oauth/callback");
	assert_string_equal(redirect.path, "/oauth/callback");
	assert_true(oauth_redirect_read("http://127.0.0.1/x", &redirect, &err));
	assert_int_equal(redirect.port, 80);
}

static void elsewhere_it_is_public_and_encrypted(void **state)
{
	struct oauth_redirect redirect;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(oauth_redirect_read("https://muster.acme.example/cb?x=1", &redirect, &err));
	assert_false(redirect.is_loopback);
}

static void all_else_is_refused_with_the_way_out(void **state)
{
	static const char *const wrong[] = {
		"",
		"http://localhost:8765/cb",
		"http://127.0.0.1",
		"http://127.0.0.1:8765",
		"http://127.0.0.1:0/cb",
		"http://127.0.0.1:65536/cb",
		"http://127.0.0.1:08/cb",
		"http://127.0.0.1:8765x/cb",
		"http://127.0.0.1:8765//evil.example",
		"http://127.0.0.1:8765/cb?x",
		"http://127.0.0.1:8765/c b",
		"http://127.0.0.1:1@evil.example/cb",
		"http://127.0.0.1.evil.example/cb",
		"http://10.0.0.1/cb",
		"https://",
		"https:///cb",
		"https://host",
		"https://user@host/cb",
		"https://host/cb#x",
		"https://host/\"cb",
		"javascript:alert(1)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct oauth_redirect redirect;
		struct err err = ERR_INIT;

		if (oauth_redirect_read(wrong[i], &redirect, &err))
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_non_null(strstr(err.hint, OAUTH_REDIRECT_URI));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_machine_is_its_address),
		cmocka_unit_test(elsewhere_it_is_public_and_encrypted),
		cmocka_unit_test(all_else_is_refused_with_the_way_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
