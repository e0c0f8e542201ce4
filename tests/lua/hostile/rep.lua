-- Ends with: string.rep: 33554432 times pass the limit of 16777216, connector kandji, kandji.lua:2
return ("x"):rep(1 << 25)
