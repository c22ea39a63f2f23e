-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local check = require ("check")
local args = require ("bluez-combine-args")
local json = require ("bluez-combine-json")
local test, equal = check.test, check.equal

local DEFAULTS = {
  ["headroom.msec"] = 30, ["max-delay.msec"] = 2000, ["unaligned"] = "play", ["slew.ppm"] = 500,
  ["quantum"] = 0, ["rate"] = 0, ["keep-warm.sec"] = 60, ["keep-warm.always"] = false,
  ["keep-warm.level"] = 1, ["low-latency"] = false,
}

local function encode (names, changes)
  local read = {}
  local text = args.encode ("default", "bluez_combine.default", names, function (name)
    read [name] = true
    if changes and changes [name] ~= nil then
      return changes [name]
    end
    return DEFAULTS [name]
  end)
  return json.decode_object (text), read, text
end

test ("the_sink_is_called_after_those_that_send", function ()
  equal (encode ({})["node.description"], "Bluetooth speakers (combined)")
  equal (encode ({ "Echo", "Spot" })["node.description"], "Bluetooth speakers (combined) - Echo, Spot")
end)

test ("what_is_not_set_is_left_to_the_module", function ()
  local a = encode ({})
  equal ({ a ["combine.quantum"], a ["combine.rate"], a ["combine.headroom.msec"] }, { nil, nil, 30 })
  a = encode ({}, { quantum = 256, rate = 44100, ["low-latency"] = true })
  equal ({ a ["combine.quantum"], a ["combine.rate"], a ["combine.headroom.msec"] }, { 256, 44100, nil })
end)

test ("members_come_by_metadata_only", function ()
  local _, _, text = encode ({})
  check.contains (text, '"stream.rules": []')
end)

test ("each_setting_that_is_read_makes_the_sink_anew", function ()
  local _, read = encode ({})
  for _, name in ipairs (args.SETTINGS) do
    equal ({ name, read [name] }, { name, true })
    read [name] = nil
  end
  equal (read, {})
end)

check.finish ()
