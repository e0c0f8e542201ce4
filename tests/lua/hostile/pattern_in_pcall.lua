-- Ends with: killed by the CPU limit
while true do pcall(string.find, ("a"):rep(30), ("a-"):rep(30) .. "b") end
