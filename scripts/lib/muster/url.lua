-- Addresses as people type them.
--
--   url.parse("Acme.api.kandji.io/")  --> { host = "acme.api.kandji.io", path = "", url = "https://..." }
--
-- No scheme means https; http is no address of an API. The host checks every address again.

local url = {}

---@class muster.Url
---@field host string lower case, without the dot of the root
---@field port integer? nil = 443
---@field path string "" or "/..." without a slash at its end
---@field url string all of it, to be put before a path

---@param host string
---@param port integer?
---@param path string
---@return muster.Url
function url.make(host, port, path)
  local authority = port and ("%s:%d"):format(host, port) or host
  return { host = host, port = port, path = path, url = "https://" .. authority .. path }
end

local function is_host(host)
  return host:find("^[%w][%w.-]*$") and not host:find("..", 1, true)
end

---@param text string
---@return muster.Url?
---@return string? fault completes a sentence that begins with the setting's label
function url.parse(text)
  local scheme, rest = text:match("^(%a[%w+.-]*)://(.*)$")
  if scheme and scheme:lower() ~= "https" then
    return nil, ("must begin with https://, not %s://"):format(scheme)
  end
  local authority, path = (rest or text):match("^([^/?#]*)([^?#]*)$")
  if not authority then
    return nil, "must not hold ? or #"
  end
  local host, port = authority:lower():match("^([^:]*):?(%d*)$")
  host = host and host:gsub("%.$", "")
  if not host or not is_host(host) or #port > 5 then
    return nil, ('must name a host, which "%s" is not'):format(authority)
  end
  return url.make(host, math.tointeger(tonumber(port)), (path:gsub("/+$", "")))
end

return url
