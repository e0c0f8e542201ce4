/*
 * The second and the third wall of the address policy. The first one, pinning, leaves them nothing
 * to do: here exchanges are started that lie about their addresses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_net.h"
#include "net/http.h"
#include "unit.h"

static const struct net_tuning tuning = { .connect_ms = 10000,
					  .total_ms = 60000,
					  .low_speed_ms = 30000 };

struct outcome {
	struct loop *loop;
	struct err err;
	int status;
};

static void note(void *arg, struct http_result *result)
{
	struct outcome *outcome = arg;

	outcome->err = result->err;
	outcome->status = result->reply.status;
	loop_stop(outcome->loop);
}

static void pin(struct http_request *request, const char *address)
{
	struct resolve_cidr cidr;
	struct err err = ERR_INIT;

	assert_true(resolve_cidr_parse(address, &cidr, &err));
	request->pinned.count = 1;
	resolve_cidr_address(&cidr, &request->pinned.at[0]);
}

static void exchange(struct http *http, const struct http_request *request, struct outcome *outcome)
{
	struct err err = ERR_INIT;

	assert_non_null(http_start(http, request, note, outcome, &err));
	loop_run(outcome->loop);
}

struct scene {
	struct outcome outcome;
	struct resolve_policy policy;
	struct resolve_cidr allowed;
	struct policy_url url;
	struct http_request request;
	struct http *http;
	char ca_file[96];
};

static void open_scene(struct scene *scene, struct fixture_servers *servers, const char *host)
{
	struct err err = ERR_INIT;
	char text[128];

	*scene = (struct scene){ .outcome = { .loop = servers->loop } };
	snprintf(text, sizeof(text), "https://%s:%d/status/200", host,
		 fixture_port(servers, "good"));
	snprintf(scene->ca_file, sizeof(scene->ca_file), "%s/ca.pem", servers->folder);
	assert_true(policy_url_parse(text, &scene->url, &err));
	scene->request = (struct http_request){ .method = "GET",
						.url = &scene->url,
						.max_body_bytes = 1000,
						.is_idempotent = true,
						.peer_host = scene->url.host,
						.peer_port = scene->url.port };
	scene->http = http_new(servers->loop,
			       &(struct http_options){ .ca_file = scene->ca_file,
						       .tuning = &tuning,
						       .policy = &scene->policy },
			       &err);
	assert_non_null(scene->http);
}

static void close_scene(struct scene *scene)
{
	http_free(scene->http);
	policy_url_fini(&scene->url);
}

/* An address in the URL is not looked up, so nothing pins it. */
static void no_socket_opens_to_another_address(void **state)
{
	struct scene scene;

	open_scene(&scene, *state, "127.0.0.1");
	pin(&scene.request, "192.0.2.1");
	exchange(scene.http, &scene.request, &scene.outcome);
	assert_int_equal(scene.outcome.err.kind, ERR_REFUSED);
	assert_non_null(strstr(scene.outcome.err.message, "127.0.0.1"));
	close_scene(&scene);
}

static void a_kept_connection_is_judged_again(void **state)
{
	struct scene scene;
	struct err err = ERR_INIT;

	open_scene(&scene, *state, "api.vendor.test");
	pin(&scene.request, "127.0.0.1");
	exchange(scene.http, &scene.request, &scene.outcome);
	assert_int_equal(scene.outcome.status, 200);
	/* The name has moved; the kept connection still leads to loopback. */
	pin(&scene.request, "192.0.2.1");
	exchange(scene.http, &scene.request, &scene.outcome);
	assert_int_equal(scene.outcome.err.kind, ERR_REFUSED);
	assert_int_equal(scene.outcome.status, 0);
	/* Where an administrator allowed that address, it may be used on. */
	pin(&scene.request, "127.0.0.1");
	exchange(scene.http, &scene.request, &scene.outcome);
	assert_true(resolve_cidr_parse("127.0.0.1", &scene.allowed, &err));
	scene.policy = (struct resolve_policy){ &scene.allowed, 1 };
	pin(&scene.request, "192.0.2.1");
	exchange(scene.http, &scene.request, &scene.outcome);
	assert_int_equal(scene.outcome.status, 200);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_socket_opens_to_another_address),
		cmocka_unit_test(a_kept_connection_is_judged_again),
	};

	return cmocka_run_group_tests(tests, fixture_servers_start, fixture_servers_stop);
}
