-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local saved = require ("bluez-combine-saved")
local test, equal, contains = check.test, check.equal, check.contains

local function world (texts)
  local w = { writes = 0, timers = {}, warnings = {}, ok = true }
  w.saved = saved.new (texts or {}, {
    write = function (t)
      w.writes = w.writes + 1
      w.written = t
      return w.ok, "no space left"
    end,
    after = function (_, f) table.insert (w.timers, f) end,
    warn = function (text) table.insert (w.warnings, text) end,
  })
  function w.later ()
    local timers = w.timers
    w.timers = {}
    for _, f in ipairs (timers) do
      f ()
    end
  end
  return w
end

local function number_of (t)
  local n = 0
  for _ in pairs (t) do
    n = n + 1
  end
  return n
end

test ("many_changes_are_one_write", function ()
  local w = world { ["source.A"] = "Echo" }
  for i = 1, 100 do
    w.saved:set ("member.A", "{ " .. i .. " }")
  end
  equal (w.writes, 0)
  w.later ()
  equal (w.writes, 1)
  equal (w.written, { ["member.A"] = "{ 100 }", ["source.A"] = "Echo" })
  w.saved:set ("member.A", "{ 100 }")
  equal (#w.timers, 0)
  w.saved:set ("member.A", nil)
  w.later ()
  equal (w.written, { ["source.A"] = "Echo" })
  equal (w.saved:all ("source."), { A = "Echo" })
end)

test ("a_file_that_cannot_be_written_is_told", function ()
  local w = world ()
  w.ok = false
  w.saved:set ("source.A", "Echo")
  w.later ()
  equal (#w.warnings, 1)
  contains (w.warnings [1], "no space left")
end)

test ("there_is_an_end_to_what_is_kept", function ()
  local w = world { ["source.first"] = "Echo" }
  for i = 1, 10000 do
    w.saved:set ("source." .. i, "Echo")
    w.saved:set ("follow." .. i, "true")
    w.saved:set ("member." .. i, "{ }")
    w.saved:set ("other." .. i, "{ }")
  end
  equal (number_of (w.saved:all ("source.")), 64)
  equal (number_of (w.saved:all ("follow.")), 64)
  equal (number_of (w.saved:all ("member.")), 512)
  equal (number_of (w.saved:all ("other.")), 0)
  equal (#w.warnings, 4)
  equal (w.saved:get ("source.first"), "Echo")
  equal (w.saved:set ("source.first", "My Echo"), true)
  equal (w.saved:set ("source.99999", "Echo"), false)
  w.saved:set ("source.first", nil)
  equal (w.saved:set ("source.99999", "Echo"), true)
end)

test ("a_text_that_is_too_long_is_cut", function ()
  local w = world ()
  w.saved:set ("source.A", ("x"):rep (100000))
  equal (#w.saved:get ("source.A"), 1024)
  w.saved:set ("calibration.A", ("x"):rep (4096))
  equal (#w.saved:get ("calibration.A"), 4096)
end)

check.finish ()
