-- Ends with: killed by the CPU limit
return string.find(("a"):rep(3000), ".-.-.-.-b")
