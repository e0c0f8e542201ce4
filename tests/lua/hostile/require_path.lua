-- Ends with: no module '../../../etc/passwd'
require "../../../etc/passwd"
