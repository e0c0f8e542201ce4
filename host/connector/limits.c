/* The limits that a connector declares. */
#include "connector/limits.h"

#include "base/str.h"

static bool take_rate(const struct value *text, struct net_rate *rate, struct err *err)
{
	return net_rate_parse(text->type == VALUE_BYTES ? text->bytes : "", rate, err) ||
	       err_context(err, "limits");
}

static bool take_window(const char *window, int64_t *out, struct err *err)
{
	struct net_rate rate = { 0 };
	struct buf text = BUF_INIT;
	bool fine;

	if (window == NULL)
		return true;
	buf_printf(&text, "1/%s", window);
	fine = buf_ok(&text, err) && net_rate_parse(buf_text(&text), &rate, err);
	buf_fini(&text);
	*out = rate.window_ms;
	return fine;
}

/* { remaining = ..., reset = ..., window = "1h" } */
static bool add_quota(struct limits *limits, const struct value *headers,
		      struct net_options *options, struct err *err)
{
	struct net_quota *quota = &limits->quotas[options->quota_count];

	if (options->quota_count == LIMITS_QUOTAS_MAX)
		return err_set(err, ERR_CONFIG, "limits: at most %d in headers", LIMITS_QUOTAS_MAX);
	*quota = (struct net_quota){ .remaining = value_text(headers, "remaining", ""),
				     .reset = value_text(headers, "reset", NULL) };
	options->quotas = limits->quotas;
	options->quota_count++;
	return take_window(value_text(headers, "window", NULL), &quota->window_ms, err);
}

/* The headers that tell what is left: one quota, or several. */
static bool add_quotas(struct limits *limits, const struct value *headers,
		       struct net_options *options, struct err *err)
{
	if (value_text(headers, "remaining", NULL) != NULL)
		return add_quota(limits, headers, options, err);
	for (size_t i = 0; i < value_count(headers); i++) {
		if (!add_quota(limits, value_at(headers, i), options, err))
			return false;
	}
	return true;
}

/* per_endpoint: call -> rates. The calls are expanded like those of a stream. */
static bool add_endpoint_rates(struct limits *limits, const struct value *per_endpoint,
			       const struct limits_owner *owner, struct net_options *options,
			       struct err *err)
{
	const struct net_allow *allow;
	struct buf list = BUF_INIT;

	if (value_count(per_endpoint) == 0)
		return true;
	value_put_list(&list, value_count(per_endpoint));
	for (size_t i = 0; i < value_count(per_endpoint); i++)
		value_put_str(&list, per_endpoint->keys[i]);
	limits->calls = buf_ok(&list, err) ? value_parse(list.data, list.len, err) : NULL;
	buf_fini(&list);
	limits->limited = endpoint_new(owner->declaration, owner->settings, err);
	if (limits->calls == NULL || limits->limited == NULL ||
	    !endpoint_allow(limits->limited, value_root(limits->calls), err))
		return err_context(err, "limits");
	allow = endpoint_allowed(limits->limited);
	for (size_t i = 0; i < allow->call_count; i++) {
		const struct value *rates = &per_endpoint->items[i];

		for (size_t r = 0; r < value_count(rates); r++) {
			struct net_endpoint_rate *rate =
				&limits->endpoint_rates[options->endpoint_rate_count];

			if (options->endpoint_rate_count == LIMITS_ENDPOINT_RATES_MAX)
				return err_set(err, ERR_CONFIG,
					       "limits: at most %d in per_endpoint",
					       LIMITS_ENDPOINT_RATES_MAX);
			rate->call = allow->calls[i];
			if (!take_rate(value_at(rates, r), &rate->rate, err))
				return false;
			options->endpoint_rate_count++;
		}
	}
	options->endpoint_rates = limits->endpoint_rates;
	return true;
}

/*
 * Who counts together. Before it is stored an account has no tenant, and what was typed no
 * credential: then the net's own scope counts.
 */
static bool add_budget(struct limits *limits, const char *shared, const struct limits_owner *owner,
		       struct net_options *options, struct err *err)
{
	const struct account *account = owner->account;
	const char *provider = value_text(owner->declaration, "provider", account->vendor);

	if (str_eq(shared, "tenant") && account->tenant != NULL)
		buf_printf(&limits->budget, "tenant %s %s", provider, account->tenant);
	else if (owner->credential_id != NULL)
		buf_printf(&limits->budget, "credential %s %s", owner->credential_id,
			   str_eq(shared, "provider") ? provider : account->vendor);
	else
		return true;
	options->budget_id = buf_text(&limits->budget);
	return buf_ok(&limits->budget, err);
}

bool limits_init(struct limits *limits, const struct limits_owner *owner,
		 struct net_options *options, struct err *err)
{
	const struct value *declared = value_get(owner->declaration, "limits");
	const struct value *rates = value_get(declared, "rates");

	for (size_t i = 0; i < value_count(rates) && i < NET_RATES_MAX; i++) {
		if (!take_rate(value_at(rates, i), &limits->rates[i], err))
			return false;
		options->rate_count = i + 1;
	}
	options->rates = limits->rates;
	options->concurrent = (int)value_int(declared, "concurrent", 0);
	return add_budget(limits, value_text(declared, "shared", "credential"), owner, options,
			  err) &&
	       add_quotas(limits, value_get(declared, "headers"), options, err) &&
	       add_endpoint_rates(limits, value_get(declared, "per_endpoint"), owner, options, err);
}

void limits_fini(struct limits *limits)
{
	endpoint_free(limits->limited);
	value_tree_free(limits->calls);
	buf_fini(&limits->budget);
}
