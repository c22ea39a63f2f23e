-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local told = require ("bluez-combine-told")
local test, equal = check.test, check.equal

local function world ()
  local w = { object = {}, writes = 0 }
  w.told = told.new {
    read = function (key) return w.object [key] end,
    write = function (key, text)
      w.object [key] = text
      w.writes = w.writes + 1
    end,
  }
  return w
end

test ("what_is_told_stands_there_until_it_is_taken_back", function ()
  local w = world ()
  w.told:set ("source.A", 1, "x")
  w.told:set ("source.A", 1, "x")
  equal ({ w.object, w.writes, w.told:uses ("source.A") }, { { ["source.A"] = "x" }, 1, true })
  w.told:set ("source.A", 1, "y")
  equal (w.object, { ["source.A"] = "y" })
  w.told:set ("source.A", 1, nil)
  equal ({ w.object, w.told:uses ("source.A") }, { {}, false })
end)

test ("a_device_on_two_adapters_is_told_until_both_have_left", function ()
  local w = world ()
  w.told:set ("source.A", 1, "first")
  w.told:set ("source.A", 2, "second")
  w.told:forget (2)
  equal (w.object, { ["source.A"] = "first" })
  w.told:set ("source.A", 2, "first")
  w.told:forget (1)
  equal (w.object, { ["source.A"] = "first" })
  w.told:forget (2)
  equal (w.object, {})
end)

test ("who_leaves_takes_all_that_it_has_told_and_nothing_else", function ()
  local w = world ()
  w.told:set ("source.A", 1, "a")
  w.told:set ("source.B", 1, "b")
  w.told:set ("source.C", 2, "c")
  w.told:forget (1)
  equal (w.object, { ["source.C"] = "c" })
end)

test ("what_somebody_clears_is_written_again", function ()
  local w = world ()
  w.told:set ("source.A", 1, "a")
  w.told:set ("setting.b", 2, "b")
  w.object = {}
  w.told:changed ("source.A")
  equal (w.object, { ["source.A"] = "a" })
  w.object = {}
  w.told:changed (nil)
  equal (w.object, { ["source.A"] = "a", ["setting.b"] = "b" })
  w.told:forget (1)
  w.told:changed ("source.A")
  equal (w.object, { ["setting.b"] = "b" })
end)

test ("another_value_stands_and_one_that_is_too_long_does_not", function ()
  local w = world ()
  w.told:set ("source.A", 1, "a")
  w.object ["source.A"] = "somebody else's"
  w.told:changed ("source.A")
  equal (w.object, { ["source.A"] = "somebody else's" })
  w.object ["source.A"] = ("x"):rep (10000)
  w.told:changed ("source.A")
  equal (w.object, { ["source.A"] = "a" })
end)

check.finish ()
