-- Ends with: CPU limit of 2 s reached, connector kandji
while true do pcall(string.rep, "x", 1 << 25) end
