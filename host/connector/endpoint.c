/* Declared bases and calls, expanded for one account. */
#include "connector/endpoint.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/encode.h"
#include "base/str.h"

struct base {
	char *name, *url;
};

/* A declared call, taken apart; `allowed` points into the texts here. */
struct call {
	char *text;   /* as the script names it: "GET api:/devices/{id}" */
	char *method; /* "GET" */
	const char *path;
	const struct base *base;
	struct net_header *query;
	size_t query_count;
};

struct endpoint {
	struct base *bases;
	size_t base_count;
	const char **hosts;
	size_t host_count;
	struct call *calls;
	size_t call_count;
	struct net_allowed_call *allowed_calls;
	struct net_allow allow;
};

static void free_calls(struct endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->call_count; i++) {
		free(endpoint->calls[i].text);
		free(endpoint->calls[i].method);
		free(endpoint->calls[i].query);
	}
	free(endpoint->calls);
	free(endpoint->allowed_calls);
	endpoint->calls = NULL;
	endpoint->allowed_calls = NULL;
	endpoint->call_count = 0;
}

void endpoint_free(struct endpoint *endpoint)
{
	if (endpoint == NULL)
		return;
	free_calls(endpoint);
	for (size_t i = 0; i < endpoint->base_count; i++) {
		free(endpoint->bases[i].name);
		free(endpoint->bases[i].url);
	}
	for (size_t i = 0; i < endpoint->host_count; i++)
		free((char *)(uintptr_t)endpoint->hosts[i]);
	free(endpoint->bases);
	free(endpoint->hosts);
	free(endpoint);
}

/* --- bases --- */

const char *endpoint_setting_url(const json_t *setting)
{
	if (json_is_object(setting))
		setting = json_object_get(setting, "url");
	return json_string_value(setting);
}

/* A plain text may become part of a host or a path, never end one. */
static bool is_plain_part(const char *text)
{
	for (; *text != '\0'; text++) {
		if (!isalnum((unsigned char)*text) && strchr("-._~", *text) == NULL)
			return false;
	}
	return true;
}

static bool put_setting(struct buf *out, const char *id, const struct value *declaration,
			const json_t *settings, struct err *err)
{
	const json_t *setting = json_object_get(settings, id);
	const char *url = strchr(id, '.') != NULL ? endpoint_table_cell(declaration, id, settings)
						  : endpoint_setting_url(setting);

	if (json_is_integer(setting)) {
		buf_printf(out, "%lld", (long long)json_integer_value(setting));
		return true;
	}
	if (url == NULL && strchr(id, '.') != NULL)
		return err_set(err, ERR_CONFIG, "setting %s: its table says nothing here", id);
	if (url == NULL)
		return err_set(err, ERR_CONFIG, "setting %s is not set", id);
	if (out->len > 0 && !is_plain_part(url))
		return err_set(err, ERR_CONFIG,
			       "setting %s: letters, digits, dots, dashes and underscores only",
			       id);
	buf_str(out, url);
	while (out->len > 0 && out->data[out->len - 1] == '/')
		out->len--;
	return true;
}

bool endpoint_expand(struct buf *out, const char *text, const struct value *declaration,
		     const json_t *settings, struct err *err)
{
	while (*text != '\0') {
		const char *close = *text == '{' ? strchr(text, '}') : NULL;
		char id[64];

		if (close == NULL || (size_t)(close - text) > sizeof(id)) {
			buf_char(out, *text++);
			continue;
		}
		memcpy(id, text + 1, (size_t)(close - text) - 1);
		id[close - text - 1] = '\0';
		if (!put_setting(out, id, declaration, settings, err))
			return false;
		text = close + 1;
	}
	return buf_ok(out, err);
}

/* "https://acme.api.kandji.io:8443/x" -> "acme.api.kandji.io:8443". */
static char *host_of(const char *url)
{
	const char *host = url + strlen("https://");

	return str_dup_len(host, strcspn(host, "/?#"));
}

