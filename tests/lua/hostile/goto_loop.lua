-- Ends with: million instructions without the host reached, connector kandji, kandji.lua:
::again::
goto again
