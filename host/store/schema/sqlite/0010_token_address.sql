-- Where a consent was given: its refresh token is for that address alone. '' = not known.
ALTER TABLE tokens ADD COLUMN address TEXT NOT NULL DEFAULT '';