static bool add_base(struct endpoint *endpoint, const char *name, const char *template,
		     const struct value *declaration, const json_t *settings, struct err *err)
{
	struct base *base = &endpoint->bases[endpoint->base_count];
	struct buf url = BUF_INIT;
	char *host;

	if (!endpoint_expand(&url, template, declaration, settings, err)) {
		buf_fini(&url);
		return err_context(err, "base %s", name);
	}
	if (!str_has_prefix(buf_text(&url), "https://")) {
		err_set(err, ERR_CONFIG, "base %s: \"%s\" is no https URL", name, buf_text(&url));
		buf_fini(&url);
		return false;
	}
	host = host_of(buf_text(&url));
	*base = (struct base){ .name = str_dup(name), .url = buf_take(&url) };
	endpoint->base_count++;
	if (host == NULL || base->name == NULL || base->url == NULL) {
		free(host);
		return err_oom(err);
	}
	endpoint->hosts[endpoint->host_count++] = host;
	return net_check_host_pattern(host, err);
}

static bool add_bases(struct endpoint *endpoint, const struct value *declaration,
		      const json_t *settings, struct err *err)
{
	const struct value *bases = value_get(declaration, "bases");

	for (size_t i = 0; i < value_count(bases); i++) {
		const char *template =
			bases->items[i].type == VALUE_BYTES ? bases->items[i].bytes : "";

		if (endpoint_lacks_base(declaration, template, settings))
			continue;
		if (!add_base(endpoint, bases->keys[i], template, declaration, settings, err) ||
		    !endpoint_check_base_settings(declaration, template, settings, err))
			return false;
	}
	return true;
}

struct endpoint *endpoint_new(const struct value *declaration, const json_t *settings,
			      struct err *err)
{
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));
	size_t count = value_count(value_get(declaration, "bases"));

	if (endpoint != NULL) {
		endpoint->bases = calloc(count + 1, sizeof(*endpoint->bases));
		endpoint->hosts = calloc(count + 1, sizeof(*endpoint->hosts));
	}
	if (endpoint == NULL || endpoint->bases == NULL || endpoint->hosts == NULL) {
		endpoint_free(endpoint);
		err_oom(err);
		return NULL;
	}
	if (endpoint_check_bases(declaration, err) &&
	    add_bases(endpoint, declaration, settings, err))
		return endpoint;
	endpoint_free(endpoint);
	return NULL;
}

/* --- calls --- */

static const struct base *find_base(const struct endpoint *endpoint, const char *name, size_t len)
{
	for (size_t i = 0; i < endpoint->base_count; i++) {
		if (strlen(endpoint->bases[i].name) == len &&
		    memcmp(endpoint->bases[i].name, name, len) == 0)
			return &endpoint->bases[i];
	}
	return NULL;
}

/* Takes "GET api:/devices/{id}" apart. */
static bool split_call(const struct endpoint *endpoint, struct call *call, struct err *err)
{
	const char *space = strchr(call->text, ' ');
	const char *colon = space != NULL ? strchr(space, ':') : NULL;

	if (colon == NULL || colon[1] != '/')
		return err_set(err, ERR_CONFIG,
			       "call \"%s\": expected METHOD base:/path, as in GET api:/devices",
			       call->text);
	call->method = str_dup_len(call->text, (size_t)(space - call->text));
	call->path = colon + 1;
	call->base = find_base(endpoint, space + 1, (size_t)(colon - space) - 1);
	if (call->base == NULL)
		return err_set(
			err, ERR_CONFIG,
			"call \"%s\": no such base is declared, or its settings were not asked "
			"for",
			call->text);
	return call->method != NULL || err_oom(err);
}

static bool add_query(struct call *call, const struct value *query, struct err *err)
{
	call->query = calloc(value_count(query) + 1, sizeof(*call->query));
	if (call->query == NULL)
		return err_oom(err);
	for (size_t i = 0; i < value_count(query); i++) {
		if (query->items[i].type != VALUE_BYTES)
			return err_set(err, ERR_CONFIG,
				       "call \"%s\": a bound query value is a text", call->text);
		call->query[call->query_count].name = query->keys[i];
		call->query[call->query_count++].value = query->items[i].bytes;
	}
	return true;
}

/* What is declared and not carried out yet must not be passed over: more would be let through. */
static bool is_carried_out(const struct value *declared, const char *text, struct err *err)
{
	static const char *const later[] = { "body", "bind" };

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		if (value_get(declared, later[i]) != NULL)
			return err_set(err, ERR_CONFIG,
				       "call \"%s\": a bound %s is not in this version", text,
				       later[i]);
	}
	return true;
}

