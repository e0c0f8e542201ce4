-- Ends with: string.format: 33554434 bytes pass the limit of 16777216, connector kandji, kandji.lua:3
local half = ("x"):rep(1 << 24)
return string.format("%s", half .. half)
