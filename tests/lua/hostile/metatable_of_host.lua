-- Ends with: attempt to index a boolean value
getmetatable(host).__index.http = nil
