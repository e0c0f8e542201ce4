-- Who is in a custom user group. The vendor names members by user name and organization group, without
-- an id; who is in a directory's group it does not tell at all.
--
--   members.CALLS        what members.read asks
--   members.read(api, out)

local listing <const> = require "workspace_one_uem.listing"

local CUSTOM <const> = "api:/system/usergroups/custom/search"
local USERS <const> = "api:/system/usergroups/{id}/users"

local members = { CALLS = { "GET " .. CUSTOM, "GET " .. USERS } }

-- The one list of an answer whose name for it is not documented; no content is an empty one.
local function list_in(body, call)
  if body == nil or body[1] then
    return body or {}
  end
  for _, value in pairs(body) do
    if type(value) == "table" then
      return value
    end
  end
  return error({ kind = "data", message = "GET " .. call .. ": no list in the answer" }, 0)
end

local function person_key(username, group)
  return username .. "\n" .. group
end

-- The name of each user's organization group.
local function places_of(api)
  local names, places = {}, {}
  for group in api:parents("group", { "name" }) do
    names[group.source_id] = group.name
  end
  for place in api:parents("group_member", { "group_source_id", "member_source_id", "member_kind" }) do
    if place.member_kind == "user" and place.group_source_id:find("^og:") then
      places[place.member_source_id] = names[place.group_source_id]
    end
  end
  return places
end

-- Ids of users by person_key; false where it fits several, because it could be either.
local function people(api)
  local places, found = places_of(api), {}
  for user in api:parents("user", { "username" }) do
    local group = places[user.source_id]
    if user.username and group then
      local key = person_key(user.username, group)
      found[key] = found[key] == nil and user.source_id
    end
  end
  return found
end

-- The members that are known, and how many are not.
local function resolve(rows, known)
  local found, unknown = {}, 0
  for _, row in ipairs(rows) do
    local id = known[person_key(row.UserName or "", row.OrganizationGroup or "")]
    if id then
      found[#found + 1] = { user = id }
    else
      unknown = unknown + 1
    end
  end
  return found, unknown
end

-- A group that went meanwhile is 404.
local function ask_members(api, id)
  local reply = api:get(USERS, nil, { path = { id = id }, headers = listing.VERSION_1, absent = { 404 } })
  return reply.status == 404 and {} or list_in(reply.body, USERS)
end

---Each custom group's members as a scope of their own.
function members.read(api, out)
  local groups = list_in(api:get(CUSTOM, nil, { headers = listing.VERSION_1 }).body, CUSTOM)
  local known, left_out = groups[1] and people(api), 0
  api:map(listing.WIDTH, groups, function(group)
    local id = ("%d"):format(group.UserGroupId)
    out:scope("group", "ug:" .. id, function(inner, part)
      local found, unknown = resolve(ask_members(inner, id), known)
      part:emit("member", found, { g = { id = id } })
      left_out = left_out + unknown
    end)
  end)
  if left_out > 0 then
    host.log.warn("%d members of custom user groups are left out: the vendor tells their user name and organization "
      .. "group alone, and these fit no user or several", left_out)
  end
end

return members
