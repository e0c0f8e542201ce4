/* The canonical model. New columns go to the end of their entity: the order is part of the content
 * hash. */
#include "store/model.h"

#include "base/str.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ENTITY(name, table, guard, columns, parents)                                               \
	{                                                                                          \
		name, table, guard, columns, COUNT(columns), parents                               \
	}

static const char *const user_status[] = { "active",  "inactive", "suspended",
					   "invited", "deleted",  NULL };
static const char *const device_platform[] = { "macos",	   "windows", "linux",	  "ios",
					       "ipados",   "android", "chromeos", "tvos",
					       "visionos", "unknown", NULL };
static const char *const device_type[] = { "laptop", "desktop", "server",  "tablet", "phone",
					   "tv",     "other",	"unknown", NULL };
static const char *const device_ownership[] = { "corporate", "personal", "unknown", NULL };
static const char *const app_identifier_type[] = { "bundle_id", "package_name", "product_code",
						   "store_id",	"none",		NULL };
static const char *const member_kind[] = { "user", "device", NULL };

static const struct model_column user_columns[] = {
	{ "email", MODEL_TEXT, NULL },	      { "username", MODEL_TEXT, NULL },
	{ "name", MODEL_TEXT, NULL },	      { "status", MODEL_TEXT, user_status },
	{ "raw_status", MODEL_TEXT, NULL },   { "role", MODEL_TEXT, NULL },
	{ "department", MODEL_TEXT, NULL },   { "title", MODEL_TEXT, NULL },
	{ "last_used_at", MODEL_TIME, NULL },
};

static const struct model_column device_columns[] = {
	{ "name", MODEL_TEXT, NULL },
	{ "hostname", MODEL_TEXT, NULL },
	{ "serial_number", MODEL_TEXT, NULL },
	{ "asset_tag", MODEL_TEXT, NULL },
	{ "platform", MODEL_TEXT, device_platform },
	{ "type", MODEL_TEXT, device_type },
	{ "manufacturer", MODEL_TEXT, NULL },
	{ "model", MODEL_TEXT, NULL },
	{ "os_name", MODEL_TEXT, NULL },
	{ "os_version", MODEL_TEXT, NULL },
	{ "os_build", MODEL_TEXT, NULL },
	{ "ownership", MODEL_TEXT, device_ownership },
	{ "is_managed", MODEL_BOOL, NULL },
	{ "is_supervised", MODEL_BOOL, NULL },
	{ "is_encrypted", MODEL_BOOL, NULL },
	{ "is_compliant", MODEL_BOOL, NULL },
	{ "imei", MODEL_TEXT, NULL },
	{ "mac_addresses", MODEL_LIST, NULL },
	{ "user_source_id", MODEL_TEXT, NULL },
	{ "user_email", MODEL_TEXT, NULL },
	{ "enrolled_at", MODEL_TIME, NULL },
	{ "last_seen_at", MODEL_TIME, NULL },
	{ "status", MODEL_TEXT, NULL },
};

static const struct model_column device_user_columns[] = {
	{ "device_source_id", MODEL_TEXT, NULL },
	{ "user_source_id", MODEL_TEXT, NULL },
};

static const struct model_column app_columns[] = {
	{ "name", MODEL_TEXT, NULL },
	{ "publisher", MODEL_TEXT, NULL },
	{ "identifier", MODEL_TEXT, NULL },
	{ "identifier_type", MODEL_TEXT, app_identifier_type },
	{ "platform", MODEL_TEXT, device_platform },
};

static const struct model_column device_app_columns[] = {
	{ "device_source_id", MODEL_TEXT, NULL }, { "app_source_id", MODEL_TEXT, NULL },
	{ "version", MODEL_TEXT, NULL },	  { "path", MODEL_TEXT, NULL },
	{ "origins", MODEL_LIST, NULL },	  { "installed_at", MODEL_TIME, NULL },
};

static const struct model_column user_app_columns[] = {
	{ "user_source_id", MODEL_TEXT, NULL },
	{ "app_source_id", MODEL_TEXT, NULL },
};

static const struct model_column group_columns[] = {
	{ "name", MODEL_TEXT, NULL },
	{ "kind", MODEL_TEXT, member_kind },
};

static const struct model_column group_member_columns[] = {
	{ "group_source_id", MODEL_TEXT, NULL },
	{ "member_source_id", MODEL_TEXT, NULL },
	{ "member_kind", MODEL_TEXT, member_kind },
};

static const struct model_column license_columns[] = {
	{ "name", MODEL_TEXT, NULL },
};

static const struct model_column user_license_columns[] = {
	{ "user_source_id", MODEL_TEXT, NULL },
	{ "license", MODEL_TEXT, NULL },
};

static const struct model_parent no_parents[] = { { NULL, NULL, NULL } };
static const struct model_parent device_user_parents[] = {
	{ "device_source_id", "device", NULL },
	{ "user_source_id", "user", NULL },
	{ NULL, NULL, NULL },
};
static const struct model_parent device_app_parents[] = {
	{ "device_source_id", "device", NULL },
	{ "app_source_id", "app", NULL },
	{ NULL, NULL, NULL },
};
static const struct model_parent user_app_parents[] = {
	{ "user_source_id", "user", NULL },
	{ "app_source_id", "app", NULL },
	{ NULL, NULL, NULL },
};
static const struct model_parent group_member_parents[] = {
	{ "group_source_id", "group", NULL },
	{ "member_source_id", "user", "member_kind" },
	{ "member_source_id", "device", "member_kind" },
	{ NULL, NULL, NULL },
};
static const struct model_parent user_license_parents[] = {
	{ "user_source_id", "user", NULL },
	{ NULL, NULL, NULL },
};

static const struct model_entity entities[] = {
	ENTITY("user", "users", MODEL_COUNTED, user_columns, no_parents),
	ENTITY("device", "devices", MODEL_COUNTED, device_columns, no_parents),
	ENTITY("device_user", "device_users", MODEL_RELATION, device_user_columns,
	       device_user_parents),
	ENTITY("app", "apps", MODEL_RELATION, app_columns, no_parents),
	ENTITY("device_app", "device_apps", MODEL_RELATION, device_app_columns, device_app_parents),
	ENTITY("user_app", "user_apps", MODEL_RELATION, user_app_columns, user_app_parents),
	ENTITY("group", "groups", MODEL_COUNTED, group_columns, no_parents),
	ENTITY("group_member", "group_members", MODEL_RELATION, group_member_columns,
	       group_member_parents),
	ENTITY("license", "licenses", MODEL_RELATION, license_columns, no_parents),
	ENTITY("user_license", "user_licenses", MODEL_RELATION, user_license_columns,
	       user_license_parents),
};

const struct model_entity *model_entity(const char *name)
{
	for (size_t i = 0; i < COUNT(entities); i++) {
		if (str_eq(entities[i].name, name))
			return &entities[i];
	}
	return NULL;
}

const struct model_entity *model_entities(size_t *count)
{
	*count = COUNT(entities);
	return entities;
}

int model_column(const struct model_entity *entity, const char *name)
{
	for (size_t i = 0; i < entity->column_count; i++) {
		if (str_eq(entity->columns[i].name, name))
			return (int)i;
	}
	return -1;
}

int model_parent_column(const struct model_entity *entity, const struct model_entity *parent)
{
	for (const struct model_parent *at = entity->parents; at->column != NULL; at++) {
		if (str_eq(at->entity, parent->name))
			return model_column(entity, at->column);
	}
	return -1;
}
