-- Ends with: is read-only
load("pairs = nil")()
