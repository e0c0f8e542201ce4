-- What a sync asks of all live rows of an account stands in this index, in the order of their ids: the
-- rows themselves, some 400 bytes each, are not read for it.
DROP INDEX users_live;
CREATE INDEX users_live ON users (account_id, id, streams, raw_hash) WHERE removed_at IS NULL;
DROP INDEX devices_live;
CREATE INDEX devices_live ON devices (account_id, id, streams, raw_hash) WHERE removed_at IS NULL;
DROP INDEX device_users_live;
CREATE INDEX device_users_live ON device_users (account_id, id, streams, raw_hash) WHERE removed_at IS NULL;
DROP INDEX apps_live;
CREATE INDEX apps_live ON apps (account_id, id, streams, raw_hash) WHERE removed_at IS NULL;
DROP INDEX device_apps_live;
CREATE INDEX device_apps_live ON device_apps (account_id, id, streams, raw_hash) WHERE removed_at IS NULL;
DROP INDEX user_apps_live;
CREATE INDEX user_apps_live ON user_apps (account_id, id, streams, raw_hash) WHERE removed_at IS NULL;
DROP INDEX groups_live;
CREATE INDEX groups_live ON groups (account_id, id, streams, raw_hash) WHERE removed_at IS NULL;
DROP INDEX group_members_live;
CREATE INDEX group_members_live ON group_members (account_id, id, streams, raw_hash) WHERE removed_at IS NULL;
DROP INDEX licenses_live;
CREATE INDEX licenses_live ON licenses (account_id, id, streams, raw_hash) WHERE removed_at IS NULL;
DROP INDEX user_licenses_live;
CREATE INDEX user_licenses_live ON user_licenses (account_id, id, streams, raw_hash) WHERE removed_at IS NULL;
