-- How the vendor pages.
--
--   for rows in listing.pages(api, "api:/system/users/search", "Users", { query = ... }) do ... end

local page <const> = require "muster.page"

local listing = {}

-- A version that a tenant lacks is not refused: an older one answers.
listing.VERSION_1 = { Accept = "application/json;version=1" }
listing.VERSION_2 = { Accept = "application/json;version=2" }

listing.WIDTH = 4 -- requests at a time; no limit a minute is documented

---Pages count from 0. The vendor cuts a page to what it likes, so only the count says where the end is;
---nothing found is 204 with no body at all. Ask for an order: without one, rows move under the walk.
---@param list string the member of the answer that is the list
---@param opts table what differs: options of muster.page
function listing.pages(api, where, list, opts)
  local all = {
    list = list, size = 500, first = 0, limit_param = "pagesize", total = "Total", ends = "total",
    empty = { 204 }, id = "Id.Value", headers = listing.VERSION_1,
  }
  for key, value in pairs(opts) do
    all[key] = value
  end
  return page.number(api, where, all)
end

return listing
