-- Ends with: million instructions without the host reached, connector kandji, kandji.lua:
-- Each task is too short for a count of its own.
local task = require "muster.task"
while true do
  task.map(1, { 1 }, function() for _ = 1, 100 do end end)
end
