-- docs/reference.md has every public name, and no other file has more
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- lua test-reference.lua SOURCE_DIR

local source = arg [1]
local failed = 0

local function read (path)
  local file = assert (io.open (source .. "/" .. path))
  local text = file:read ("a")
  file:close ()
  return text
end

local function check (ok, what)
  if not ok then
    failed = failed + 1
    print ("not ok " .. what)
  end
end

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

-- Module arguments: those in the table are those that the module takes.
local args = read ("modules/args.c")
local known = args:match ("known_args%[%] = (%b{})")
for macro in known:gmatch ("BLUEZ_COMBINE_ARG_[%w_]+") do
  check (read ("spa/names.h"):find (macro .. "%s"), macro .. " is not in spa/names.h")
end

-- Settings: the same names and defaults in the configuration and in the table
local settings = 0
local conf = read ("wireplumber/wireplumber.conf.d/60-bluez-combine.conf")
for name, body in conf:gmatch ("\n  (bluez%-combine%.[%w.-]+) = (%b{})") do
  settings = settings + 1
  local default = body:match ("default = ([^\n]+)"):gsub ('"', "")
  check (reference:find ("| `" .. name .. "` | `" .. default .. "` |", 1, true),
      "setting " .. name .. " = " .. default .. " is not so in docs/reference.md")
end
check (settings > 5, "only " .. settings .. " settings were read")
for name in reference:gmatch ("\n| `(bluez%-combine%.[%w.-]+)` | `") do
  check (conf:find ("\n  " .. name .. " = {", 1, true), "no setting " .. name)
end

print (failed == 0 and "ok every public name is documented" or failed .. " wrong")
os.exit (failed == 0 and 0 or 1)
