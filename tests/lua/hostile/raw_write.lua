-- Ends with: a read-only table
rawset(string, "rep", nil)
