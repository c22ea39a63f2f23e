-- docs/room.md: its table of clocks has every scene, on the clock that it runs on, and no other
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- lua test-room.lua SOURCE_DIR

local docs = dofile (arg [1] .. "/tests/docs/docs.lua")
local read = docs.read
local check = docs.check

-- What `room list` has: name -> clock
local clocks, n = {}, 0
for path in docs.files ("tests/room/scenes/*.c") do
  for list in read (path):gmatch ("\nconst struct scene_type scenes_[%l_]+%[%] = (%b{})") do
    for scene in list:sub (2, -2):gmatch ("%b{}") do
      local name = scene:match ("%.name = \"([^\"]+)\"")
      if name then
        n = n + 1
        clocks [name] = scene:find ("%.real = ") and "real" or "room"
      end
    end
  end
end
check (n > 0, "no scene was found")
-- Neither is its runner's choice: one compares both, and one needs none
clocks ["clocks"], clocks ["self"] = "both", "none"

local page = read ("docs/room.md")

-- The first column, names in quotes, and the second of each row below a heading of columns
local function rows (heading)
  local _, from = page:find ("\n| " .. heading .. " |[^\n]*\n| %-[^\n]*")
  check (from, "no table is headed " .. heading)
  local found = {}
  for line in page:sub ((from or #page) + 2):gmatch ("([^\n]*)\n") do
    local names, clock = line:match ("^| (`.-) | (%l+) |")
    if not names then
      break
    end
    found [#found + 1] = { names = names, clock = clock }
  end
  return found
end

local told = {}
for _, row in ipairs (rows ("scene | clock | why")) do
  for name in row.names:gmatch ("`([^`]+)`") do
    check (clocks [name], "the table of clocks has " .. name .. ", which is no scene")
    check (not told [name], "the table of clocks has " .. name .. " twice")
    check (not clocks [name] or clocks [name] == row.clock,
           name .. " is not on the clock '" .. row.clock .. "'")
    told [name] = true
  end
end
for name in pairs (clocks) do
  check (told [name], "the table of clocks lacks " .. name)
end

-- Some figures are of a scene with options
local figures = rows ("scene | clock | ours | the peer")
check (#figures > 0, "there are no figures")
for _, row in ipairs (figures) do
  for code in row.names:gmatch ("`([^`]+)`") do
    check (clocks [code:match ("^%S+")], "there are figures of '" .. code .. "', which is no scene")
  end
end

docs.finish (string.format ("%d scenes, %d rows of figures", n, #figures))
