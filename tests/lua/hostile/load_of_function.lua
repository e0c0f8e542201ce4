-- Ends with: string expected, got function
load(function() return "\27Lua" end)
