-- An overlay: what this project wants to have otherwise about a connector. It lies in the project as
-- mappings/kandji.lua and counts for every Kandji account; mappings/kandji@acme.lua is read after it
-- and counts for the account kandji/acme alone. Upgrades of muster touch neither.
--
--   muster vendors check kandji     is it right? A name that does not exist is told with the nearest
--   muster map show kandji          every field, and the file it comes from
--   muster sync kandji --dry-run    what it would change in the store

local f <const> = require "muster.field"

return {
  map = {
    device = {
      -- Another source for a field: the person's name for the machine first, else its serial number.
      name = f.first("device_name", "serial_number"),

      -- A field that the connector does not fill: a constant, as all of these are the company's own.
      ownership = f.const "corporate",

      -- A field that the model does not know goes below custom: SELECT custom ->> '$.site' ...
      ["custom.site"] = f.pick("blueprint_name", { ["Berlin"] = "BER", ["Boston"] = "BOS" }, "other"),

      -- A field that nobody here wants.
      asset_tag = false,

      -- Devices without a person are left out by the connector's rule "owned"; here they are kept.
      keep = { owned = false },
    },

    device_app = {
      -- One more rule: what is below /System/ comes with the operating system and is not of interest.
      -- Rows that a rule leaves out from now on are removed by the next sync (reason "filtered"); when
      -- they are unusually many they wait for "muster removals approve".
      drop = { system = f.matches("path", "/System/*") },
    },
  },
}
