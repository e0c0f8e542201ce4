/* Renewers of one credential, and the token server they ask, played by the test. */
#ifndef MUSTER_TESTS_RENEWER_WORLD_H
#define MUSTER_TESTS_RENEWER_WORLD_H

#include "base/loop.h"
#include "vault/oauth/renewer.h"
#include "vault_fixture.h"

enum { ANSWERS_MAX = 16, PAUSED = -1, PAUSE_MS = 90000 };

/*
 * A server that answers what it was told to, in order, and remembers what it was asked. A call that
 * nobody expected finds the connection broken; the test sees it by their number.
 */
struct answer {
	int status; /* 0 = the connection breaks; PAUSED = nothing was sent */
	const char *body;
};

struct server {
	struct loop *loop;
	struct answer answers[ANSWERS_MAX];
	size_t answer_count, calls;
	bool stops; /* the loop, when it is asked */
	int64_t delay_ms;
	char asked[ANSWERS_MAX][256];
	renewer_answer_fn *answer;
	void *ctx;
};

struct world {
	struct vault_fixture v;
	struct loop *loop;
	struct server server;
	struct renewer *renewers[8];
	size_t renewer_count;
	/* what was got */
	size_t got, failed, left; /* left: callbacks still to come */
	bool is_running;
	char token[64];
	int64_t generation;
	struct err err;
};

static const struct oauth_reading reading = { .token_field = "access_token",
					      .seconds_field = "expires_in" };

/* --- the server --- */

static inline void on_turn(void *arg)
{
	struct server *server = arg;
	const struct answer *answer = &server->answers[server->calls++];
	struct err err = ERR_INIT;

	if (answer->status == 0)
		err_set(&err, ERR_NET, "connection reset");
	if (answer->status == PAUSED) {
		err_set(&err, ERR_THROTTLED, "the vendor asked to be left alone");
		err.retry_after_ms = PAUSE_MS;
	}
	server->answer(server->ctx, answer->status, answer->body,
		       answer->body != NULL ? strlen(answer->body) : 0, &err);
}

static inline bool serve(void *arg, const struct oauth_request *request, renewer_answer_fn *answer,
			 void *ctx, struct err *err)
{
	struct server *server = arg;

	(void)err;
	assert_true(server->calls < ANSWERS_MAX);
	snprintf(server->asked[server->calls], sizeof(server->asked[0]), "%s", request->body.data);
	server->answer = answer;
	server->ctx = ctx;
	assert_non_null(loop_timer_start(server->loop, server->delay_ms, on_turn, server));
	if (server->stops)
		loop_stop(server->loop);
	return true;
}

static inline void will_answer(struct world *w, int status, const char *body)
{
	assert_true(w->server.answer_count < ANSWERS_MAX);
	w->server.answers[w->server.answer_count++] = (struct answer){ status, body };
}

/* --- the world --- */

static inline int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *inner;

	assert_non_null(w);
	assert_int_equal(vault_fixture_setup(&inner), 0);
	w->v = *(struct vault_fixture *)inner;
	free(inner);
	w->loop = loop_new(&w->err);
	assert_non_null(w->loop);
	store_close(w->v.project.store);
	w->v.project.store = store_open(w->v.project.path, w->loop, &w->err);
	assert_non_null(w->v.project.store);
	w->server.loop = w->loop;
	vault_fixture_add_credential(&w->v, "cred");
	*state = w;
	return 0;
}

static inline void count_down(struct world *w)
{
	if (--w->left == 0 && w->is_running)
		loop_stop(w->loop);
}

/* Until all callbacks have come. */
static inline void run(struct world *w)
{
	w->is_running = true;
	while (w->left > 0)
		loop_run(w->loop);
	w->is_running = false;
}

static inline void on_finished(void *arg)
{
	count_down(arg);
}

static inline void finish_all(struct world *w)
{
	w->left = w->renewer_count;
	for (size_t i = 0; i < w->renewer_count; i++)
		renewer_finish(w->renewers[i], on_finished, w);
	w->renewer_count = 0;
	run(w);
}

