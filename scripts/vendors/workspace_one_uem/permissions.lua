-- The rights of an administrator's role, in the words of the console's role editor: the article's table
-- of actions, before it what a sync reads. Only what is used has to be enabled. Groups are not in the
-- article; the right is named as the others of its section are.

return {
  { section = "API > REST", category = "REST", permission = "Users", access = "Read", needed_for = { "users" } },
  { section = "API > REST", category = "REST", permission = "Devices", access = "Read", needed_for = { "devices" } },
  {
    section = "API > REST", category = "REST", permission = "Apps", access = "Read",
    needed_for = { "apps", "all actions" },
  },
  {
    section = "API > REST", category = "REST", permission = "Groups", access = "Read",
    needed_for = { "groups", "members" },
  },
  {
    section = "Accounts > Users", category = "Accounts", permission = "Add/Edit", access = "Edit",
    needed_for = { "Add User", "Delete User" },
  },
  {
    section = "Accounts > Users", category = "Accounts", permission = "User Detail", access = "Read",
    needed_for = { "all actions" },
  },
  {
    section = "Accounts > Users", category = "Accounts", permission = "Edit", access = "Edit",
    needed_for = { "Delete User" },
  },
  {
    section = "Accounts > Users", category = "Enrollment Status", permission = "User Registration", access = "Edit",
    needed_for = { "Add User" },
  },
  {
    section = "Accounts > Users", category = "Roles", permission = "Add/Edit", access = "Edit",
    needed_for = { "Add User" },
  },
  {
    section = "Accounts > User Groups", category = "User Groups", permission = "Add/Edit", access = "Edit",
    needed_for = { "Add User" },
  },
  {
    section = "API > REST", category = "REST", permission = "Devices", access = "Read and Edit",
    needed_for = { "Lock Device", "Wipe Device" },
  },
  {
    section = "API > REST", category = "REST", permission = "Users", access = "Read and Edit",
    needed_for = { "Add User", "Delete User" },
  },
  {
    section = "Device Management > Device Details", category = "Device Details", permission = "Device Wipe",
    access = "Edit", needed_for = { "Lock Device", "Wipe Device" },
  },
  {
    section = "Device Management > Device Details", category = "Device Details", permission = "Edit",
    access = "Edit", needed_for = { "Lock Device", "Wipe Device" },
  },
  {
    section = "Device Management > Device Details", category = "Device Details", permission = "Lock",
    access = "Edit", needed_for = { "Lock Device", "Wipe Device" },
  },
}
