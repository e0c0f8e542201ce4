-- An app is used by everybody who may sign in on its device, not by the device's own user alone: a row
-- for each of them. Two halves, so that a condition reaches the indexes of both.
DROP VIEW installed_apps;
CREATE VIEW installed_apps AS
SELECT
	d.account,
	coalesce(nullif(lower(trim(u.email)), ''), nullif(lower(trim(d.user_email)), ''), u.name)
		AS person,
	u.name AS person_name,
	'installed' AS how,
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
WHERE i.removed_at IS NULL
	AND (d.user_source_id IS NOT NULL OR d.user_email IS NOT NULL OR NOT EXISTS (
		SELECT 1 FROM device_users s
		JOIN users w ON w.account_id = s.account_id AND w.source_id = s.user_source_id
			AND w.removed_at IS NULL
		WHERE s.account_id = d.account_id AND s.device_source_id = d.source_id
			AND s.removed_at IS NULL))
UNION ALL
SELECT
	d.account,
	coalesce(nullif(lower(trim(u.email)), ''), u.name),
	u.name,
	'shared',
	d.name,
	d.serial_number,
	d.platform,
	p.name,
	p.publisher,
	p.identifier,
	i.version,
	i.path,
	i.origins,
	i.installed_at,
	i.account_id,
	i.id,
	d.id,
	p.id,
	u.id,
	d.identity
FROM device_users s
JOIN users u ON u.account_id = s.account_id AND u.source_id = s.user_source_id
	AND u.removed_at IS NULL
JOIN live_devices d ON d.account_id = s.account_id AND d.source_id = s.device_source_id
JOIN device_apps i ON i.account_id = d.account_id AND i.device_source_id = d.source_id
	AND i.removed_at IS NULL
LEFT JOIN apps p ON p.account_id = i.account_id AND p.source_id = i.app_source_id
	AND p.removed_at IS NULL
WHERE s.removed_at IS NULL AND s.user_source_id IS NOT d.user_source_id
	AND coalesce(lower(trim(u.email)), '') <> coalesce(lower(trim(d.user_email)), '-');
