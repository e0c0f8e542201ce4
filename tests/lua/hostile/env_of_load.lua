-- Ends with: there is no global 'os'
-- An environment of one's own has no more than what one puts into it.
local open = load("return _ENV", "chunk", "t", { os = false })()
assert(open.os == false and open.pairs == nil)
load("return os.execute")()
