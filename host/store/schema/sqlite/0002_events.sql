-- The last event that touched a row: an older one, or the same one told again, changes nothing.
CREATE TABLE event_marks (
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	entity TEXT NOT NULL,
	source_id TEXT NOT NULL,
	at TEXT NOT NULL,
	event_id TEXT NOT NULL,
	PRIMARY KEY (account_id, entity, source_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_marks_by_time ON event_marks (at);

-- Fields that one stream adds to rows which another one owns, and which of them the row shows.
CREATE TABLE enrichments (
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	entity TEXT NOT NULL,
	row_id INTEGER NOT NULL,
	stream TEXT NOT NULL,
	fields TEXT NOT NULL,
	filled TEXT NOT NULL,
	PRIMARY KEY (account_id, entity, row_id, stream)
) STRICT, WITHOUT ROWID;
