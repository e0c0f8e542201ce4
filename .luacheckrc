-- Connectors and their library run in the sandbox: only its globals are known here, and io, os,
-- debug, package, coroutine and load are reported as undefined (host/sandbox keeps the list).
stds.sandbox = {
  read_globals = {
    "_VERSION", "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal",
    "rawget", "rawlen", "rawset", "require", "select", "setmetatable", "tonumber", "tostring",
    "type", "xpcall", "host",
    string = { other_fields = true },
    table = { other_fields = true },
    math = { other_fields = true },
    utf8 = { other_fields = true },
  },
}

std = "sandbox"
max_line_length = 120
cache = false

-- The typed stubs declare what the sandbox registers: they define the globals the rest reads.
files["scripts/lib/*.meta.lua"] = { std = "lua54", ignore = { "111", "112", "113", "212", "241" } }
-- The handler of the host's `load` runs the connector's text.
files["scripts/lib/muster/guest.lua"] = { read_globals = { "load" } }
files["tests/lua"] = {
  -- What tests/lua/runner.c adds; specs put a vendor of their own in place of host.http.
  std = "lua54+busted", read_globals = { "body" }, globals = { "host" },
}
-- They run in the sandbox, and are odd on purpose.
files["tests/lua/hostile"] = { std = "sandbox", read_globals = { "load" }, ignore = { "211", "241" } }
