-- Zoho's data centres in every spelling, and what the connectors of its products share.
local zoho <const> = require "muster.zoho"

describe("zoho.find", function()
  it("knows a data centre by every spelling that a person may type or paste", function()
    for typed, code in pairs {
      [".com"] = "us", ["com"] = "us", ["US"] = "us", ["USA"] = "us", ["United States"] = "us",
      [".COM.AU"] = "au", ["com.au"] = "au", ["Australia"] = "au", [" .eu "] = "eu", ["Europe"] = "eu", [".in"] = "in",
      ["accounts.zoho.com"] = "us", ["https://accounts.zoho.eu"] = "eu", ["HTTPS://ACCOUNTS.ZOHO.EU/"] = "eu",
      ["accounts.zoho.com.au"] = "au", ["accounts.zoho.com.cn"] = "cn", ["accounts.zohocloud.ca"] = "ca",
      ["api-console.zoho.in"] = "in", ["mdm.manageengine.com.au"] = "au", [".jp"] = "jp", [".sa"] = "sa",
      ["https://mdm.manageengine.eu/webclient#/uems/mdm"] = "eu", ["endpointcentral.manageengine.uk"] = "uk",
      ["servicedeskplus.net.au"] = "au", ["https://sdpondemand.manageengine.in/app/itdesk"] = "in",
      [".cn"] = "cn", [".ca"] = "ca", [".uk"] = "uk", ["au"] = "au", ["accounts.zoho.ae"] = "ae", ["zoho.eu"] = "eu",
    } do
      assert.equal(code, (zoho.find(typed)), typed)
    end
  end)

  it("refuses everything else, and names what is near", function()
    for typed, near in pairs {
      ["acounts.zoho.com.au"] = "accounts.zoho.com.au", -- so it stands in the vendor's article
      ["accounts.zoho.ca"] = ".ca", ["accounts.zoho.cn"] = ".cn", -- dead names of two help pages
      [".co.uk"] = ".uk", ["accounts.zoho.co.uk"] = ".uk", ["accounts.zoho.au"] = ".com.au", [".au"] = ".com.au",
    } do
      local code <const>, fault <const> = zoho.find(typed)
      assert.is_nil(code, typed)
      assert.matches(('did you mean "%s"?'):format(near), fault, 1, true)
    end
    for _, typed in ipairs {
      "", ".", "eu.evil.example", "accounts.zoho.eu.evil.example", "accounts.zoho.eu@evil.example", "zoho", "xyz",
      "accounts.zoho.eu:8443",
    } do
      assert.is_nil((zoho.find(typed)), typed)
    end
  end)
end)

describe("zoho.data_center", function()
  local mdm <const> = zoho.data_center("mdm", "MDM Cloud", "Data center domain", "help")
  local desk <const> = zoho.data_center("servicedesk_plus", "ServiceDesk Plus Cloud", "Customer domain", "help")

  it("keeps accounts server and product in one row", function()
    assert.same({ accounts = "accounts.zohocloud.ca", mdm = "mdm.manageengine.ca" }, mdm.table.ca)
    assert.same({ accounts = "accounts.zoho.com.cn", mdm = "mdm.manageengine.cn" }, mdm.table.cn)
    assert.same({ accounts = "accounts.zoho.com.au", servicedesk_plus = "servicedeskplus.net.au" }, desk.table.au)
    for _, code in ipairs { "us", "eu", "in" } do
      assert.matches("^sdpondemand%.manageengine%.", desk.table[code].servicedesk_plus)
    end
    for _, code in ipairs { "au", "jp", "ca", "sa", "uk", "cn", "ae" } do
      assert.matches("^servicedeskplus%.", desk.table[code].servicedesk_plus)
    end
  end)

  it("offers what the vendor offers", function()
    assert.same({ "us", "eu", "in", "au", "jp", "ca", "sa", "uk", "cn" }, mdm.choices)
    assert.equal(10, #desk.choices)
    assert.matches("does not offer MDM Cloud", select(2, mdm.parse ".ae"))
    assert.equal("ae", (desk.parse ".ae"))
  end)

  it("refuses a server of one's own with the reason", function()
    for _, typed in ipairs { "mdm.acme.example:9383", "https://mdm.acme.example", "10.0.0.5" } do
      local code <const>, fault <const> = mdm.parse(typed)
      assert.is_nil(code)
      assert.matches("only MDM Cloud can be connected, no server of your own", fault)
    end
  end)
end)

describe("zoho.auth", function()
  it("asks for lasting access with the scopes given, separated by commas", function()
    local auth <const> = zoho.auth { "MDMOnDemand.MDMUser.READ" }
    assert.same({ access_type = "offline", prompt = "consent" }, auth.params)
    assert.same({ "Zoho-oauthtoken", ",", false }, { auth.prefix, auth.scope_separator, auth.pkce })
    assert.same({ "MDMOnDemand.MDMUser.READ" }, auth.scopes)
    assert.same({ ["accounts-server"] = "https://{data_center.accounts}", location = "{data_center}" }, auth.returns)
  end)
end)

describe("zoho's connectors", function()
  package.path = package.path .. ";scripts/vendors/?.lua"
  for _, file in ipairs {
    "manageengine_mdm.lua", "manageengine_endpoint_central/init.lua", "manageengine_servicedesk_plus.lua",
  } do
    local connector <const> = dofile("scripts/vendors/" .. file)

    it(("list what each stream of %s needs, and ask consent for that alone"):format(connector.id), function()
      local asked <const>, listed <const> = {}, {}
      for _, scope in ipairs(connector.auth.scopes) do
        assert.matches("%.READ$", scope)
        asked[scope] = true
      end
      for _, row in ipairs(connector.permissions) do
        for _, what in ipairs(row.needed_for) do
          listed[what] = row.permission
        end
      end
      for name, stream in pairs(connector.streams) do
        assert.equal(stream.needs[1][1], listed[name], name)
        assert.is_true(asked[listed[name]], name)
        asked[listed[name]] = true
      end
    end)
  end
end)

describe("zoho's shared parts", function()
  it("tell a missing scope in each of its words, with 401 and 403", function()
    local rules <const> = zoho.scope_errors "error"
    assert.equal(6, #rules)
    for _, rule in ipairs(rules) do
      assert.equal("forbidden", rule.kind)
    end
  end)

  it("probe a scope, and raise what is no refusal", function()
    local function api(fault)
      return { get = function()
        if fault then
          error(fault, 0)
        end
        return { status = 200 }
      end }
    end
    assert.same({ name = "A.B.READ", granted = true }, (zoho.probe(api(), "A.B.READ", "api:/x", {})))
    for _, kind in ipairs { "forbidden", "unlicensed" } do
      local found <const> = zoho.probe(api { kind = kind, message = "no" }, "A.B.READ", "api:/x", {})
      assert.same({ name = "A.B.READ", granted = false, reason = "no" }, found)
    end
    local over <const> = api { kind = "auth", message = "over" }
    local ok <const>, fault <const> = pcall(zoho.probe, over, "A.B.READ", "api:/x", {})
    assert.same({ false, "auth" }, { ok, fault.kind })
  end)

  it("guide through the console and out of the trap of the second factor", function()
    local text <const> = table.concat(zoho.guide "MDM", "\n")
    for _, word in ipairs {
      "dedicated user", "Server%-based Applications", "redirect URI", "Settings tab", "Accept", "new name", "180 days",
      "sign out of the API console", "test run",
    } do
      assert.matches(word, text)
    end
  end)
end)
