/* The request for a token, and how its answer reads, as a connector declares them. For tokens.c. */
#ifndef MUSTER_CONNECTOR_TOKEN_REQUEST_H
#define MUSTER_CONNECTOR_TOKEN_REQUEST_H

#include "connector/tokens.h"
#include "vault/oauth/answer.h"
#include "vault/oauth/request.h"

enum { TOKEN_PARTS_MAX = 16, TOKEN_BODY_MAX = 64 * 1024 };

/* The client that an oauth2 auth declares. It must not move: `client` points into it. */
struct token_client {
	struct oauth_client client;
	struct secret id, secret;
	struct buf scopes;			   /* as the server wants to read them */
	struct oauth_part params[TOKEN_PARTS_MAX]; /* the declaration's */
};

/* token_client_fini also after a failure. */
bool token_client_init(struct token_client *out, const struct tokens_options *options,
		       struct err *err);
void token_client_fini(struct token_client *client);

/* The request of a flow that asks the same each time: client, password, exchange. */
bool token_request_write(const struct tokens_options *options, struct oauth_request *out,
			 struct err *err);

/* The endpoint that lets one declared address ("accounts:/oauth/token") through; its URL. */
struct endpoint *token_request_endpoint(const struct tokens_options *options, const char *method,
					const char *address, struct buf *url, struct err *err);
/* The URL alone. */
bool token_request_address(const struct tokens_options *options, const char *method,
			   const char *address, struct buf *url, struct err *err);

/* Declared parameters (a map of texts), borrowed; returns how many. */
size_t token_request_params(const struct value *params, struct oauth_part out[TOKEN_PARTS_MAX]);

/* The scopes that auth declares, as a set (vault/oauth/scopes.h). */
bool token_request_scopes(const struct value *auth, struct buf *out, struct err *err);
/* The same as the server wants to read them. */
bool token_request_write_scopes(const struct value *auth, struct buf *out, struct err *err);

enum { TOKEN_RULES_MAX = 16, TOKEN_FIELDS_MAX = 48 };

/* What an answer to a request that bore the token is known by. */
struct token_sign {
	int status;
	const struct oauth_field *fields;
	size_t field_count;
};

/* Points into the declaration and itself: it must not move. */
struct token_reading {
	struct oauth_reading reading;
	struct oauth_rule rules[TOKEN_RULES_MAX];
	struct token_sign expired[TOKEN_RULES_MAX]; /* the token is no longer good */
	size_t expired_count;
	struct token_sign other[TOKEN_RULES_MAX]; /* a 401 that says something else */
	size_t other_count;
	struct oauth_field fields[TOKEN_FIELDS_MAX];
	char numbers[TOKEN_FIELDS_MAX][24]; /* as text */
	size_t field_count;
};

/* `errors`: the connector's, which know a 401 that no other token would help with. */
bool token_reading_init(struct token_reading *out, const struct value *auth,
			const struct value *errors, struct err *err);

/*
 * Does this answer say that the token is no longer good? 401, unless the connector's `errors` know
 * its body as something else (a missing scope); or what `expired` declares.
 */
bool token_reading_is_refusal(const struct token_reading *reading, const struct net_reply *reply);

#endif
