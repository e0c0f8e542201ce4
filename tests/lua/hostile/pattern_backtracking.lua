-- Ends with: killed by the CPU limit
return string.find(("a"):rep(28), ("a-"):rep(28) .. "b")
