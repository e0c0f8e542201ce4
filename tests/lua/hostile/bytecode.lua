-- Ends with: attempt to load a binary chunk
error(select(2, load("\27Lua")))
