-- Ends with: memory limit of 64 MiB reached, connector kandji, kandji.lua:
local part = ("x"):rep(16000000)
return part .. part .. part .. part .. part .. part .. part .. part .. part .. part
