-- Quirks: docs/upstream.md has what the code has, the scenes are there, and each is asked for where it acts
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- lua test-quirks.lua SOURCE_DIR

local docs = dofile (arg [1] .. "/tests/docs/docs.lua")
local read = docs.read
local check = docs.check

local scenes = docs.scenes ()

-- Where the work-arounds are
local code = ""
for path in docs.files ("modules/bluez-combine/*/*.c") do
  code = code .. read (path)
end

local rows = {}
for name, row in read ("docs/upstream.md"):gmatch ("\n| `([%w-]+)` ([^\n]+)") do
  rows [name] = row
end

local n = 0
for enum, name, side, mended, scene in read ("modules/bluez-combine/quirks.c")
    :gmatch ("%[(QUIRK_[%u_]+)%] = { \"([%w-]+)\", QUIRK_SIDE_(%u+), (%g+), \"([%w-]+)\" }") do
  local row = rows [name]
  n = n + 1
  rows [name] = nil
  check (scenes [scene], name .. ": there is no scene " .. scene)
  check (code:find ("quirks_has (&group->quirks, " .. enum, 1, true) or
         code:find ("quirks_has(&group->quirks, " .. enum .. ")", 1, true), enum .. ": nobody asks for it")
  check (row, name .. " is not in docs/upstream.md")
  local d_side, d_mended, d_scene = (row or ""):match ("^| (%l+) | ([^|]+) |.*| `([%w-]+)` |$")
  check (d_side == side:lower (), name .. ": whose it is differs in docs/upstream.md")
  check (d_mended == (mended:match ("^\"(.*)\"$") or "not yet"), name .. ": the version differs in docs/upstream.md")
  check (d_scene == scene, name .. ": the scene differs in docs/upstream.md")
end
for name in pairs (rows) do
  check (false, name .. " is in docs/upstream.md and not in quirks.c")
end
local enums = read ("modules/bluez-combine/quirks.h"):match ("enum quirk (%b{})")
check (n == select (2, enums:gsub ("QUIRK_%u+_", "")), "quirks.h and quirks.c have not the same quirks")

docs.finish (n .. " quirks")