static bool add_call(struct endpoint *endpoint, const struct value *declared, struct err *err)
{
	struct call *call = &endpoint->calls[endpoint->call_count];
	const char *text =
		declared->type == VALUE_BYTES ? declared->bytes : value_text(declared, "call", "");

	*call = (struct call){ .text = str_dup(text) };
	endpoint->call_count++;
	if (call->text == NULL)
		return err_oom(err);
	if (!is_carried_out(declared, text, err) || !split_call(endpoint, call, err) ||
	    !add_query(call, value_get(declared, "query"), err))
		return false;
	endpoint->allowed_calls[endpoint->call_count - 1] = (struct net_allowed_call){
		.method = call->method,
		.base_url = call->base->url,
		.path = call->path,
		.query = call->query,
		.query_count = call->query_count,
	};
	return true;
}

bool endpoint_allow(struct endpoint *endpoint, const struct value *calls, struct err *err)
{
	size_t count = value_count(calls);

	free_calls(endpoint);
	endpoint->calls = calloc(count + 1, sizeof(*endpoint->calls));
	endpoint->allowed_calls = calloc(count + 1, sizeof(*endpoint->allowed_calls));
	if (endpoint->calls == NULL || endpoint->allowed_calls == NULL)
		return err_oom(err);
	for (size_t i = 0; i < count; i++) {
		if (!add_call(endpoint, value_at(calls, i), err))
			return false;
	}
	endpoint->allow = (struct net_allow){
		.hosts = endpoint->hosts,
		.host_count = endpoint->host_count,
		.calls = endpoint->allowed_calls,
		.call_count = endpoint->call_count,
	};
	return true;
}

const struct net_allow *endpoint_allowed(const struct endpoint *endpoint)
{
	return &endpoint->allow;
}

/* --- one request --- */

/* A part of a path or query: text, or an integer. */
static bool put_part(struct buf *url, const struct value *part)
{
	if (part == NULL || (part->type != VALUE_BYTES && part->type != VALUE_INT))
		return false;
	if (part->type == VALUE_BYTES) {
		encode_percent(url, part->bytes, part->len);
		return true;
	}
	buf_printf(url, "%lld", (long long)part->i);
	return true;
}

static bool put_path(struct buf *url, const struct call *call, const struct value *parts,
		     struct err *err)
{
	for (const char *at = call->path; *at != '\0';) {
		const char *close = *at == '{' ? strchr(at, '}') : NULL;
		const struct value *part;
		char name[64];
		size_t len;

		if (close == NULL) {
			buf_char(url, *at++);
			continue;
		}
		len = (size_t)(close - at) - 1;
		if (len >= sizeof(name))
			len = sizeof(name) - 1;
		memcpy(name, at + 1, len);
		name[len] = '\0';
		part = value_get(parts, name);
		if (!put_part(url, part) || (part->type == VALUE_BYTES && part->len == 0))
			return err_set(err, ERR_BUG, "%s: path part {%s} is missing or empty",
				       call->text, name);
		at = close + 1;
	}
	return true;
}

static bool put_query(struct buf *url, const struct call *call, const struct value *query,
		      struct err *err)
{
	for (size_t i = 0; i < value_count(query); i++) {
		const struct value *pair = value_at(query, i);
		const struct value *name = value_at(pair, 0);

		buf_char(url, i == 0 ? '?' : '&');
		if (name == NULL || name->type != VALUE_BYTES || !put_part(url, name))
			return err_set(err, ERR_BUG, "%s: a query parameter without a name",
				       call->text);
		buf_char(url, '=');
		if (!put_part(url, value_at(pair, 1)))
			return err_set(err, ERR_BUG, "%s: query parameter %s is no text or integer",
				       call->text, name->bytes);
	}
	return true;
}

static const struct call *find_call(const struct endpoint *endpoint, const char *text)
{
	for (size_t i = 0; i < endpoint->call_count; i++) {
		if (str_eq(endpoint->calls[i].text, text))
			return &endpoint->calls[i];
	}
	return NULL;
}