static inline int teardown(void **state)
{
	struct world *w = *state;
	struct vault_fixture *inner = malloc(sizeof(*inner));
	void *given = inner;

	finish_all(w);
	*inner = w->v;
	assert_int_equal(vault_fixture_teardown(&given), 0);
	loop_free(w->loop);
	free(w);
	return 0;
}

static inline bool write_refresh(void *arg, const struct secret *refresh_token,
				 struct oauth_request *out, struct err *err)
{
	const struct oauth_client client = { .id = "me", .scopes = "" };

	(void)arg;
	return refresh_token != NULL ? oauth_request_refresh(out, &client, refresh_token, err)
				     : oauth_request_client(out, &client, err);
}

static inline struct renewer *add_renewer(struct world *w, const char *credential_id,
					  bool is_refresh)
{
	const struct renewer_options options = {
		.loop = w->loop,
		.store = w->v.project.store,
		.vault = w->v.vault,
		.redact = w->v.redact,
		.credential_id = credential_id,
		.provider = "kandji",
		.made_of = "w1",
		.scopes_wanted = "a b",
		.address = "https://login.example/token",
		.reading = &reading,
		.grant = { .has_refresh_token = is_refresh, .write = write_refresh },
		.transport = { &w->server, serve },
		.retry_ms = 20,
		.poll_ms = 5,
		.wait_ms = 1000,
	};
	struct renewer *renewer = renewer_new(&options, &w->err);

	assert_non_null(renewer);
	w->renewers[w->renewer_count++] = renewer;
	return renewer;
}

static inline void on_token(void *ctx, const struct secret *token, int64_t generation,
			    const struct err *err)
{
	struct world *w = ctx;

	count_down(w);
	if (token == NULL) {
		w->failed++;
		w->err = *err;
		return;
	}
	w->got++;
	w->generation = generation;
	snprintf(w->token, sizeof(w->token), "%s", token->data);
}

static inline void get(struct world *w, struct renewer *renewer, int64_t refused)
{
	w->left++;
	assert_true(renewer_get(renewer, refused, on_token, w, &w->err));
}

static inline void expect_token(struct world *w, struct renewer *renewer, int64_t refused,
				const char *token, size_t calls)
{
	w->got = w->failed = 0;
	get(w, renewer, refused);
	run(w);
	if (w->failed > 0)
		fail_msg("no %s: %s", token, w->err.message);
	assert_string_equal(w->token, token);
	assert_int_equal(w->server.calls, calls);
}

static inline void expect_failure(struct world *w, struct renewer *renewer, int64_t refused,
				  enum err_kind kind, size_t calls)
{
	w->got = w->failed = 0;
	get(w, renewer, refused);
	run(w);
	assert_int_equal(w->got, 0);
	assert_int_equal(w->err.kind, kind);
	assert_int_equal(w->server.calls, calls);
}

static inline void change(struct world *w, const char *sql)
{
	vault_fixture_tamper(&w->v, sql, NULL, 0);
}

static inline void expire(struct world *w)
{
	change(w,
	       "UPDATE tokens SET expires_at_ms = obtained_at_ms, refresh_at_ms = obtained_at_ms");
}

static inline void consent(struct world *w, const char *refresh_token)
{
	vault_fixture_put(&w->v, "cred", TOKEN_FIELD_REFRESH, refresh_token);
}

static inline void expect_no_field(struct world *w, const char *field)
{
	struct secret got;

	assert_refused(&w->v, vault_fixture_try_get(&w->v, "cred", field, &got), ERR_MISSING,
		       field);
}

#define TOKEN(name) "{\"access_token\":\"" name "\",\"expires_in\":3600}"
#define ROTATED(name, next)                                                                        \
	"{\"access_token\":\"" name "\",\"refresh_token\":\"" next "\",\"expires_in\":3600}"

#endif
