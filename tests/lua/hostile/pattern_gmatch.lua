-- Ends with: killed by the CPU limit
for _ in (("a"):rep(1 << 20)):gmatch(".-b") do end
