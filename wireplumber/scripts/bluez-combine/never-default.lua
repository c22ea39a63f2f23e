-- The combined sink is the default only when the user has chosen it
--
-- SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors
-- SPDX-License-Identifier: MIT
--
-- Its low priority is not enough where it is the only sink: the sounds of the
-- desktop would come out of every speaker of the house for having none to go to.

local context = require ("bluez-combine-context")
local defaults = require ("bluez-combine-defaults")

SimpleEventHook {
  name = "bluez-combine/never-default",
  after = {
    "bluez-combine/lower-members",
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
    if not nodes or not defaults.is_by_itself (nodes, context.SINK,
        event:get_data ("selected-node"), event:get_data ("selected-node-priority")) then
      return
    end
    local name, priority = defaults.best_without (nodes, context.SINK)
    event:set_data ("selected-node", name)
    event:set_data ("selected-node-priority", priority)
  end
}:register ()