bool endpoint_resolve(const struct endpoint *endpoint, const struct value *args,
		      const char **method, struct buf *url, struct err *err)
{
	const char *text = value_text(args, "call", ""), *link = value_text(args, "url", NULL);
	const struct call *call = find_call(endpoint, text);

	if (call == NULL)
		return err_set(err, ERR_REFUSED, "\"%s\" is not among the declared calls", text);
	*method = call->method;
	if (link != NULL) {
		buf_str(url, link);
		return buf_ok(url, err);
	}
	buf_str(url, call->base->url);
	return put_path(url, call, value_get(args, "path"), err) &&
	       put_query(url, call, value_get(args, "query"), err) && buf_ok(url, err);
}

/* --- settings --- */

static void put_hosts(struct buf *out, const struct value *hosts)
{
	for (size_t i = 0; i < value_count(hosts); i++) {
		const struct value *host = value_at(hosts, i);

		buf_printf(out, "%s%s", i > 0 ? ", " : "",
			   host->type == VALUE_BYTES ? host->bytes : "?");
	}
}

/* The same check that a request will have to pass, on the setting alone. */
static bool passes(const struct value *hosts, const char *url, const char *own, struct err *err)
{
	const char *patterns[16];
	struct net_allowed_call call = { .method = "GET", .base_url = url, .path = "/x" };
	struct net_allow allow = { .hosts = patterns, .calls = &call, .call_count = 1 };
	struct buf probe = BUF_INIT;
	bool fine;

	for (size_t i = 0; i < value_count(hosts) && allow.host_count < 16; i++) {
		if (value_at(hosts, i)->type == VALUE_BYTES)
			patterns[allow.host_count++] = value_at(hosts, i)->bytes;
	}
	if (hosts->type == VALUE_BYTES)
		patterns[allow.host_count++] = own;
	buf_printf(&probe, "%s/x", url);
	fine = buf_ok(&probe, err) && net_check_url(&allow, "GET", buf_text(&probe), err);
	buf_fini(&probe);
	return fine;
}

static bool check_host(const struct value *hosts, const char *url, struct err *err)
{
	struct buf allowed = BUF_INIT;
	char *own = host_of(url);
	bool fine;

	if (own == NULL)
		return err_oom(err);
	fine = passes(hosts, url, own, err);
	if (!fine) {
		put_hosts(&allowed, hosts);
		err_set(err, ERR_CONFIG, "%s is none of this vendor's hosts (%s)", own,
			buf_text(&allowed));
	}
	buf_fini(&allowed);
	free(own);
	return fine;
}

static bool is_in_host(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '.';
}

/* Does the host (without its port) stand in the text, whole and in any case? */
static bool names_host(const char *typed, const char *host)
{
	size_t len = host[0] == '[' ? strlen(host) : strcspn(host, ":");

	for (const char *at = typed; *at != '\0'; at++) {
		const char *end = at + len;

		if (strncasecmp(at, host, len) != 0 || (at > typed && is_in_host(at[-1])))
			continue;
		if (!is_in_host(*end) || (*end == '.' && !is_in_host(end[1])))
			return true;
	}
	return false;
}

/* A script's `parse` may complete what an administrator typed, not replace it. */
static bool check_typed(const char *url, const char *typed, struct err *err)
{
	char *host = host_of(url);
	bool fine = host != NULL && names_host(typed, host);

	if (host == NULL)
		err_oom(err);
	else if (!fine)
		err_set(err, ERR_CONFIG, "%s was not typed: give the host as it is in the address",
			host);
	free(host);
	return fine;
}

bool endpoint_check_setting(const struct value *setting, const json_t *parsed, const char *typed,
			    struct err *err)
{
	const struct value *hosts = value_get(setting, "hosts");
	const char *url = endpoint_setting_url(parsed);
	struct buf plain = BUF_INIT;
	bool fine;

	if (hosts == NULL)
		return true;
	if (url == NULL || !str_has_prefix(url, "https://"))
		return err_set(err, ERR_CONFIG, "%s: no https URL: \"%s\"",
			       value_text(setting, "label", ""), url != NULL ? url : "");
	buf_str(&plain, url);
	while (plain.len > 0 && plain.data[plain.len - 1] == '/')
		plain.data[--plain.len] = '\0';
	if (!buf_ok(&plain, err)) {
		buf_fini(&plain);
		return false;
	}
	fine = check_host(hosts, buf_text(&plain), err) &&
	       (hosts->type != VALUE_BYTES || typed == NULL ||
		check_typed(buf_text(&plain), typed, err));
	if (!fine)
		err->kind = ERR_CONFIG;
	buf_fini(&plain);
	return fine;
}
