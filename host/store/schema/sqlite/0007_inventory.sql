-- The devices that are there, and which of them are one machine. What makers and people leave where
-- a serial number belongs makes nobody the same: such rows stand alone.
CREATE VIEW live_devices AS
SELECT
	d.*,
	a.vendor || '/' || a.name AS account,
	CASE WHEN replace(d.serial, substr(d.serial, 1, 1), '') = ''
		OR d.serial IN ('NONE', 'N/A', 'NA', 'NULL', 'UNKNOWN', 'EMPTY', 'INVALID', 'DEFAULT',
			'NOT AVAILABLE', 'NOT APPLICABLE', 'NOT SPECIFIED', 'NONE SPECIFIED',
			'DEFAULT STRING', 'SERIAL NUMBER', 'SYSTEM SERIAL NUMBER',
			'CHASSIS SERIAL NUMBER', 'OEM', 'O.E.M.', 'TO BE FILLED BY OEM',
			'TO BE FILLED BY O.E.M.', '0123456789', '123456789', '1234567890')
		THEN 'id ' || d.id ELSE d.serial END AS identity
FROM (SELECT *, upper(trim(coalesce(serial_number, ''))) AS serial FROM devices) d
JOIN accounts a ON a.id = d.account_id AND a.archived_at IS NULL
WHERE d.removed_at IS NULL;

-- Of each column what the source says that saw the machine last and says something: the greatest of
-- the values with their time in front, in 32 places.
DROP VIEW inventory;
CREATE VIEW inventory AS
SELECT
	substr(max(seen || serial_number), 33) AS serial_number,
	substr(max(seen || name), 33) AS name,
	substr(max(seen || hostname), 33) AS hostname,
	coalesce(substr(max(seen || nullif(platform, 'unknown')), 33), max(platform)) AS platform,
	coalesce(substr(max(seen || nullif(type, 'unknown')), 33), max(type)) AS type,
	substr(max(seen || manufacturer), 33) AS manufacturer,
	substr(max(seen || model), 33) AS model,
	substr(max(seen || os_name), 33) AS os_name,
	substr(max(seen || os_version), 33) AS os_version,
	substr(max(seen || user_email), 33) AS user_email,
	max(last_seen_at) AS last_seen_at,
	count(*) AS source_count,
	json_group_array(json_object(
		'account', account, 'device_id', id, 'source_id', source_id, 'name', name,
		'user_email', user_email, 'last_seen_at', last_seen_at)) AS sources,
	identity
FROM (SELECT *, printf('%-32s', coalesce(last_seen_at, '')) AS seen FROM live_devices)
GROUP BY identity;

DROP VIEW installed_apps;
CREATE VIEW installed_apps AS
SELECT
	d.account,
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
	u.id AS user_id,
	d.identity
FROM device_apps i
JOIN live_devices d ON d.account_id = i.account_id AND d.source_id = i.device_source_id
LEFT JOIN apps p ON p.account_id = i.account_id AND p.source_id = i.app_source_id
	AND p.removed_at IS NULL
LEFT JOIN users u ON u.account_id = d.account_id AND u.source_id = d.user_source_id
	AND u.removed_at IS NULL
WHERE i.removed_at IS NULL;
