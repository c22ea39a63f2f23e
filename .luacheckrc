-- What WirePlumber gives to its scripts
-- SPDX-License-Identifier: MIT

std = "lua54"
max_line_length = 110

files["wireplumber"] = {
  read_globals = {
    "AsyncEventHook",
    "Conf",
    "Constraint",
    "Core",
    "Debug",
    "Device",
    "EventDispatcher",
    "EventInterest",
    "Feature",
    "Features",
    "GLib",
    "I18n",
    "Id",
    "ImplMetadata",
    "Interest",
    "Json",
    "JsonUtils",
    "Link",
    "LocalModule",
    "LocalNode",
    "Log",
    "Node",
    "ObjectManager",
    "Plugin",
    "Pod",
    "SessionItem",
    "Settings",
    "SimpleEventHook",
    "SpaDevice",
    "State",
  },
}

-- The environment of each script is its own, and what nothing holds is collected.
files["wireplumber/scripts/bluez-combine/create-metadata.lua"] = {
  globals = { "Script", "metadata", "others" },
}
