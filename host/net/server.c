/* A small HTTP server on the loop. */
#include "net/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/str.h"

enum {
	CONNECTIONS_MAX = 16,
	CONNECTION_BYTES = 32 * 1024,
	CONNECTION_SECONDS = 10,
	BACKLOG = 16,
};

struct server {
	struct loop *loop;
	struct server_options options;
	struct MHD_Daemon *daemon;
	struct loop_watch *watch;
	struct loop_timer *timer;
	bool was_last_sent;
};

/* One request, from its first line until its answer has gone out. */
struct exchange {
	char *target; /* may hold a code: wiped */
	bool is_last;
};

const char *server_library(void)
{
	return MHD_get_version();
}

/* --- requests --- */

static void *on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	(void)arg;
	(void)connection;
	if (exchange != NULL)
		exchange->target = str_dup(target);
	return exchange;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **place,
			 enum MHD_RequestTerminationCode code)
{
	struct server *server = arg;
	struct exchange *exchange = *place;

	(void)connection;
	(void)code;
	*place = NULL;
	if (exchange == NULL)
		return;
	server->was_last_sent = server->was_last_sent || exchange->is_last;
	if (exchange->target != NULL)
		secret_wipe(exchange->target, strlen(exchange->target));
	free(exchange->target);
	free(exchange);
}

struct headers {
	const char *host;
	int hosts;
	bool is_odd;
};

/* What the library lets pass: NULs, a second Host, bodies that two readers may measure otherwise.
 */
static enum MHD_Result on_header(void *arg, enum MHD_ValueKind kind, const char *name,
				 size_t name_len, const char *value, size_t value_len)
{
	struct headers *headers = arg;

	(void)kind;
	if (strlen(name) != name_len || (value != NULL && strlen(value) != value_len))
		headers->is_odd = true;
	if (strcasecmp(name, "Host") == 0) {
		headers->host = value;
		headers->hosts++;
	}
	if (strcasecmp(name, "Transfer-Encoding") == 0 ||
	    (strcasecmp(name, "Content-Length") == 0 && (value == NULL || !str_eq(value, "0"))))
		headers->is_odd = true;
	return MHD_YES;
}

/* --- answers --- */

static bool add_headers(struct MHD_Response *response, const struct server_reply *reply)
{
	static const char *const fixed[][2] = {
		{ "Content-Type", "text/html; charset=utf-8" },
		{ "Cache-Control", "no-store" },
		{ "Referrer-Policy", "no-referrer" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Content-Security-Policy", "default-src 'none'; base-uri 'none'; "
					     "form-action 'none'; frame-ancestors 'none'" },
		{ "Connection", "close" },
	};
	bool done = true;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		done = done && MHD_add_response_header(response, fixed[i][0], fixed[i][1]);
	if (reply->location != NULL)
		done = done && MHD_add_response_header(response, "Location", reply->location);
	if (reply->allow != NULL)
		done = done && MHD_add_response_header(response, "Allow", reply->allow);
	return done;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct server_reply *reply)
{
	struct MHD_Response *response = NULL;
	enum MHD_Result queued = MHD_NO;

	if (!reply->body.failed)
		response = MHD_create_response_from_buffer(
			reply->body.len, (void *)(uintptr_t)buf_text(&reply->body),
			MHD_RESPMEM_MUST_COPY);
	if (response != NULL && add_headers(response, reply))
		queued = MHD_queue_response(connection, reply->status, response);
	if (response != NULL)
		MHD_destroy_response(response);
	buf_fini(&reply->body);
	return queued;
}

/* Answered at its headers: nobody reads a body. MHD_NO closes the connection. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *body,
				  size_t *body_len, void **place)
{
	struct server *server = arg;
	struct exchange *exchange = *place;
	struct headers headers = { 0 };
	struct server_reply reply = { .status = MHD_HTTP_OK };
	enum MHD_Result queued;

	(void)path;
	(void)version;
	(void)body;
	(void)body_len;
	if (exchange == NULL || exchange->target == NULL)
		return MHD_NO;
	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, on_header, &headers);
	if (headers.is_odd || headers.hosts != 1 || headers.host == NULL)
		reply.status = MHD_HTTP_BAD_REQUEST;
	else
		server->options.answer(server->options.arg,
				       &(struct server_request){ .method = method,
								 .host = headers.host,
								 .target = exchange->target },
				       &reply);
	queued = send_reply(connection, &reply);
	exchange->is_last = queued == MHD_YES && reply.is_last;
	return queued;
}

/* --- the loop --- */

static void turn(struct server *server);

static void on_time(void *arg)
{
	struct server *server = arg;

	server->timer = NULL;
	turn(server);
}

static void on_ready(void *arg, int events)
{
	(void)events;
	turn(arg);
}

static void turn(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	MHD_run(server->daemon);
	loop_timer_close(server->timer);
	server->timer = NULL;
	if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES)
		server->timer = loop_timer_start(server->loop, (int64_t)wait_ms, on_time, server);
	if (server->was_last_sent) {
		server->was_last_sent = false;
		server->options.last_sent(server->options.arg);
	}
}

/* --- open, close --- */

static int listen_on(uint16_t port, struct err *err)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	err_set_errno(err, ERR_NET, errno, "cannot listen on 127.0.0.1:%u", (unsigned)port);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The socket is the library's from here on, whatever comes of it. */
static bool start(struct server *server, int fd, struct err *err)
{
	const union MHD_DaemonInfo *info;

	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, server, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)CONNECTION_SECONDS, MHD_OPTION_END);
	if (server->daemon == NULL)
		return err_set(err, ERR_NET, "the HTTP server does not start");
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	server->watch = loop_watch_start(server->loop, info->epoll_fd, LOOP_READABLE, on_ready,
					 server, err);
	return server->watch != NULL;
}

struct server *server_open(struct loop *loop, const struct server_options *options, struct err *err)
{
	struct server *server = calloc(1, sizeof(*server));
	int fd;

	if (server == NULL) {
		err_oom(err);
		return NULL;
	}
	server->loop = loop;
	server->options = *options;
	fd = listen_on(options->port, err);
	if (fd >= 0 && start(server, fd, err))
		return server;
	server_close(server);
	return NULL;
}

void server_close(struct server *server)
{
	if (server == NULL)
		return;
	loop_timer_close(server->timer);
	if (server->watch != NULL)
		loop_watch_close(server->watch);
	if (server->daemon != NULL)
		MHD_stop_daemon(server->daemon);
	free(server);
}
