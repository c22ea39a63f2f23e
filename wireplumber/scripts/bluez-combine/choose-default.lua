-- Which sink, and which microphone, is the default where the user has not chosen one
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- The combined sink is not: the sounds of the desktop would come out of every speaker
-- of the house, if only for having no other sink to go to. The setting
-- bluez-combine.make-default has it so.
--
-- Nor is a member speaker that has just connected, but only on a computer that has
-- ever had a source: elsewhere a Bluetooth speaker becomes the default as it always
-- does. Not only while the source is connected, or the default would go back and
-- forth with it. The same holds for its microphone: a program that records from it
-- takes the speaker out of the group. Choices of the user are above all this: see
-- bluez-combine-defaults.

local context = require ("bluez-combine-context")
local defaults = require ("bluez-combine-defaults")

-- Names of the nodes that rank lower
local function lowered_nodes (nodes)
  local names = {}

  for _, props in ipairs (nodes) do
    local device = context.device_of { properties = props }
    if device and context.is_lowered (device) then
      names [props ["node.name"]] = true
    end
  end
  return function (name) return names [name] or false end
end

SimpleEventHook {
  name = "bluez-combine/choose-default",
  after = {
    "default-nodes/find-best-default-node",
    "default-nodes/find-selected-default-node",
    "default-nodes/find-stored-default-node",
  },
  before = "default-nodes/apply-default-node",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-default-node" },
      Constraint { "default-node.type", "c", "audio.sink", "audio.source" },
    },
  },
  execute = function (event)
    local nodes = event:get_data ("available-nodes")
    nodes = nodes and nodes:parse ()
    if not nodes then
      return
    end
    local kind = event:get_properties () ["default-node.type"]
    local changed, name, priority = defaults.decide {
      nodes = nodes,
      selected = event:get_data ("selected-node"),
      priority = event:get_data ("selected-node-priority"),
      sink = context.SINK,
      kind = kind,
      lowered = context.settings:get ("lower-member-priority") and lowered_nodes (nodes) or nil,
      current = context.default_node (kind),
      make_default = kind == "audio.sink" and context.settings:get ("make-default") and
          context.find_sink () ~= nil,
    }
    if changed then
      context.log:info ("default " .. kind .. " is " .. tostring (name))
      event:set_data ("selected-node", name)
      event:set_data ("selected-node-priority", priority)
    end
  end
}:register ()

for _, name in ipairs { "lower-member-priority", "make-default" } do
  Settings.subscribe ("bluez-combine." .. name, function ()
    context.forget_rank (nil)
    context.rescan ("default-nodes")
  end)
end
