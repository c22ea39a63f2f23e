-- What the module is told when it is loaded
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT

local json = require ("bluez-combine-json")

local args = {}

-- The settings that the sink is made with: it is made anew when one of them changes.
args.SETTINGS = { "headroom.msec", "max-delay.msec", "unaligned", "slew.ppm", "quantum", "rate",
                  "keep-warm.sec", "keep-warm.always", "keep-warm.level", "low-latency" }

local function description (names)
  local text = "Bluetooth speakers (combined)"
  return #names == 0 and text or text .. " - " .. table.concat (names, ", ")
end

-- group, sink: their names; names: what the sources are called; get (name): the value of a setting
function args.encode (group, sink, names, get)
  local a = {
    ["combine.group"] = group,
    ["node.name"] = sink,
    ["node.description"] = description (names),
    ["combine.keep-warm.msec"] = get ("keep-warm.sec") * 1000,
    ["combine.keep-warm.always"] = get ("keep-warm.always"),
    ["combine.keep-warm.level"] = get ("keep-warm.level"),
    ["combine.max-delay.msec"] = get ("max-delay.msec"),
    ["combine.unaligned"] = get ("unaligned"),
    ["combine.slew.ppm"] = get ("slew.ppm"),
    ["combine.props"] = {
      -- The lowest that a sink can have: it becomes the default only if there is no other.
      ["priority.session"] = 1,
    },
    -- Members come by metadata only.
    ["stream.rules"] = json.array {},
  }
  -- Left to the module unless they are set.
  if get ("low-latency") then
    a ["combine.low-latency"] = true
  else
    a ["combine.headroom.msec"] = get ("headroom.msec")
  end
  if get ("quantum") > 0 then
    a ["combine.quantum"] = get ("quantum")
  end
  if get ("rate") > 0 then
    a ["combine.rate"] = get ("rate")
  end
  return json.encode (a)
end

return args
