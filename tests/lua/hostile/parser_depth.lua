-- Ends with: C stack overflow
error(select(2, load("return " .. ("("):rep(100000))))
