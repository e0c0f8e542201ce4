/* What requests bear. */
#include "connector/authorization.h"

#include <stdlib.h>

#include "base/str.h"

struct authorizer {
	struct auth fixed;
	struct tokens *tokens; /* NULL = `fixed` is all there is */
	void (*finished)(void *arg);
	void *finished_arg;
};

/* --- an account's session --- */

static void free_authorizer(struct authorizer *authorizer)
{
	auth_fini(&authorizer->fixed);
	free(authorizer);
}

static bool check_kind(const struct value *declared, struct err *err)
{
	static const char *const kinds[] = { "bearer", "basic", "header", "oauth2", "exchange" };
	const char *kind = value_text(declared, "kind", "");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (str_eq(kinds[i], kind))
			return true;
	}
	return err_set(err, ERR_CONFIG, "auth kind \"%s\" is not in this version", kind);
}

static bool open_kind(struct authorizer *authorizer, struct host *host,
		      const struct tokens_options *options, struct err *err)
{
	const struct value *declared = auth_declared(options->declaration, options->settings);
	const struct auth_parts parts = { options->settings, options->secrets,
					  options->secret_count };

	if (!check_kind(declared, err) || !auth_build(&authorizer->fixed, declared, &parts, err))
		return false;
	if (!tokens_are_declared(declared))
		return true;
	authorizer->tokens = tokens_open(host, options, err);
	return authorizer->tokens != NULL;
}

struct authorizer *authorizer_open(struct host *host, const struct tokens_options *options,
				   struct err *err)
{
	struct authorizer *authorizer = calloc(1, sizeof(*authorizer));

	if (authorizer == NULL) {
		err_oom(err);
		return NULL;
	}
	if (open_kind(authorizer, host, options, err))
		return authorizer;
	free_authorizer(authorizer);
	return NULL;
}

static void on_tokens_finished(void *arg)
{
	struct authorizer *authorizer = arg;
	void (*finished)(void *) = authorizer->finished;
	void *finished_arg = authorizer->finished_arg;

	free_authorizer(authorizer);
	finished(finished_arg);
}

void authorizer_finish(struct authorizer *authorizer, void (*finished)(void *arg), void *arg)
{
	if (authorizer == NULL) {
		finished(arg);
		return;
	}
	authorizer->finished = finished;
	authorizer->finished_arg = arg;
	tokens_finish(authorizer->tokens, on_tokens_finished, authorizer);
}

/* --- a request --- */

static void on_token(void *ctx, const struct secret *token, int64_t generation,
		     const struct err *failure)
{
	struct authorization *authorization = ctx;
	const struct tokens *tokens = authorization->authorizer->tokens;
	struct err err = *failure;

	auth_fini(&authorization->own);
	authorization->generation = generation;
	if (token != NULL)
		auth_from_token(&authorization->own, tokens_header(tokens), tokens_prefix(tokens),
				token, &err);
	authorization->done(authorization->ctx, &err);
}

bool authorization_get(struct authorization *authorization, struct authorizer *authorizer,
		       authorization_done_fn *done, void *ctx, struct err *err)
{
	const struct err none = ERR_INIT;

	authorization->authorizer = authorizer;
	authorization->done = done;
	authorization->ctx = ctx;
	if (authorizer->tokens != NULL)
		return tokens_get(authorizer->tokens, authorization->refused, on_token,
				  authorization, err);
	done(ctx, &none);
	return true;
}

void authorization_attach(const struct authorization *authorization, struct net_request *request)
{
	const struct authorizer *authorizer = authorization->authorizer;
	const struct auth *auth =
		authorizer->tokens != NULL ? &authorization->own : &authorizer->fixed;

	request->credentials = auth->headers;
	request->credential_count = auth->count;
}

bool authorization_is_spent(struct authorization *authorization, const struct net_reply *reply)
{
	struct tokens *tokens = authorization->authorizer->tokens;

	if (tokens == NULL)
		return false;
	if (!tokens_are_refused(tokens, reply)) {
		if (reply->status < 300)
			tokens_prove(tokens, authorization->generation);
		return false;
	}
	if (authorization->refused != 0 || !tokens_may_replace(tokens, authorization->generation))
		return false;
	authorization->refused = authorization->generation;
	return true;
}

void authorization_fini(struct authorization *authorization)
{
	auth_fini(&authorization->own);
}
