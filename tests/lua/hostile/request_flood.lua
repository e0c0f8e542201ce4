-- Ends with: passes the limit of 262139 bytes
host.http.request { call = "GET api:/x", body = ("x"):rep(1000000) }
