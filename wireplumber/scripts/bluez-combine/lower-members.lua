-- Keeps the default where it was when a member speaker connects
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- Only on a computer that has ever had a source: elsewhere a Bluetooth speaker
-- becomes the default as it always does. Not only while the source is connected,
-- or the default would go back and forth with it. Choices of the user are above
-- all this: see bluez-combine-defaults.

local context = require ("bluez-combine-context")
local defaults = require ("bluez-combine-defaults")

SimpleEventHook {
  name = "bluez-combine/lower-members",
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
    if not context.settings:get ("lower-member-priority") or not context.knows_sources () then
      return
    end
    local nodes = event:get_data ("available-nodes")
    nodes = nodes and nodes:parse ()
    if not nodes then
      return
    end

    local name, priority = defaults.choose (nodes, event:get_data ("selected-node"),
        event:get_data ("selected-node-priority"), function (node)
          return node ~= context.held and context.members:is_member (node)
        end, context.default_node (event:get_properties () ["default-node.type"]))
    if name then
      context.log:info ("default stays with " .. name .. " and not a member")
      event:set_data ("selected-node", name)
      event:set_data ("selected-node-priority", priority)
    end
  end
}:register ()

Settings.subscribe ("bluez-combine.lower-member-priority", function ()
  context.rescan ("default-nodes")
end)
