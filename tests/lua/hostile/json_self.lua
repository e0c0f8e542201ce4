-- Ends with: excessive nesting
local t = {}
t[1] = t
host.json.encode(t)
