-- JumpCloud's directory: users with their roles and last use, groups, who may sign in where, and
-- single sign-on. "Applications" are single sign-on here, not what is installed on a device: that is
-- jumpcloud_mdm's.

local f <const> = require "muster.field"
local jumpcloud <const> = require "muster.jumpcloud"
local log <const> = require "muster.jumpcloud_log"

local USERS_CALL <const> = "GET v1:/systemusers"
local EVENTS_CALL <const> = "POST insights:/events"

-- No field of a user says when they were last there; the log does.
local LOGINS <const> = {
  "user_login_attempt", "sso_auth", "login_attempt", "ldap_bind", "radius_auth_attempt",
}
local IS_LOGIN <const> = {}
for _, kind in ipairs(LOGINS) do
  IS_LOGIN[kind] = true
end

-- Which addresses are users' rather than administrators' who are none.
local function known_emails(api, admins)
  local is_admin, known = {}, {}
  for _, admin in ipairs(admins) do
    is_admin[admin._id] = true
  end
  for user in api:parents("user", { "email" }) do
    if user.email and not is_admin[user.source_id] then
      known[user.email] = true
    end
  end
  return known
end

-- The route shows the administrators of every organization that the key sees. Where one of several
-- was chosen, only those who are users of that one are its own.
local function read_admins(api, out)
  local admins = {}
  for rows in jumpcloud.v1(api, "v1:/users", { is_everyones = true }) do
    for _, admin in ipairs(rows) do
      admins[#admins + 1] = admin
    end
  end
  local known = known_emails(api, admins)
  for _, admin in ipairs(admins) do
    local email = (jumpcloud.only("string", admin.email) or ""):lower()
    if known[email] then
      out:enrich("user", { email = email }, { role = admin.roleName or admin.role })
    elseif not api.settings.organization_id then
      out:emit("admin", { admin })
    end
  end
end

local function read_groups(api, out)
  for _, kind in ipairs { "usergroups", "systemgroups" } do
    for rows in jumpcloud.v2(api, "v2:/" .. kind) do
      out:emit("group", rows)
      local ids = {}
      for i, group in ipairs(rows) do
        ids[i] = group.id
      end
      jumpcloud.each_scope(api, out, "group", ids, function(inner, part, id)
        local opts = { path = { id = id }, graph = true, id = "to.id" }
        for members in jumpcloud.v2(inner, "v2:/" .. kind .. "/{id}/members", opts) do
          part:emit("group_member", members, { group = { id = id } })
        end
      end)
    end
  end
end

-- The field `config` holds certificates: it is not asked for.
local function read_applications(api, out)
  local ids = {}
  for rows in jumpcloud.v1(api, "v1:/applications", { fields = "name displayName displayLabel active" }) do
    out:emit("app", rows)
    for _, app in ipairs(rows) do
      ids[#ids + 1] = app._id
    end
  end
  jumpcloud.each_scope(api, out, "app", ids, function(inner, part, id)
    for rows in jumpcloud.v2(inner, "v2:/applications/{id}/users", { path = { id = id }, graph = true }) do
      part:emit("user_app", rows, { app = { id = id } })
    end
  end)
end

local function read_bindings(api, out)
  local ids = {}
  for user in api:parents "user" do
    ids[#ids + 1] = user.source_id
  end
  jumpcloud.each_scope(api, out, "user", ids, function(inner, part, id)
    for rows in jumpcloud.v2(inner, "v2:/users/{id}/systems", { path = { id = id }, graph = true }) do
      part:emit("device_user", rows, { user = { id = id } })
    end
  end)
end

-- Every reading begins early enough to hold the last login of all whom it shows, so a later session
-- never tells an earlier time.
local function read_logins(api, out, state)
  local query = {
    service = { "directory", "sso", "ldap", "radius", "systems" },
    fields = { "id", "event_type", "timestamp", "initiated_by", "success" },
    search_term = { ["and"] = { { event_type = LOGINS } } },
  }
  log.read(api, out, state, query, function(rows)
    local last = {}
    for _, event in ipairs(rows) do
      local by = jumpcloud.only("table", event.initiated_by) or {}
      if IS_LOGIN[event.event_type] and event.success ~= false and by.type == "user" and by.id then
        last[by.id] = host.time.parse(event.timestamp)
      end
    end
    for id, time in pairs(last) do
      out:enrich("user", { source_id = id }, { last_used_at = time })
    end
  end)
end

-- Who never logged in as far as the log goes was there when a system of theirs was last in contact. A
-- login says more: of two streams that add a field the one whose name comes first has its way.
local function read_contacts(api, out)
  local last = {}
  for rows in jumpcloud.v1(api, "v1:/systems", { fields = "lastContact primarySystemUser" }) do
    for _, system in ipairs(rows) do
      local owner = (jumpcloud.only("table", system.primarySystemUser) or {}).id
      local time = jumpcloud.only("string", system.lastContact) and host.time.parse(system.lastContact)
      if owner and time and time > (last[owner] or "") then
        last[owner] = time
      end
    end
  end
  for id, time in pairs(last) do
    out:enrich("user", { source_id = id }, { last_used_at = time })
  end
end

return {
  contract = 1, id = "jumpcloud", name = "JumpCloud", version = "1.0.0", provider = "jumpcloud",
  docs = "https://docs.jumpcloud.com/api/",
  guide = jumpcloud.guide {
    "Directory Insights, which is part of some plans, tells when people last logged in: "
      .. "ask directoryinsights@jumpcloud.com to enable it",
  },
  settings = jumpcloud.settings, bases = jumpcloud.bases, auth = jumpcloud.auth,
  limits = jumpcloud.limits, errors = jumpcloud.errors,

  check = {
    calls = { USERS_CALL, table.unpack(jumpcloud.check_calls) },
    run = function(api)
      return jumpcloud.check(api, "v1:/systemusers", "Users")
    end,
  },

  streams = {
    users = {
      calls = { USERS_CALL }, needs = { { "an administrator's role", "/api/systemusers" } },
      emits = { user = "primary" }, read = jumpcloud.read_users,
    },
    admins = {
      depends = { "users" }, may_degrade = true,
      calls = { "GET v1:/users" }, needs = { { "an administrator's role", "/api/users" } },
      emits = { admin = "primary" }, read = read_admins,
    },
    groups = {
      may_degrade = true,
      calls = {
        "GET v2:/usergroups", "GET v2:/usergroups/{id}/members",
        "GET v2:/systemgroups", "GET v2:/systemgroups/{id}/members",
      },
      needs = { { "an administrator's role", "/api/v2/usergroups" } },
      emits = { group = "primary", group_member = "primary" }, read = read_groups,
    },
    applications = {
      depends = { "users" }, may_degrade = true,
      calls = { "GET v1:/applications", "GET v2:/applications/{id}/users" },
      needs = { { "an administrator's role", "/api/applications" } },
      emits = { app = "primary", user_app = "primary" }, read = read_applications,
    },
    -- One request for each user: what an organization of many thousands may want to switch off.
    bindings = {
      depends = { "users" }, may_degrade = true,
      calls = { "GET v2:/users/{id}/systems" },
      needs = { { "an administrator's role", "/api/v2/users/{id}/systems" } },
      emits = { device_user = "primary" }, read = read_bindings,
    },
    system_contacts = {
      depends = { "users" }, may_degrade = true,
      calls = { "GET v1:/systems" }, needs = { { "an administrator's role", "/api/systems" } },
      emits = {}, read = read_contacts,
    },
    logins = {
      mode = "events", depends = { "users" }, may_degrade = true,
      calls = { EVENTS_CALL }, needs = { { "Directory Insights", "/insights/directory/v1/events" } },
      emits = {}, read = read_logins,
    },
  },

  map = {
    user = jumpcloud.user_map,

    -- Administrators who are no users of the directory.
    admin = {
      entity = "user",
      source_id = "_id",
      email = f.lower "email",
      name = f.first(f.join(" ", "firstname", "lastname"), "email"),
      status = f.pick("suspended", { [true] = "suspended" }, "active"),
      role = f.first("roleName", "role"),
      ["custom.is_admin_only"] = f.const(true),
    },

    group = {
      source_id = "id",
      name = "name",
      kind = f.pick("type", { user_group = "user", system_group = "device" }),
      ["custom.membership"] = "membershipMethod",
    },
    group_member = {
      key = { "^group.id", "to.id" },
      group_source_id = "^group.id",
      member_source_id = "to.id",
      member_kind = f.pick("to.type", { user = "user", system = "device" }),
    },

    app = {
      source_id = "_id",
      name = f.first("displayLabel", "displayName", "name"),
      identifier_type = f.const "none",
      ["custom.connector"] = "name",
      ["custom.is_active"] = "active",
    },
    user_app = {
      key = { "id", "^app.id" },
      user_source_id = "id",
      app_source_id = "^app.id",
      ["custom.link"] = jumpcloud.link_kind,
    },

    device_user = {
      key = { "id", "^user.id" },
      device_source_id = "id",
      user_source_id = "^user.id",
      ["custom.link"] = jumpcloud.link_kind,
    },
  },
}
