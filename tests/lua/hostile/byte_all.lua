-- Ends with: string slice too long
string.byte(("x"):rep(16000000), 1, -1)
