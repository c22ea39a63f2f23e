-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

-- usage: test-conf.lua SOURCE-ROOT

local check = require ("check")
local settings = require ("bluez-combine-settings")
local test, equal = check.test, check.equal

local root = arg [1] or "../.."

local function read (name)
  local file = assert (io.open (root .. "/" .. name))
  local text = file:read ("a")
  file:close ()
  return text
end

local conf = read ("wireplumber/wireplumber.conf.d/60-bluez-combine.conf")
local build = read ("wireplumber/meson.build")

-- Names of the files that the build installs from scripts/
local scripts = {}
for name in build:gmatch ("'scripts/([^']+)'") do
  table.insert (scripts, name)
end

-- The settings of the schema: name -> text between the braces
local schema = {}
local section = conf:match ("\nwireplumber%.settings%.schema = (%b{})")
for name, body in section:gmatch ("(bluez%-combine[%w%.%-]*) = (%b{})") do
  schema [name] = body
end

test ("every_component_is_a_script_that_is_installed", function ()
  local installed, n = {}, 0
  for _, name in ipairs (scripts) do
    installed [name] = true
  end
  for name in conf:gmatch ("name = (bluez%-combine/[%w%-]+%.lua)") do
    equal ({ name, installed [name] }, { name, true })
    n = n + 1
  end
  for _, name in ipairs (scripts) do
    n = name:find ("^bluez%-combine/") and n - 1 or n
  end
  equal (n, 0)
end)

test ("every_component_is_wanted_by_the_feature", function ()
  local wants = conf:match ("wants = (%b[])%s*}%s*]")
  for feature in conf:gmatch ("provides = ([%w%.%-]+)") do
    if feature ~= "policy.bluez-combine" then
      equal ({ feature, wants:find (feature, 1, true) ~= nil }, { feature, true })
    end
  end
end)

test ("every_setting_has_all_that_the_schema_asks_for", function ()
  for name, body in pairs (schema) do
    local kind = body:match ('type = "(%w+)"')
    equal ({ name, body:match ('description = "..') ~= nil }, { name, true })
    equal ({ name, kind ~= nil, body:match ("default = .") ~= nil }, { name, true, true })
    if kind == "int" then
      local value, low, high = body:match ("default = (%d+)%s+min = (%d+)%s+max = (%d+)")
      equal ({ name, tonumber (low) <= tonumber (value), tonumber (value) <= tonumber (high) },
          { name, true, true })
    end
  end
end)

test ("what_is_allowed_is_said_for_settings_that_exist", function ()
  for _, names in ipairs { settings.CHOICES, settings.EXTRA } do
    for name in pairs (names) do
      equal ({ name, schema [name] ~= nil }, { name, true })
    end
  end
  for name, choices in pairs (settings.CHOICES) do
    equal (schema [name]:match ('default = "(%w+)"'), choices [1])
  end
end)

test ("every_setting_is_read_and_every_one_that_is_read_exists", function ()
  local used = {}
  for _, script in ipairs (scripts) do
    local text = read ("wireplumber/scripts/" .. script)
    for _, call in ipairs { 'get %("([%w%.%-]+)"%)', 'setting %("([%w%.%-]+)"%)' } do
      for name in text:gmatch (call) do
        used ["bluez-combine." .. name] = true
      end
    end
  end
  for name in pairs (used) do
    equal ({ name, schema [name] ~= nil }, { name, true })
  end
  for name in pairs (schema) do
    equal ({ name, used [name] }, { name, true })
  end
end)

-- Who writes what all share is found in one place.
test ("no_script_assigns_into_what_all_share", function ()
  for _, script in ipairs (scripts) do
    local text = script:find ("^bluez%-combine/") and read ("wireplumber/scripts/" .. script) or ""
    for line in text:gmatch ("[^\n]+") do
      local assigns = line:find ("^%s*context[%w_%.%[%] ]* = ") or line:find ("^%s*function context")
      equal ({ script, assigns and line }, { script, nil })
    end
  end
end)

check.finish ()
