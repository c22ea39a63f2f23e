-- docs/reference.md has every public name, the manual pages have what is theirs, and none has more
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- lua test-reference.lua SOURCE_DIR

local docs = dofile (arg [1] .. "/tests/docs/docs.lua")
local read = docs.read
local check = docs.check

local reference = read ("docs/reference.md")
local code = {}
for name in reference:gmatch ("`([^`\n]+)`") do
  code [name] = true
end

-- A name of its own, or the beginning or the end of one: `member.<address>`
local function documented (name)
  if code [name] then
    return true
  end
  for c in pairs (code) do
    if c:sub (1, #name) == name and c:sub (#name + 1, #name + 1) == "<" then
      return true
    end
    if c:sub (-#name - 1) == "." .. name then
      return true
    end
  end
  return false
end

local n = 0
for macro, value in read ("spa/names.h"):gmatch ('#define%s+(BLUEZ_COMBINE_[%w_]+)%s+"([^"]+)"') do
  n = n + 1
  check (documented (value), macro .. " '" .. value .. "' is not in docs/reference.md")
end
check (n > 20, "only " .. n .. " names were read from spa/names.h")

local names = {}
for macro, value in read ("spa/names.h"):gmatch ('#define%s+(BLUEZ_COMBINE_[%w_]+)%s+"([^"]+)"') do
  names [macro] = value
end

-- Items of a list in a manual page, by the names in it
local function items (page)
  local found = {}
  for line in read (page):gmatch ("\n%.It Cm ([^\n]+)") do
    found [line] = true
  end
  return found
end

local module_page = items ("docs/libpipewire-module-bluez-combine.7")
local settings_page = items ("docs/bluez-combine.5")

-- Module arguments: all that the module takes are in its manual page.
local args = read ("modules/bluez-combine/args.c")
local known = args:match ("known_args%[%] = (%b{})")
local n_args = 0
for macro in known:gmatch ("BLUEZ_COMBINE_ARG_[%w_]+") do
  n_args = n_args + 1
  local name = names [macro]
  check (name, macro .. " is not in spa/names.h")
  check (module_page [name], "argument " .. tostring (name) .. " is not in its manual page (7)")
end
check (n_args > 5, "only " .. n_args .. " arguments were read")
for name in pairs (module_page) do
  check (code [name], "argument " .. name .. " of the manual page (7) is not in docs/reference.md")
end

-- Settings: the same names and defaults in the configuration, the table and the manual page
local settings = 0
local conf = read ("wireplumber/wireplumber.conf.d/60-bluez-combine.conf")
for name, body in conf:gmatch ("\n  (bluez%-combine%.[%w.-]+) = (%b{})") do
  settings = settings + 1
  local default = body:match ("default = ([^\n]+)"):gsub ('"', "")
  check (reference:find ("| `" .. name .. "` | `" .. default .. "` |", 1, true),
      "setting " .. name .. " = " .. default .. " is not so in docs/reference.md")
  check (settings_page [name], "setting " .. name .. " is not in the manual page (5)")
  local text = read ("docs/bluez-combine.5"):match ("\n%.It Cm " .. name:gsub ("%p", "%%%0") .. "\n(.-)\n%.[IE][tl]%f[%s]")
  check (text and text:find ("%f[%S]" .. default:gsub ("%p", "%%%0") .. "%f[%s]"),
      "setting " .. name .. ": its default " .. default .. " is not in the manual page (5)")
end
check (settings > 5, "only " .. settings .. " settings were read")
for name in reference:gmatch ("\n| `(bluez%-combine%.[%w.-]+)` | `") do
  check (conf:find ("\n  " .. name .. " = {", 1, true), "no setting " .. name)
end

-- Fields of a member
for macro, name in pairs (names) do
  if macro:find ("^BLUEZ_COMBINE_MEMBER_") then
    check (settings_page [name], "field " .. name .. " is not in the manual page (5)")
  end
end
for name in pairs (settings_page) do
  check (code [name], name .. " of the manual page (5) is not in docs/reference.md")
end

docs.finish ("every public name is documented")
