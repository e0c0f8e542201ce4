-- Ends with: there is no global 'collectgarbage'
load('collectgarbage("stop")')()
