-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local settings = require ("bluez-combine-settings")
local test, equal, contains = check.test, check.equal, check.contains

local schema = {
  ["bluez-combine.headroom.msec"] = { type = "int", default = 30, min = 0, max = 500 },
  ["bluez-combine.max-delay.msec"] = { type = "int", default = 2000, min = 0, max = 4000 },
  ["bluez-combine.low-latency"] = { type = "bool", default = false },
  ["bluez-combine.quantum"] = { type = "int", default = 0, min = 0, max = 8192 },
  ["bluez-combine.auto-add"] = { type = "bool", default = true },
  ["bluez-combine.unaligned"] = { type = "string", default = "play" },
  ["bluez-combine.source.vendors"] = { type = "array", default = { "bluetooth:0171" } },
}

local function with (values)
  local warnings, wrong = {}, {}
  local s = settings.new (schema, function (key) return values [key] end,
      function (name, complaint)
        wrong [name] = complaint
        if complaint then
          table.insert (warnings, settings.describe ("bluez-combine." .. name, complaint))
        end
      end)
  return s, warnings, wrong
end

test ("a_setting_that_is_not_set_has_its_default", function ()
  local s, warnings = with {}
  equal (s:get ("headroom.msec"), 30)
  equal (s:get ("auto-add"), true)
  equal (warnings, {})
end)

test ("a_value_in_range_is_taken", function ()
  local s, warnings = with {
    ["bluez-combine.headroom.msec"] = 500,
    ["bluez-combine.auto-add"] = false,
    ["bluez-combine.unaligned"] = "mute",
    ["bluez-combine.quantum"] = 2048,
    ["bluez-combine.source.vendors"] = { "bluetooth:0075", "usb:1949" },
  }
  equal (s:get ("headroom.msec"), 500)
  equal (s:get ("auto-add"), false)
  equal (s:get ("unaligned"), "mute")
  equal (s:get ("quantum"), 2048)
  equal (s:get ("source.vendors"), { "bluetooth:0075", "usb:1949" })
  equal (warnings, {})
end)

test ("a_wrong_value_is_named_with_its_key_and_what_is_allowed", function ()
  local cases = {
    { "headroom.msec", 501, 30, "a whole number, 0 to 500" },
    { "headroom.msec", -1, 30, "a whole number, 0 to 500" },
    { "headroom.msec", 2.5, 30, "a whole number, 0 to 500" },
    { "headroom.msec", "much", 30, "a whole number, 0 to 500" },
    { "quantum", 1000, 0, "a power of two from 64 to 8192" },
    { "quantum", 32, 0, "a power of two from 64 to 8192" },
    { "auto-add", "maybe", true, "true, false" },
    { "unaligned", "shout", "play", '"play", "mute"' },
    { "source.vendors", "bluetooth:0171", { "bluetooth:0171" }, "an array of strings" },
    { "source.vendors", { 171 }, { "bluetooth:0171" }, "an array of strings" },
  }
  for _, c in ipairs (cases) do
    local s, warnings = with { ["bluez-combine." .. c [1]] = c [2] }
    equal (s:get (c [1]), c [3])
    equal (#warnings, 1)
    contains (warnings [1], "'bluez-combine." .. c [1] .. "'")
    contains (warnings [1], c [4])
    if type (c [2]) ~= "table" then
      contains (warnings [1], tostring (c [2]))
    end
  end
end)

-- The module refuses a longest delay below the headroom, and there would be no sink at all
test ("the_longest_delay_is_never_below_the_headroom", function ()
  local s, warnings = with { ["bluez-combine.max-delay.msec"] = 10 }
  equal (s:get ("max-delay.msec"), 30)
  equal (s:get ("max-delay.msec"), 30)
  equal (#warnings, 1)
  contains (warnings [1], "'bluez-combine.max-delay.msec' is 10; allowed: not below headroom.msec; using 30")

  s, warnings = with { ["bluez-combine.max-delay.msec"] = 400, ["bluez-combine.headroom.msec"] = 500 }
  equal (s:get ("max-delay.msec"), 500)
  equal (#warnings, 1)
  s, warnings = with { ["bluez-combine.max-delay.msec"] = 500, ["bluez-combine.headroom.msec"] = 500 }
  equal (s:get ("max-delay.msec"), 500)
  equal (warnings, {})
  -- the headroom does not count then
  s, warnings = with { ["bluez-combine.max-delay.msec"] = 0, ["bluez-combine.low-latency"] = true }
  equal (s:get ("max-delay.msec"), 0)
  equal (warnings, {})
end)

test ("the_same_wrong_value_is_complained_of_once", function ()
  local values = { ["bluez-combine.headroom.msec"] = 501 }
  local s, warnings = with (values)
  s:get ("headroom.msec")
  s:get ("headroom.msec")
  equal (#warnings, 1)
  values ["bluez-combine.headroom.msec"] = 502
  s:get ("headroom.msec")
  equal (#warnings, 2)
end)

test ("what_is_wrong_is_told_until_it_is_mended", function ()
  local values = { ["bluez-combine.quantum"] = 100, ["bluez-combine.unaligned"] = "shout" }
  local s, _, wrong = with (values)
  s:check_all ()
  equal (wrong, {
    quantum = { is = "100", allowed = "0, or a power of two from 64 to 8192", using = "0" },
    unaligned = { is = '"shout"', allowed = '"play", "mute"', using = '"play"' },
  })
  values ["bluez-combine.quantum"] = 128
  s:check_all ()
  equal (wrong.quantum, nil)
  equal (wrong.unaligned.is, '"shout"')
end)

test ("a_setting_that_is_not_in_the_schema_is_an_error", function ()
  equal (pcall (function () with {}:get ("nonsense") end), false)
end)

check.finish ()
