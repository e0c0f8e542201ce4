-- Ends with: there is no global 'coroutine'
load('while true do coroutine.wrap(function() while true do end end)() end')()
