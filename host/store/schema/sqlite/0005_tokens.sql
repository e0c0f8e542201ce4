-- What is known of a credential's tokens. The tokens themselves are fields of the credential.
CREATE TABLE tokens (
	credential_id TEXT PRIMARY KEY REFERENCES credentials (id) ON DELETE CASCADE,
	state TEXT NOT NULL,
	reason TEXT NOT NULL,
	made_of TEXT NOT NULL,
	scopes_wanted TEXT NOT NULL,
	scopes_granted TEXT NOT NULL,
	calls TEXT NOT NULL,
	owner TEXT,
	generation INTEGER NOT NULL,
	is_proven INTEGER NOT NULL,
	obtained_at_ms INTEGER NOT NULL,
	refresh_at_ms INTEGER NOT NULL,
	expires_at_ms INTEGER NOT NULL,
	paused_until_ms INTEGER NOT NULL,
	is_unsure INTEGER NOT NULL,
	fence INTEGER NOT NULL,
	taken_at_ms INTEGER NOT NULL,
	lease_expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
