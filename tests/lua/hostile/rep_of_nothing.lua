-- Ends with: string.rep: 4611686018427387904 times pass the limit of 16777216, connector kandji
-- Nothing, copied for centuries.
return (""):rep(1 << 62)
