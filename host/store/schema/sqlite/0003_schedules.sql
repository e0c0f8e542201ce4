-- How often `muster sync --due` reads an account; 0 = only by hand.
ALTER TABLE accounts ADD COLUMN every_seconds INTEGER NOT NULL DEFAULT 0;
