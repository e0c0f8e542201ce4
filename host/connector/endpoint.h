/*
 * What a connector's declared bases and calls become for one account: absolute URLs, and the list
 * of hosts and calls that net/ lets through.
 */
#ifndef MUSTER_CONNECTOR_ENDPOINT_H
#define MUSTER_CONNECTOR_ENDPOINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "net/net.h"
#include "wire/value.h"

/* --- URLs and what may be asked --- */

struct endpoint;

/*
 * Do the bases lead where the declaration says, whatever a script's `parse` makes of what was
 * typed? The host of each is written out, or ends with a written domain
 * ("https://{region}.vendor.com"), or its {names} are settings that bound it: one with `hosts` in
 * place of scheme and host, or parts with `choices`, which may have a `table`:
 * "https://{data_center.accounts}" is what stands there for the choice. Hosts that are left to the
 * administrator have no default. ERR_CONFIG names base or setting.
 */
bool endpoint_check_bases(const struct value *declaration, struct err *err);

/*
 * Expands the declaration's bases, which are checked, with the account's parsed settings, which
 * must be what their `hosts` and `choices` say. Every base must come out as an https URL; its host
 * joins the allowed hosts. ERR_CONFIG names base and setting. Both are borrowed.
 */
struct endpoint *endpoint_new(const struct value *declaration, const json_t *settings,
			      struct err *err);
void endpoint_free(struct endpoint *endpoint);

/*
 * "{api_url}/api/v1" with these settings, and cells of their tables, filled in. What follows the
 * first text is plain: letters, digits, dots, dashes, underscores and tildes.
 */
bool endpoint_expand(struct buf *out, const char *text, const struct value *declaration,
		     const json_t *settings, struct err *err);

/*
 * What a setting's table says for "setting.column" under these settings; NULL if it says nothing.
 * Borrowed from the declaration.
 */
const char *endpoint_table_cell(const struct value *declaration, const char *name,
				const json_t *settings);

/*
 * Has this account no such base? So it is where one of its settings was not asked for, because its
 * `when` does not hold: an address that belongs to another way of signing in.
 */
bool endpoint_lacks_base(const struct value *declaration, const char *base, const json_t *settings);

/* Are the settings in this base what their `hosts` and `choices` say? endpoint_new asks this. */
bool endpoint_check_base_settings(const struct value *declaration, const char *base,
				  const json_t *settings, struct err *err);

/* Lets exactly these calls through from now on (a stream's, or the check's). */
bool endpoint_allow(struct endpoint *endpoint, const struct value *calls, struct err *err);
const struct net_allow *endpoint_allowed(const struct endpoint *endpoint);

/*
 * The request behind the `http` call's args: finds the declared call, fills in path parts and
 * query. *method points into the endpoint. ERR_REFUSED for a call that is not declared.
 */
bool endpoint_resolve(const struct endpoint *endpoint, const struct value *args,
		      const char **method, struct buf *url, struct err *err);

/* --- settings --- */

/* The URL of a parsed setting (a text, or the `url` of a map); NULL if it has none. */
const char *endpoint_setting_url(const json_t *setting);

/*
 * Is the parsed setting's URL https and its host one of `hosts`? With "admin" it is the
 * administrator's: then it must stand in what was `typed` (NULL = not typed now, but stored).
 */
bool endpoint_check_setting(const struct value *setting, const json_t *parsed, const char *typed,
			    struct err *err);

#endif
