/* Starts tests/faults/server.py and asks it things. */
#define _GNU_SOURCE
#include "fixture_net.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "unit.h"

/* --- the servers --- */

static void run_server(const char *folder, int input, int output)
{
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	execlp("python3", "python3", "-B", "-W", "ignore", "tests/faults/server.py", folder,
	       (char *)NULL);
	_exit(127);
}

static void read_listeners(struct fixture_servers *servers, FILE *from)
{
	char line[128];

	while (fgets(line, sizeof(line), from) != NULL && !str_eq(line, "ready\n")) {
		assert_true(servers->count < FIXTURE_LISTENERS_MAX);
		assert_int_equal(sscanf(line, "%31s %d", servers->listeners[servers->count].name,
					&servers->listeners[servers->count].port),
				 2);
		servers->count++;
	}
	assert_true(servers->count > 0);
}

int fixture_servers_start(void **state)
{
	struct fixture_servers *servers = calloc(1, sizeof(*servers));
	struct err err = ERR_INIT;
	int input[2], output[2];
	FILE *lines;

	assert_non_null(servers);
	signal(SIGPIPE, SIG_IGN);
	strcpy(servers->folder, "/tmp/muster-net-XXXXXX");
	assert_non_null(mkdtemp(servers->folder));
	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	servers->pid = fork();
	if (servers->pid == 0)
		run_server(servers->folder, input[0], output[1]);
	assert_true(servers->pid > 0);
	close(input[0]);
	close(output[1]);
	servers->input = input[1];
	lines = fdopen(output[0], "r");
	assert_non_null(lines);
	read_listeners(servers, lines);
	fclose(lines);
	servers->loop = loop_new(&err);
	assert_non_null(servers->loop);
	*state = servers;
	return 0;
}

static void remove_folder(const char *folder)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-r", folder, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

int fixture_servers_stop(void **state)
{
	struct fixture_servers *servers = *state;

	close(servers->input);
	waitpid(servers->pid, NULL, 0);
	remove_folder(servers->folder);
	loop_free(servers->loop);
	free(servers);
	return 0;
}

int fixture_port(const struct fixture_servers *servers, const char *listener)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (str_eq(servers->listeners[i].name, listener))
			return servers->listeners[i].port;
	}
	fail_msg("no listener %s", listener);
	return 0;
}

/* --- the client --- */

static void note_wait(void *arg, const char *why, int64_t ms)
{
	struct fixture_client *client = arg;

	client->waits++;
	if (ms > client->longest_wait_ms)
		client->longest_wait_ms = ms;
	snprintf(client->last_wait, sizeof(client->last_wait), "%s", why);
}

void fixture_client_init(struct fixture_client *client, struct fixture_servers *servers,
			 const char *listener)
{
	*client = (struct fixture_client){ .servers = servers };
	snprintf(client->ca_file, sizeof(client->ca_file), "%s/ca.pem", servers->folder);
	snprintf(client->route, sizeof(client->route), "api.vendor.test:443:127.0.0.1:%d",
		 fixture_port(servers, listener));
	client->routes[0] = client->route;
	client->options = (struct net_options){
		.account_id = "acct",
		.ca_file = client->ca_file,
		.connect_to = client->routes,
		.connect_to_count = 1,
		.waiting = note_wait,
		.waiting_arg = client,
		.tuning = { .retry_base_ms = 1, .low_speed_ms = 1000, .seed = 7 },
	};
}

void fixture_open(struct fixture_client *client)
{
	struct err err = ERR_INIT;

	client->net = net_open(client->servers->loop, &client->options, &err);
	if (client->net == NULL)
		fail_msg("%s", err.message);
}

void fixture_close(struct fixture_client *client)
{
	net_close(client->net);
	client->net = NULL;
}

/* --- requests --- */

void fixture_done(void *arg, struct net_reply *reply, const struct err *err)
{
	struct fixture_outcome *out = arg;
	const char *header;

	assert_false(out->is_done);
	out->is_done = true;
	out->err = *err;
	if (reply != NULL) {
		size_t len = reply->body.len < sizeof(out->body) ? reply->body.len
								 : sizeof(out->body) - 1;

		out->has_reply = true;
		out->status = reply->status;
		out->attempts = reply->attempts;
		out->body_len = reply->body.len;
		memcpy(out->body, buf_text(&reply->body), len);
		out->body[len] = '\0';
		header = net_reply_header(reply, "x-interim");
		snprintf(out->header, sizeof(out->header), "%s", header != NULL ? header : "");
		snprintf(out->ip, sizeof(out->ip), "%s", reply->effective_ip);
	}
	loop_stop(out->loop);
}

static void note_attempt(void *arg, const struct net_attempt *attempt)
{
	struct fixture_outcome *out = arg;

	assert_int_equal(attempt->number, ++out->told);
}

void fixture_request_init(struct fixture_request *request, const char *method, const char *url)
{
	static const char *const hosts[] = { "api.vendor.test", "api.vendor.test:8443" };
	static const char *const paths[] = { "/{a}", "/{a}/{b}", "/{a}/{b}/{c}",
					     "/{a}/{b}/{c}/{d}" };

	*request = (struct fixture_request){
		.request = { .method = method, .url = url, .attempted = note_attempt },
		.allow = { hosts, 2, request->calls, 4 },
	};
	for (size_t i = 0; i < 4; i++)
		request->calls[i] = (struct net_allowed_call){
			.method = method, .base_url = "https://api.vendor.test", .path = paths[i]
		};
	request->request.allow = &request->allow;
}

void fixture_send(struct fixture_client *client, const struct fixture_request *request,
		  struct fixture_outcome *out)
{
	struct err err = ERR_INIT;

	*out = (struct fixture_outcome){ .loop = client->servers->loop };
	if (net_send(client->net, &request->request, fixture_done, out, &err) == NULL) {
		out->is_done = true;
		out->err = err;
		return;
	}
	assert_false(out->is_done);
	loop_run(client->servers->loop);
	assert_true(out->is_done);
}

void fixture_get(struct fixture_client *client, const char *path, struct fixture_outcome *out)
{
	struct fixture_request request;
	char url[1024];

	snprintf(url, sizeof(url), "https://api.vendor.test%s", path);
	fixture_request_init(&request, "GET", url);
	fixture_send(client, &request, out);
}
