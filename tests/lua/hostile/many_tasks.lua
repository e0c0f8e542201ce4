-- Ends with: million instructions without the host reached, connector kandji, kandji.lua:
-- Each task alone stays below the limit; together they do not.
local task = require "muster.task"
local parts = {}
for i = 1, 40 do parts[i] = i end
task.map(1, parts, function()
  task.map(1, { 1 }, function() for _ = 1, 20000000 do end end)
end)
