-- Ends with: more than 256 tasks at a time
local task = require "muster.task"
local function spread() return task.map(8, { 1, 2, 3, 4, 5, 6, 7, 8 }, spread) end
spread()
