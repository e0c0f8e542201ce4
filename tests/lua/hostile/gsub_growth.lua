-- Ends with: memory limit of 64 MiB reached, connector kandji, kandji.lua:
return (("x"):rep(1000000):gsub(".", ("y"):rep(1000000)))
