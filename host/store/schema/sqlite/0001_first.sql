-- Facts of the installation and the project's settings.
CREATE TABLE settings (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Credentials and the vault. Records are sealed by the vault; the store sees opaque bytes.
CREATE TABLE credentials (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	provider TEXT NOT NULL,
	vendor TEXT,
	state TEXT NOT NULL,
	note TEXT NOT NULL,
	created_at TEXT NOT NULL,
	last_used_at TEXT
) STRICT;

CREATE TABLE vault_deks (
	id TEXT PRIMARY KEY,
	owner TEXT NOT NULL,
	wrapped BLOB NOT NULL,
	commitment BLOB NOT NULL,
	uses INTEGER NOT NULL,
	created_at TEXT NOT NULL
) STRICT;
CREATE INDEX vault_deks_by_owner ON vault_deks (owner);

CREATE TABLE credential_fields (
	credential_id TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
	field TEXT NOT NULL,
	generation INTEGER NOT NULL,
	dek_id TEXT NOT NULL REFERENCES vault_deks (id),
	record BLOB NOT NULL,
	PRIMARY KEY (credential_id, field)
) STRICT;
CREATE INDEX credential_fields_by_dek ON credential_fields (dek_id);

CREATE TABLE vault_slots (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	params TEXT NOT NULL,
	record BLOB NOT NULL,
	created_at TEXT NOT NULL
) STRICT;

CREATE TABLE vault_meta (
	key TEXT PRIMARY KEY,
	value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Accounts, and what runs on them.
CREATE TABLE accounts (
	id TEXT PRIMARY KEY,
	vendor TEXT NOT NULL,
	name TEXT NOT NULL,
	label TEXT NOT NULL,
	state TEXT NOT NULL,
	state_reason TEXT NOT NULL,
	state_since TEXT NOT NULL,
	state_way_out TEXT NOT NULL,
	tenant TEXT,
	settings TEXT NOT NULL,
	credential_id TEXT REFERENCES credentials (id),
	ca_file TEXT,
	connect_to TEXT NOT NULL,
	proxy TEXT,
	allow_cidrs TEXT NOT NULL,
	approved_hash TEXT,
	approved TEXT,
	last_ok_at TEXT,
	created_at TEXT NOT NULL,
	archived_at TEXT,
	is_paused INTEGER NOT NULL,
	is_recording INTEGER NOT NULL,
	last_session INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX accounts_by_slug ON accounts (vendor, name) WHERE archived_at IS NULL;
CREATE INDEX accounts_by_credential ON accounts (credential_id);

CREATE TABLE leases (
	account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
	owner TEXT,
	fence INTEGER NOT NULL,
	taken_at_ms INTEGER NOT NULL,
	expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	account_slug TEXT NOT NULL,
	kind TEXT NOT NULL,
	outcome TEXT NOT NULL,
	started_at TEXT NOT NULL,
	ended_at TEXT,
	dropped_by_rule TEXT,
	streams TEXT,
	error TEXT,
	fingerprint TEXT,
	owner TEXT NOT NULL,
	fence INTEGER NOT NULL,
	seconds REAL NOT NULL DEFAULT 0,
	seen INTEGER NOT NULL DEFAULT 0,
	created INTEGER NOT NULL DEFAULT 0,
	updated INTEGER NOT NULL DEFAULT 0,
	unchanged INTEGER NOT NULL DEFAULT 0,
	removed INTEGER NOT NULL DEFAULT 0,
	restored INTEGER NOT NULL DEFAULT 0,
	dropped INTEGER NOT NULL DEFAULT 0,
	quarantined INTEGER NOT NULL DEFAULT 0,
	skipped INTEGER NOT NULL DEFAULT 0,
	requests INTEGER NOT NULL DEFAULT 0,
	retries INTEGER NOT NULL DEFAULT 0,
	bytes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account_id, id);

CREATE TABLE session_batches (
	id INTEGER PRIMARY KEY,
	session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
	stream TEXT NOT NULL,
	entity TEXT NOT NULL,
	ids BLOB NOT NULL,
	id_count INTEGER NOT NULL,
	first_exchange INTEGER NOT NULL,
	last_exchange INTEGER NOT NULL
) STRICT;
CREATE INDEX session_batches_by_stream ON session_batches (session_id, stream, entity);

CREATE TABLE stream_state (
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	stream TEXT NOT NULL,
	cursor TEXT,
	baseline TEXT,
	completed_at TEXT,
	completed_session INTEGER NOT NULL,
	PRIMARY KEY (account_id, stream)
) STRICT;

CREATE TABLE quarantine (
	id INTEGER PRIMARY KEY,
	session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
	stream TEXT NOT NULL,
	entity TEXT NOT NULL,
	source_id TEXT,
	reason TEXT NOT NULL,
	excerpt TEXT,
	at TEXT NOT NULL
) STRICT;
CREATE INDEX quarantine_by_session ON quarantine (session_id);
CREATE INDEX quarantine_by_time ON quarantine (at);

CREATE TABLE recordings (
	session_id INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	file TEXT NOT NULL,
	started_at TEXT NOT NULL,
	exchanges INTEGER NOT NULL DEFAULT 0,
	bytes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX recordings_by_account ON recordings (account_id);

CREATE TABLE script_keys (
	owner TEXT NOT NULL,
	key TEXT NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE held_removals (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
	stream TEXT NOT NULL,
	set_hash TEXT NOT NULL,
	rule TEXT NOT NULL,
	summary TEXT NOT NULL,
	held_at TEXT NOT NULL,
	approved_at TEXT,
	approved_by TEXT,
	expires_at TEXT,
	applied_at TEXT,
	item_count INTEGER NOT NULL
) STRICT;
CREATE INDEX held_removals_by_stream ON held_removals (account_id, stream);
CREATE INDEX held_removals_by_session ON held_removals (session_id);

CREATE TABLE held_removal_items (
	id INTEGER PRIMARY KEY,
	held_id INTEGER NOT NULL REFERENCES held_removals (id) ON DELETE CASCADE,
	entity TEXT NOT NULL,
	source_id TEXT NOT NULL,
	label TEXT,
	reason TEXT NOT NULL
) STRICT;
CREATE INDEX held_removal_items_by_set ON held_removal_items (held_id);

-- Rates, quotas and breakers, shared by all processes. The text is the HTTP client's (net/).
CREATE TABLE limits (
	scope TEXT PRIMARY KEY,
	state TEXT NOT NULL,
	updated_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	at TEXT NOT NULL,
	who TEXT NOT NULL,
	verb TEXT NOT NULL,
	object TEXT NOT NULL,
	details TEXT
) STRICT;

-- The canonical model. The columns that every sync reads stand first: they are cheap to reach.
CREATE TABLE users (
	id INTEGER PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	source_id TEXT NOT NULL,
	content_hash BLOB NOT NULL,
	removed_at TEXT,
	streams TEXT NOT NULL,
	removed_reason TEXT,
	first_seen_at TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	raw_hash BLOB,
	email TEXT,
	username TEXT,
	name TEXT,
	status TEXT,
	raw_status TEXT,
	role TEXT,
	department TEXT,
	title TEXT,
	last_used_at TEXT,
	custom TEXT,
	UNIQUE (account_id, source_id)
) STRICT;
CREATE INDEX users_live ON users (account_id, removed_at);
CREATE INDEX users_removed ON users (removed_at) WHERE removed_at IS NOT NULL;
CREATE INDEX users_by_email ON users (email);

CREATE TABLE devices (
	id INTEGER PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	source_id TEXT NOT NULL,
	content_hash BLOB NOT NULL,
	removed_at TEXT,
	streams TEXT NOT NULL,
	removed_reason TEXT,
	first_seen_at TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	raw_hash BLOB,
	name TEXT,
	hostname TEXT,
	serial_number TEXT,
	asset_tag TEXT,
	platform TEXT,
	type TEXT,
	manufacturer TEXT,
	model TEXT,
	os_name TEXT,
	os_version TEXT,
	os_build TEXT,
	ownership TEXT,
	is_managed INTEGER,
	is_supervised INTEGER,
	is_encrypted INTEGER,
	is_compliant INTEGER,
	imei TEXT,
	mac_addresses TEXT,
	user_source_id TEXT,
	user_email TEXT,
	enrolled_at TEXT,
	last_seen_at TEXT,
	status TEXT,
	custom TEXT,
	UNIQUE (account_id, source_id)
) STRICT;
CREATE INDEX devices_live ON devices (account_id, removed_at);
CREATE INDEX devices_removed ON devices (removed_at) WHERE removed_at IS NOT NULL;
CREATE INDEX devices_by_serial_number ON devices (serial_number);
CREATE INDEX devices_by_user ON devices (account_id, user_source_id);

CREATE TABLE device_users (
	id INTEGER PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	source_id TEXT NOT NULL,
	content_hash BLOB NOT NULL,
	removed_at TEXT,
	streams TEXT NOT NULL,
	removed_reason TEXT,
	first_seen_at TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	raw_hash BLOB,
	device_source_id TEXT,
	user_source_id TEXT,
	custom TEXT,
	UNIQUE (account_id, source_id)
) STRICT;
CREATE INDEX device_users_live ON device_users (account_id, removed_at);
CREATE INDEX device_users_removed ON device_users (removed_at) WHERE removed_at IS NOT NULL;
CREATE INDEX device_users_by_device ON device_users (account_id, device_source_id);
CREATE INDEX device_users_by_user ON device_users (account_id, user_source_id);

CREATE TABLE apps (
	id INTEGER PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	source_id TEXT NOT NULL,
	content_hash BLOB NOT NULL,
	removed_at TEXT,
	streams TEXT NOT NULL,
	removed_reason TEXT,
	first_seen_at TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	raw_hash BLOB,
	name TEXT,
	publisher TEXT,
	identifier TEXT,
	identifier_type TEXT,
	platform TEXT,
	custom TEXT,
	UNIQUE (account_id, source_id)
) STRICT;
CREATE INDEX apps_live ON apps (account_id, removed_at);
CREATE INDEX apps_removed ON apps (removed_at) WHERE removed_at IS NOT NULL;
CREATE INDEX apps_by_identifier ON apps (identifier);

CREATE TABLE device_apps (
	id INTEGER PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	source_id TEXT NOT NULL,
	content_hash BLOB NOT NULL,
	removed_at TEXT,
	streams TEXT NOT NULL,
	removed_reason TEXT,
	first_seen_at TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	raw_hash BLOB,
	device_source_id TEXT,
	app_source_id TEXT,
	version TEXT,
	path TEXT,
	origins TEXT,
	installed_at TEXT,
	custom TEXT,
	UNIQUE (account_id, source_id)
) STRICT;
CREATE INDEX device_apps_live ON device_apps (account_id, removed_at);
CREATE INDEX device_apps_removed ON device_apps (removed_at) WHERE removed_at IS NOT NULL;
-- No index by app: its entries would lie all over the file, and double what a first sync writes.
CREATE INDEX device_apps_by_device ON device_apps (account_id, device_source_id);

CREATE TABLE user_apps (
	id INTEGER PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	source_id TEXT NOT NULL,
	content_hash BLOB NOT NULL,
	removed_at TEXT,
	streams TEXT NOT NULL,
	removed_reason TEXT,
	first_seen_at TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	raw_hash BLOB,
	user_source_id TEXT,
	app_source_id TEXT,
	custom TEXT,
	UNIQUE (account_id, source_id)
) STRICT;
CREATE INDEX user_apps_live ON user_apps (account_id, removed_at);
CREATE INDEX user_apps_removed ON user_apps (removed_at) WHERE removed_at IS NOT NULL;
CREATE INDEX user_apps_by_user ON user_apps (account_id, user_source_id);
CREATE INDEX user_apps_by_app ON user_apps (account_id, app_source_id);

CREATE TABLE groups (
	id INTEGER PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	source_id TEXT NOT NULL,
	content_hash BLOB NOT NULL,
	removed_at TEXT,
	streams TEXT NOT NULL,
	removed_reason TEXT,
	first_seen_at TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	raw_hash BLOB,
	name TEXT,
	kind TEXT,
	custom TEXT,
	UNIQUE (account_id, source_id)
) STRICT;
CREATE INDEX groups_live ON groups (account_id, removed_at);
CREATE INDEX groups_removed ON groups (removed_at) WHERE removed_at IS NOT NULL;

CREATE TABLE group_members (
	id INTEGER PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	source_id TEXT NOT NULL,
	content_hash BLOB NOT NULL,
	removed_at TEXT,
	streams TEXT NOT NULL,
	removed_reason TEXT,
	first_seen_at TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	raw_hash BLOB,
	group_source_id TEXT,
	member_source_id TEXT,
	member_kind TEXT,
	custom TEXT,
	UNIQUE (account_id, source_id)
) STRICT;
CREATE INDEX group_members_live ON group_members (account_id, removed_at);
CREATE INDEX group_members_removed ON group_members (removed_at) WHERE removed_at IS NOT NULL;
CREATE INDEX group_members_by_group ON group_members (account_id, group_source_id);
CREATE INDEX group_members_by_member ON group_members (account_id, member_source_id);

CREATE TABLE licenses (
	id INTEGER PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	source_id TEXT NOT NULL,
	content_hash BLOB NOT NULL,
	removed_at TEXT,
	streams TEXT NOT NULL,
	removed_reason TEXT,
	first_seen_at TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	raw_hash BLOB,
	name TEXT,
	custom TEXT,
	UNIQUE (account_id, source_id)
) STRICT;
CREATE INDEX licenses_live ON licenses (account_id, removed_at);
CREATE INDEX licenses_removed ON licenses (removed_at) WHERE removed_at IS NOT NULL;

CREATE TABLE user_licenses (
	id INTEGER PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	source_id TEXT NOT NULL,
	content_hash BLOB NOT NULL,
	removed_at TEXT,
	streams TEXT NOT NULL,
	removed_reason TEXT,
	first_seen_at TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	raw_hash BLOB,
	user_source_id TEXT,
	license TEXT,
	custom TEXT,
	UNIQUE (account_id, source_id)
) STRICT;
CREATE INDEX user_licenses_live ON user_licenses (account_id, removed_at);
CREATE INDEX user_licenses_removed ON user_licenses (removed_at) WHERE removed_at IS NOT NULL;
CREATE INDEX user_licenses_by_user ON user_licenses (account_id, user_source_id);

-- The change log. `entity` is the table's entity name (device), `row_id` its id.
CREATE TABLE changes (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
	entity TEXT NOT NULL,
	row_id INTEGER NOT NULL,
	source_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	before TEXT,
	after TEXT,
	at TEXT NOT NULL
) STRICT;
CREATE INDEX changes_by_session ON changes (session_id, kind, entity);
CREATE INDEX changes_by_row ON changes (account_id, entity, row_id);
CREATE INDEX changes_by_time ON changes (at);

-- Views for people. Rows of archived accounts never show.
CREATE VIEW people AS
SELECT
	nullif(lower(trim(u.email)), '') AS email,
	max(u.name) AS name,
	CASE WHEN max(u.status = 'active') THEN 'active' ELSE min(u.status) END AS status,
	max(u.department) AS department,
	max(u.title) AS title,
	max(u.last_used_at) AS last_used_at,
	count(DISTINCT u.account_id) AS account_count,
	json_group_array(json_object(
		'account', a.vendor || '/' || a.name, 'user_id', u.id, 'source_id', u.source_id,
		'name', u.name, 'status', u.status, 'role', u.role)) AS sources
FROM users u
JOIN accounts a ON a.id = u.account_id AND a.archived_at IS NULL
WHERE u.removed_at IS NULL
GROUP BY coalesce(nullif(lower(trim(u.email)), ''), 'id ' || u.id);

CREATE VIEW installed_apps AS
SELECT
	a.vendor || '/' || a.name AS account,
	coalesce(nullif(lower(trim(u.email)), ''), nullif(lower(trim(d.user_email)), ''), u.name)
		AS person,
	u.name AS person_name,
	d.name AS device,
	d.serial_number,
	d.platform,
	p.name AS app,
	p.publisher,
	p.identifier,
	i.version,
	i.path,
	i.origins,
	i.installed_at,
	i.account_id,
	i.id AS device_app_id,
	d.id AS device_id,
	p.id AS app_id,
	u.id AS user_id
FROM device_apps i
JOIN accounts a ON a.id = i.account_id AND a.archived_at IS NULL
JOIN devices d ON d.account_id = i.account_id AND d.source_id = i.device_source_id
	AND d.removed_at IS NULL
LEFT JOIN apps p ON p.account_id = i.account_id AND p.source_id = i.app_source_id
	AND p.removed_at IS NULL
LEFT JOIN users u ON u.account_id = d.account_id AND u.source_id = d.user_source_id
	AND u.removed_at IS NULL
WHERE i.removed_at IS NULL;

-- The plain columns are those of the source that was seen last: SQLite takes bare columns from the
-- row that holds the maximum.
CREATE VIEW inventory AS
SELECT
	serial_number,
	name,
	hostname,
	platform,
	type,
	manufacturer,
	model,
	os_name,
	os_version,
	user_email,
	nullif(max(coalesce(last_seen_at, '')), '') AS last_seen_at,
	count(*) AS source_count,
	json_group_array(json_object(
		'account', account, 'device_id', id, 'source_id', source_id, 'name', name,
		'user_email', user_email, 'last_seen_at', last_seen_at)) AS sources
FROM (
	SELECT
		d.*,
		a.vendor || '/' || a.name AS account,
		CASE WHEN trim(coalesce(d.serial_number, '')) = ''
			OR lower(trim(d.serial_number)) IN ('0', 'none', 'n/a', 'unknown', 'not available',
				'default string', 'system serial number', 'to be filled by o.e.m.')
			THEN 'id ' || d.id ELSE upper(trim(d.serial_number)) END AS merge_key
	FROM devices d
	JOIN accounts a ON a.id = d.account_id AND a.archived_at IS NULL
	WHERE d.removed_at IS NULL
)
GROUP BY merge_key;
