-- Ends with: memory limit of 64 MiB reached, connector kandji, kandji.lua:
-- Each decoded text is small; all of them are kept.
local text, held = '["' .. ("\\u00e9"):rep(100000) .. '"]', {}
while true do held[#held + 1] = host.json.decode(text) end
