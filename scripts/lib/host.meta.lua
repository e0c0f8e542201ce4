---@meta
-- The primitives of scripts: what the sandbox registers as `host`. Editors read this file; it is
-- never run. Where a function gives `nil, err` the outside world refused; misuse raises.

---@alias host.error_kind
---| "net" could not connect, or the connection broke
---| "timeout"
---| "throttled" the vendor asks us to slow down
---| "auth" the credential is refused
---| "forbidden" the credential is fine, a permission is missing
---| "unlicensed" the vendor's plan lacks the feature
---| "refused" by our host: not declared, address not allowed
---| "remote" the vendor answered with a failure
---| "data" the answer is not what it has to be
---| "store"
---| "cancelled"
---| "over_limit"
---| "busy" another process holds what this needs
---| "bug" in the script, or in us

---What went wrong: `tostring(err)` is its message. `api:*` raises the same table.
---@class host.error
---@field kind host.error_kind
---@field message string
---@field hint? string the way out
---@field status? integer HTTP status
---@field retry_after_ms? integer the vendor's wish
---@field stop? boolean no further request makes sense

---The body of an answer, up to 32 MiB, outside Lua's memory. `#body` is its length in bytes.
---@class host.body
local body = {}

---All of it as a text.
---@return string
function body:text() end

---Gives the memory back before the collector does. More than once is fine.
function body:close() end

---@class host.request
---@field call? string as declared: "GET api:/devices/{id}"
---@field path? table<string, string|integer> the parts in braces
---@field query? { [1]: string, [2]: string|integer|boolean }[] in this order
---@field headers? { [1]: string, [2]: string }[]
---@field body? string at most 250 KiB
---@field content_type? string of `body`
---@field url? string the vendor's next link, in place of path and query; it passes the same checks
---@field absent? integer[] statuses that are no failure
---@field idempotent? boolean may be repeated although it is no GET
---@field scope? integer set by the api of out:scope

---@class host.response
---@field status integer
---@field headers table<string, string> names in lower case
---@field body host.body
---@field error? host.error there when the host takes the answer for a failure

---@class host
host = {}

---Requests through the host, which checks them against the declared calls and adds the credential.
---@class host.http
host.http = {}

---One exchange. Waits. Fails with any kind from `net` to `remote`.
---@param request host.request
---@return host.response? response
---@return host.error? err
function host.http.request(request) end

---Strict JSON: UTF-8 only, no NaN, at most 200 levels and 64 MiB; integers of 64 bit are exact.
---@class host.json
---@field null lightuserdata what `null` becomes; it is truthy, compare with it
---@field array_mt table metatable of arrays: `setmetatable({}, host.json.array_mt)` is `[]`
host.json = {}

---@param text string|host.body
---@return any value
---@return host.error? err of kind `data`
function host.json.decode(text) end

---Key order is Lua's. Raises for what JSON cannot say.
---@param value any
---@return string
function host.json.encode(value) end

---On one line, keys in byte order: equal values give equal texts.
---@param value any
---@return string
function host.json.canonical(value) end

---For people: two blanks a level, keys in byte order.
---@param value any
---@return string
function host.json.pretty(value) end

---Digests and the like, done by the host (these wait), and encodings, done at once.
---@class host.crypto
host.crypto = {}

---@param algorithm string "sha256", "sha1", "md5" ...
---@param data string
---@return string bytes
function host.crypto.digest(algorithm, data) end

---@param algorithm string as of `digest`
---@param key string|host.secret
---@param data string
---@return string bytes
function host.crypto.hmac(algorithm, key, data) end

---A secret of the account's credential, to be named where something is signed. It has no bytes, no length
---and no order; `tostring` gives "<secret:name>".
---@class host.secret

---@param name string id of a setting that says `signs = true`
---@return host.secret
function host.crypto.secret(name) end

---Of RS256, RS384, RS512 and ES256 the key is a private one in PEM form (RFC 7518). For a whole JSON Web
---Token: `require "muster.jwt"`.
---@param algorithm "RS256"|"RS384"|"RS512"|"ES256"|"HS256"
---@param key host.secret
---@param data string
---@return string bytes
function host.crypto.sign(algorithm, key, data) end

---Bytes nobody can foretell: for nonces. Not recorded, so a replay draws others.
---@param count integer
---@return string bytes
function host.crypto.random(count) end

---In constant time.
---@param a string
---@param b string
---@return boolean
function host.crypto.equal(a, b) end

---@param data string
---@return string text lower case
function host.crypto.hex(data) end

---@param text string
---@return string? data
---@return host.error? err of kind `data`
function host.crypto.hex_decode(text) end

---RFC 4648, padded.
---@param data string
---@return string text
function host.crypto.base64_encode(data) end

---@param text string
---@return string? data
---@return host.error? err of kind `data`
function host.crypto.base64_decode(text) end

---RFC 4648 section 5, without padding.
---@param data string
---@return string text
function host.crypto.base64url_encode(data) end

---@param text string
---@return string? data
---@return host.error? err of kind `data`
function host.crypto.base64url_decode(text) end

---Texts by key that outlive the session, for this connector and account. Waits.
---@class host.store
host.store = {}

---@param key string
---@return string? text
function host.store.get(key) end

---Kept when the rows of the same batch are kept.
---@param key string
---@param text? string nil deletes the key
function host.store.set(key, text) end

---Points in time. There is no clock but `now`.
---@class host.time
host.time = {}

---ISO 8601, RFC 3339 and RFC 1123 in their usual spellings; without a zone it is UTC.
---@param text string
---@return string? time RFC 3339 in UTC with milliseconds
---@return host.error? err of kind `data`
function host.time.parse(text) end

---@param text string as of `parse`
---@return integer? ms since 1970-01-01T00:00:00Z
---@return host.error? err of kind `data`
function host.time.epoch_ms(text) end

---@param ms integer milliseconds since 1970
---@return string time RFC 3339 in UTC with milliseconds
function host.time.format(ms) end

---@param ms integer milliseconds since 1970
---@return string time RFC 1123, for HTTP headers
function host.time.format_http(ms) end

---When the session started. Raises while a connector loads, and in a map's functions: a row that comes again
---is not mapped again. They are given it: `out:emit(map, rows, { session = { now = api.now } })`.
---@return string time RFC 3339 in UTC
function host.time.now() end

---The session's log. At most 64 KiB a second are kept, 8 KiB a line; `print` is `info`.
---@class host.log
host.log = {}

---One argument is the text as it is; with more, the first is a format as of string.format.
---@param format string
---@param ... any
function host.log.error(format, ...) end

---@param format string
---@param ... any
function host.log.warn(format, ...) end

---@param format string
---@param ... any
function host.log.info(format, ...) end

---@param format string
---@param ... any
function host.log.debug(format, ...) end

---How far a long step has come, for the progress line.
---@param done integer
---@param total? integer
---@param label? string
function host.progress(done, total, label) end
