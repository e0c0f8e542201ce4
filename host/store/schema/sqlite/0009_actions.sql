-- The actions that an account was connected for, separated by blanks; NULL = none. A consent covers what they need.
ALTER TABLE accounts ADD COLUMN actions TEXT;
