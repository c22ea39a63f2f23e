-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local bounds = require ("bluez-combine-bounds")
local test, equal, contains = check.test, check.equal, check.contains

local USED = "member.AA:BB:CC:00:00:01"

local function new_keys ()
  return bounds.keys (function (key) return key == USED end)
end

-- Sets so many keys with this prefix; returns how many may stay
local function flood (keys, prefix, n)
  local staying = 0
  for i = 1, n do
    staying = staying + (keys:changed (prefix .. i, "{ }") and 1 or 0)
  end
  return staying
end

test ("each_kind_of_key_has_its_own_number", function ()
  local keys = new_keys ()
  equal (flood (keys, "junk", 10000), 256)
  equal (flood (keys, "member.", 10000), 1024)
  equal (flood (keys, "status.", 10000), 768)
  equal (flood (keys, "calibration.", 10000), 128)
  equal (keys:changed ("memberx", "1"), false)
end)

test ("what_is_in_use_stays_whoever_fills_the_object", function ()
  local keys = new_keys ()
  flood (keys, "member.", 10000)
  equal (keys:changed ("member.AA:BB:CC:00:00:02", "{ }"), false)
  equal (keys:changed (USED, "{ }"), true)
  equal (keys:changed ("status", "{ }"), true)
end)

test ("a_key_that_is_there_may_change_and_one_that_is_cleared_makes_room", function ()
  local keys = new_keys ()
  flood (keys, "junk", 256)
  equal (keys:changed ("junk1", "2"), true)
  equal (keys:changed ("junk257", "2"), false)
  keys:changed ("junk257", nil)
  equal (keys:changed ("junk257", "2"), false)
  keys:changed ("junk1", nil)
  equal (keys:changed ("junk257", "2"), true)
  keys:cleared ()
  equal (flood (keys, "new", 1000), 256)
end)

test ("long_keys_and_values_may_not_stay", function ()
  local keys = new_keys ()
  equal (keys:changed (("k"):rep (256), ("v"):rep (8192)), true)
  equal (keys:changed (("k"):rep (257), "v"), false)
  equal (keys:changed ("k", ("v"):rep (8193)), false)
  equal (keys:changed (USED, ("v"):rep (8193)), false)
end)

test ("an_excerpt_is_short_and_on_one_line", function ()
  equal (bounds.excerpt ("a\nb\27c", 64), "a?b?c")
  equal (#bounds.excerpt (("x"):rep (1000), 64), 64)
end)

test ("warnings_are_given_20_times_and_then_counted", function ()
  local given, timers = {}, {}
  local warn = bounds.rate {
    warn = function (text) table.insert (given, text) end,
    after = function (ms, f) table.insert (timers, { ms, f }) end,
  }
  for i = 1, 10000 do
    warn ("no. " .. i)
  end
  equal (#given, 20)
  equal (given [20], "no. 20")
  equal (#timers, 1)
  equal (timers [1] [1], 10000)
  timers [1] [2] ()
  equal (#given, 21)
  contains (given [21], "9980 more")

  warn ("later")
  equal (given [22], "later")
  equal (#timers, 2)
  timers [2] [2] ()
  equal (#given, 22)
end)

check.finish ()
