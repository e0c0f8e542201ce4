-- Ends with: xxxxxxxxxxxxxxxx
-- The host hears the beginning of it.
error(("x"):rep(16000000))
