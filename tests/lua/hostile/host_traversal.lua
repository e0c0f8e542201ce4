-- Ends with: is read-only
-- Whatever hangs on `host` leads to no table that can be changed.
for _, module in pairs(host) do
  if type(module) == "table" then
    for name in pairs(module) do module[name] = nil end
  end
end
