-- Ends with: load: 2000000 bytes pass the limit of 1048576, connector kandji
load((" "):rep(2000000))
