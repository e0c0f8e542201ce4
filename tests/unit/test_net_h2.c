/* HTTP/2 against nghttpd: many requests share one connection. Skipped where it is not installed. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "fixture_net.h"
#include "unit.h"

enum { REQUESTS = 300, BODY = 20000 };

/* --- nghttpd --- */

static bool is_installed(void)
{
	return system("command -v nghttpd >/dev/null 2>&1") == 0;
}

/* A port that was free a moment ago: nghttpd cannot say which one it got. */
static int free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static bool accepts(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_open;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	is_open = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return is_open;
}

static void write_body(const char *folder, const char *name, int size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < size; i++)
		fputc('b', file);
	fclose(file);
}

static pid_t start_nghttpd(const char *folder, const char *leaf, int port)
{
	char number[16], key[64], certificate[64];
	pid_t pid;

	snprintf(key, sizeof(key), "%s.key", leaf);
	snprintf(certificate, sizeof(certificate), "%s.crt", leaf);
	write_body(folder, "body", BODY);
	snprintf(number, sizeof(number), "%d", port);
	pid = fork();
	if (pid == 0) {
		int log;

		/* A test that fails does not come to its end. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || chdir(folder) != 0)
			_exit(126);
		log = open("h2.log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
		execlp("nghttpd", "nghttpd", "-v", "--no-content-length", "-a", "127.0.0.1", "-d",
		       folder, number, key, certificate, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 1000 && !accepts(port); i++)
		usleep(10000);
	assert_true(accepts(port));
	return pid;
}

/* The highest connection number in its log; those of accepts() speak no HTTP/2. */
static int connections_used(const char *folder)
{
	char path[128], line[512];
	bool seen[4096] = { false };
	int count = 0, id;
	FILE *file;

	snprintf(path, sizeof(path), "%s/h2.log", folder);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *at = strstr(line, "[id=");

		if (at == NULL || strstr(line, "recv (stream_id=") == NULL ||
		    sscanf(at, "[id=%d]", &id) != 1 || id < 0 || id >= 4096 || seen[id])
			continue;
		seen[id] = true;
		count++;
	}
	fclose(file);
	return count;
}

/* --- the requests --- */

struct crowd {
	struct loop *loop;
	int left, good;
};

static void count_done(void *arg, struct net_reply *reply, const struct err *err)
{
	struct crowd *crowd = arg;

	if (err->kind == ERR_NONE && reply->status == 200 && reply->body.len == BODY)
		crowd->good++;
	if (--crowd->left == 0)
		loop_stop(crowd->loop);
}

static void send_all(struct fixture_client *client, struct crowd *crowd)
{
	struct fixture_request request;
	struct err err = ERR_INIT;

	fixture_request_init(&request, "GET", "https://api.vendor.test/body");
	request.request.attempted = NULL;
	for (int i = 0; i < REQUESTS; i++)
		assert_non_null(net_send(client->net, &request.request, count_done, crowd, &err));
	loop_run(client->servers->loop);
}

static pid_t open_client(struct fixture_client *client, struct fixture_servers *servers,
			 const char *leaf)
{
	int port = free_port();
	pid_t pid;

	if (!is_installed()) {
		puts("skipped: nghttpd is not installed (Debian: nghttp2-server)");
		skip();
	}
	pid = start_nghttpd(servers->folder, leaf, port);
	fixture_client_init(client, servers, "good");
	snprintf(client->route, sizeof(client->route), "api.vendor.test:443:127.0.0.1:%d", port);
	client->options.concurrent = 8;
	fixture_open(client);
	return pid;
}

static void close_client(struct fixture_client *client, pid_t pid)
{
	fixture_close(client);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

static void many_requests_share_a_connection(void **state)
{
	struct fixture_servers *servers = *state;
	struct fixture_client client;
	struct crowd crowd = { .loop = servers->loop, .left = REQUESTS };
	pid_t pid = open_client(&client, servers, "good");

	send_all(&client, &crowd);
	close_client(&client, pid);
	assert_int_equal(crowd.good, REQUESTS);
	assert_int_equal(connections_used(servers->folder), 1);
}

/* The end of an answer without a length is told by HTTP/2 alone (http.c: receive buffer). */
static void an_answer_of_any_size_ends(void **state)
{
	static const int turns[] = { 16384, 32768, 65536, 131072 };
	struct fixture_servers *servers = *state;
	struct fixture_client client;
	struct fixture_outcome out;
	char path[16];
	pid_t pid = open_client(&client, servers, "good");

	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		for (int size = turns[i] - 240; size <= turns[i] + 16; size += 16) {
			snprintf(path, sizeof(path), "/%d", size);
			write_body(servers->folder, path + 1, size);
			fixture_get(&client, path, &out);
			assert_string_equal(out.err.message, "");
			assert_int_equal(out.body_len, size);
			assert_int_equal(out.attempts, 1);
		}
	}
	close_client(&client, pid);
}

/* HTTP/2 would keep the connection, and the next request find no certificate to look at. */
static void a_refused_certificate_is_refused_again(void **state)
{
	struct fixture_servers *servers = *state;
	struct fixture_client client;
	struct fixture_outcome out;
	struct crowd crowd = { .loop = servers->loop, .left = REQUESTS };
	pid_t pid = open_client(&client, servers, "no-name");

	for (int i = 0; i < 3; i++) {
		fixture_get(&client, "/body", &out);
		assert_non_null(strstr(out.err.message, "no alternative name"));
	}
	send_all(&client, &crowd);
	close_client(&client, pid);
	assert_int_equal(crowd.good, 0);
	assert_int_equal(crowd.left, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_requests_share_a_connection),
		cmocka_unit_test(an_answer_of_any_size_ends),
		cmocka_unit_test(a_refused_certificate_is_refused_again),
	};

	return cmocka_run_group_tests(tests, fixture_servers_start, fixture_servers_stop);
}
