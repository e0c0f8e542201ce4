-- Ends with: million instructions without the host reached, connector kandji, kandji.lua:
-- Caught once, a limit that is only an error would be forgotten.
pcall(function() while true do end end)
return "went on"
