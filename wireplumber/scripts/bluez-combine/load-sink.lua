-- Loads the combined sink, and says when it has come and when it has gone
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- The module runs in this process, where the nodes of all Bluetooth devices live
-- too: no process switch on the music's way.

local context = require ("bluez-combine-context")
local json = require ("bluez-combine-json")

local function description ()
  local names = {}
  for _, name in pairs (context.sources) do
    table.insert (names, name)
  end
  table.sort (names)
  local text = "Bluetooth speakers (combined)"
  return #names == 0 and text or text .. " - " .. table.concat (names, ", ")
end

local function module_args ()
  local get = function (name) return context.settings:get (name) end
  local args = {
    ["combine.group"] = context.GROUP,
    ["node.name"] = context.SINK,
    ["node.description"] = description (),
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
    args ["combine.low-latency"] = true
  else
    args ["combine.headroom.msec"] = get ("headroom.msec")
  end
  if get ("quantum") > 0 then
    args ["combine.quantum"] = get ("quantum")
  end
  if get ("rate") > 0 then
    args ["combine.rate"] = get ("rate")
  end
  return args
end

function context.load_module ()
  local args = json.encode (module_args ())
  context.log:info ("loading " .. context.MODULE .. " " .. args)
  context.module = LocalModule (context.MODULE, args, {})
  if not context.module then
    return nil, context.MODULE .. " is not installed or refused its arguments (see the log before this)"
  end
  return true
end

-- Ids of items that are the sink: of one that goes the owner is not known any more.
local sinks = {}

local function appeared (item)
  if not context.is_sink (item) then
    context.log:notice (item, "of the combined sink's name, and not the combined sink: nothing is sent to it")
    return
  end
  sinks [item.id] = true
  context.log:info ("the combined sink is there")
  context.group:appeared ()
end

local function vanished (item)
  if not sinks [item.id] then
    return
  end
  sinks [item.id] = nil
  -- The module may have ended without a word
  local object = context.store.object
  if object and object.find ("status") then
    object.set ("status", nil)
  end
  context.group:vanished ()
end

SimpleEventHook {
  name = "bluez-combine/load-sink",
  interests = {
    EventInterest {
      Constraint { "event.type", "c", "session-item-added", "session-item-removed" },
      Constraint { "event.session-item.interface", "=", "linkable" },
      Constraint { "node.name", "=", context.SINK },
    },
  },
  execute = function (event)
    local added = event:get_properties () ["event.type"] == "session-item-added"
    ;(added and appeared or vanished) (event:get_subject ())
  end
}:register ()

for _, name in ipairs { "headroom.msec", "max-delay.msec", "unaligned", "slew.ppm", "quantum", "rate",
                        "keep-warm.sec", "keep-warm.always", "keep-warm.level", "low-latency" } do
  Settings.subscribe ("bluez-combine." .. name, function ()
    context.group:settings_changed ()
  end)
end
